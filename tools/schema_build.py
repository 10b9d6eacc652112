"""Makes the documents of `schemas/` from the models; `make schemas` writes them and CI compares."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from chaninfra.channel.config.schema import ACCESS, CHANNEL, STACK_CONFIG
from chaninfra.channel.config.stack import SECRET_KEYS, StackConfig
from chaninfra.channel.outputs.access import Access
from chaninfra.channel.outputs.descriptor import Descriptor

DRAFT = "https://json-schema.org/draft/2020-12/schema"
# The names that the definitions of the stack config have for people; the rest keep their class names.
_DEFINITIONS = {
    "Config": "config",
    "ChannelKeys": "channel",
    "IndexSettings": "index",
    "AwsKeys": "aws",
    "CdnKeys": "cdn",
    "RoleKeys": "roles",
    "Principal": "principal",
}


def build() -> dict[str, dict[str, Any]]:
    """Every schema by its name."""
    return {STACK_CONFIG: _stack_config(), CHANNEL: _document(Descriptor, CHANNEL), ACCESS: _document(Access, ACCESS)}


def dump(schema: dict[str, Any]) -> str:
    """The text of a schema file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _document(model: Any, name: str) -> dict[str, Any]:
    schema = msgspec.json.schema(model)
    definitions = schema.pop("$defs")
    root = definitions.pop(schema["$ref"].rsplit("/", 1)[1]) if "$ref" in schema else schema
    return {"$schema": DRAFT, "$id": f"urn:chaninfra:{name}", **root, "$defs": definitions}


def _stack_config() -> dict[str, Any]:
    text = json.dumps(msgspec.json.schema(StackConfig)["$defs"])
    for name, plain in _DEFINITIONS.items():
        text = text.replace(f'"{name}"', f'"{plain}"').replace(f'"#/$defs/{name}"', f'"#/$defs/{plain}"')
    definitions = json.loads(text)
    keys = definitions["config"]["properties"]
    secure = {
        "type": "object",
        "description": "A value that `pulumi config set --secret` encrypted.",
        "properties": {
            "secure": {"type": "string", "description": "The encrypted text.", "examples": ["v1:bm9uY2U=:dGV4dA=="]}
        },
        "required": ["secure"],
        "additionalProperties": False,
    }

    def value(key: str) -> dict[str, Any]:
        # What editors show of a key, said once more where they look for it.
        shown = {name: keys[key][name] for name in ("description", "default", "examples") if name in keys[key]}
        if key in SECRET_KEYS:
            return {"description": shown["description"], "$ref": "#/$defs/secure"}
        return {**shown, "anyOf": [{"$ref": f"#/$defs/config/properties/{key}"}, {"$ref": "#/$defs/secure"}]}

    names = "|".join(keys)
    return {
        "$schema": DRAFT,
        "$id": f"urn:chaninfra:{STACK_CONFIG}",
        "title": "Pulumi.<stack>.yaml of a chaninfra channel",
        "description": "The stack file: keys carry the project's name, or none, and Pulumi then adds it. What the "
        "program sees is `$defs/config`.",
        "type": "object",
        "properties": {
            "config": {
                "description": "What the stack is: keys of chaninfra, and of other namespaces.",
                "type": "object",
                "properties": {f"{space}{key}": value(key) for space in ("chaninfra:", "") for key in keys},
                "propertyNames": {
                    "description": "A key of chaninfra, a path to one within it, or one of another namespace.",
                    "pattern": rf"^(?!chaninfra:)[^:]+:|^(chaninfra:)?({names})(\.[^:]+)?$",
                },
            }
        },
        "$defs": {**definitions, "secure": secure},
    }
