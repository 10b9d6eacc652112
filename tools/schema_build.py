"""Generates the documents of `schemas/` from the models. `make schemas` writes them, and a test compares them."""

from __future__ import annotations

import json
from inspect import cleandoc
from typing import Any

import msgspec

from chaninfra.channel.config.schema import ACCESS, CHANNEL, SNAPSHOTS, STACK_CONFIG
from chaninfra.channel.config.stack import SECRET_KEYS, StackConfig
from chaninfra.channel.outputs.access import Access
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.patterns import whole
from chaninfra.index.snapshots.document import Snapshots

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_NAMES = {
    "StackConfig": "config",
    "ChannelConfig": "channel",
    "IndexConfig": "index",
    "FollowConfig": "Follow",
    "SnapshotSchedule": "snapshots",
    "AwsConfig": "aws",
    "CdnConfig": "cdn",
    "RolesConfig": "roles",
    "FollowerConfig": "follower",
    "PrincipalConfig": "principal",
    "PromoterConfig": "promoter",
    "AccessKeyConfig": "Key",
    "PrincipalAccess": "Principal",
    "ChannelPrincipals": "ChannelAccess",
}
"""Class of a model → its published name in `$defs`; other models are published under the name of their class."""
_REF = "#/$defs/"


def build() -> dict[str, dict[str, Any]]:
    """Name → schema, for each of `config.schema.NAMES`."""
    return {
        STACK_CONFIG: _stack_config(),
        CHANNEL: _document(Descriptor, CHANNEL),
        ACCESS: _document(Access, ACCESS),
        SNAPSHOTS: _document(Snapshots, SNAPSHOTS),
    }


def dump(schema: dict[str, Any]) -> str:
    """The text of the file of a schema."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _document(model: Any, name: str) -> dict[str, Any]:
    """The schema whose root is `model`."""
    schema = msgspec.json.schema(model)
    definitions = schema.pop("$defs")
    root = definitions.pop(schema["$ref"].removeprefix(_REF)) if "$ref" in schema else schema
    return {"$schema": DRAFT, "$id": f"urn:chaninfra:{name}", **_published(root), "$defs": _named(definitions)}


def _named(definitions: dict[str, Any]) -> dict[str, Any]:
    """`definitions` under their published names."""
    return {_NAMES.get(name, name): _published(schema) for name, schema in definitions.items()}


def _published(schema: Any) -> Any:
    """`schema` with the published names in every `$ref` and `title`, and descriptions without indentation."""
    if isinstance(schema, list):
        return [_published(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    published = {key: _published(value) for key, value in schema.items()}
    if isinstance(reference := published.get("$ref"), str):
        name = reference.removeprefix(_REF)
        published["$ref"] = _REF + _NAMES.get(name, name)
    if isinstance(description := published.get("description"), str):
        # That of a model is its docstring, whose indentation Python keeps until 3.12.
        published["description"] = cleandoc(description)
    if isinstance(title := published.get("title"), str):
        published["title"] = _NAMES.get(title, title)
    return published


def _stack_config() -> dict[str, Any]:
    definitions = _named(msgspec.json.schema(StackConfig)["$defs"])
    keys = definitions["config"]["properties"]
    secure = {
        "type": "object",
        "description": "A value that `pulumi config set --secret` encrypted.",
        "properties": {
            "secure": {
                "type": "string",
                "description": "The encrypted text.",
                "pattern": whole("[A-Za-z0-9+/=:._-]+"),
                "examples": ["v1:bm9uY2U=:dGV4dA=="],
            }
        },
        "required": ["secure"],
        "additionalProperties": False,
    }

    def value(key: str) -> dict[str, Any]:
        # Repeated here, since editors do not follow the reference to show them.
        shown = {name: keys[key][name] for name in ("description", "default", "examples") if name in keys[key]}
        if key in SECRET_KEYS:
            return {"description": shown["description"], "$ref": "#/$defs/secure"}
        return {**shown, "anyOf": [{"$ref": f"#/$defs/config/properties/{key}"}, {"$ref": "#/$defs/secure"}]}

    names = "|".join(keys)
    return {
        "$schema": DRAFT,
        "$id": f"urn:chaninfra:{STACK_CONFIG}",
        "title": "Pulumi.<stack>.yaml of a chaninfra channel",
        "description": "A stack file. A key has the project's name as its namespace, or none, which means the same. "
        "`$defs/config` is the config as the program sees it.",
        "type": "object",
        "properties": {
            "config": {
                "description": "Config of the stack: keys of chaninfra and of other namespaces.",
                "type": "object",
                "properties": {f"{space}{key}": value(key) for space in ("chaninfra:", "") for key in keys},
                "propertyNames": {
                    "description": "A key of chaninfra, a dotted path to a nested key, or a key of another namespace.",
                    "pattern": whole(rf"(?!chaninfra:)[^:\n]+:.*|(chaninfra:)?({names})(\.[^:\n]+)?"),
                },
            }
        },
        "$defs": {**definitions, "secure": secure},
    }
