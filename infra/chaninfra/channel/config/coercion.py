"""Conversion of the strings that `pulumi config set` and template prompts write into the types of the schema."""

from __future__ import annotations

import json
from typing import Any

from chaninfra.channel.config.schema import STACK_CONFIG, load
from chaninfra.channel.errors import ConfigurationError


def coerce(value: Any, schema: dict[str, Any]) -> Any:
    """`value` with strings converted to the types of `schema`: `"true"` to True, `"a, b"` to ["a", "b"], JSON text.

    A string that does not fit stays as it is; the validation that follows reports it.
    """
    definitions = load(STACK_CONFIG)["$defs"]

    def walk(value: Any, schema: dict[str, Any]) -> Any:
        # The schema of an optional object is `anyOf [null, $ref]`.
        referring = next((option for option in (schema, *schema.get("anyOf", ())) if "$ref" in option), None)
        if referring is not None:
            schema = {**definitions[referring["$ref"].rsplit("/", 1)[1]], **schema}
        kinds = {schema.get("type"), *(option.get("type") for option in schema.get("anyOf", ()))}
        if isinstance(value, str):
            value = _from_string(value, kinds)
        elif type(value) is int and "string" in kinds and "integer" not in kinds:
            # `pulumi config set --path` writes digits as a number, and so do people: `owner-id: 1234567`.
            value = str(value)
        if isinstance(value, dict):
            known = schema.get("properties", {})
            rest = schema.get("additionalProperties") or {}
            named = {str(key) if type(key) is int else key: item for key, item in value.items()}
            return {key: walk(item, known.get(key, rest)) for key, item in named.items()}
        if isinstance(value, list) and "items" in schema:
            return [walk(item, schema["items"]) for item in value]
        return value

    return walk(value, schema)


def _from_string(value: str, kinds: set[str | None]) -> Any:
    if "boolean" in kinds and value in ("true", "false"):
        return value == "true"
    if "integer" in kinds and value.lstrip("-").isdigit():
        return int(value)
    if kinds & {"array", "object"} and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    if "array" in kinds:
        return [item.strip() for item in value.split(",") if item.strip()]
    return value


def expand_paths(document: dict[str, Any], *, where: str) -> dict[str, Any]:
    """`document` with dotted keys replaced by mappings: `{"index.monolith": x}` becomes `{"index": {"monolith": x}}`.

    `where` names the file or stack in errors. Raises ConfigurationError if a value is set twice.
    """
    expanded = {key: _copied(value) for key, value in document.items() if "." not in key}
    for path in sorted(document.keys() - expanded.keys()):
        *parents, last = path.split(".")
        mapping = expanded
        for key in parents:
            mapping = mapping.setdefault(key, {}) if isinstance(mapping, dict) else mapping
        if not isinstance(mapping, dict) or last in mapping:
            raise ConfigurationError(
                f"`{path}` is set twice: by this key and in `{parents[0]}`",
                where=where,
                key=(*parents, last),
                remedy=f"keep one of them: pulumi config rm {path}",
            )
        mapping[last] = document[path]
    return expanded


def _copied(value: Any) -> Any:
    return {key: _copied(item) for key, item in value.items()} if isinstance(value, dict) else value
