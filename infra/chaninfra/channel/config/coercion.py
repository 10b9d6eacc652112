"""Turns the values that `pulumi config set` and template prompts write into what the schema asks for."""

from __future__ import annotations

import json
from typing import Any

from chaninfra.channel.config.schema import STACK_CONFIG, load
from chaninfra.channel.errors import ConfigurationError


def coerce(value: Any, schema: dict[str, Any]) -> Any:
    """`value` with strings turned into what the schema asks for; what does not fit stays, to be named later."""
    definitions = load(STACK_CONFIG)["$defs"]

    def walk(value: Any, schema: dict[str, Any]) -> Any:
        # An optional object is `anyOf [null, what it is]`.
        referring = next((option for option in (schema, *schema.get("anyOf", ())) if "$ref" in option), None)
        if referring is not None:
            schema = {**definitions[referring["$ref"].rsplit("/", 1)[1]], **schema}
        kinds = {schema.get("type"), *(option.get("type") for option in schema.get("anyOf", ()))}
        if isinstance(value, str):
            value = _from_string(value, kinds)
        if isinstance(value, dict):
            known = schema.get("properties", {})
            rest = schema.get("additionalProperties") or {}
            return {key: walk(item, known.get(key, rest)) for key, item in value.items()}
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


def placed(document: dict[str, Any], *, where: str) -> dict[str, Any]:
    """`document` with the value of each key that is a path at its place; every dot parts two keys.

    `where` names the file or stack in errors. Raises ConfigurationError where two keys say the same thing.
    """
    whole = {key: _copied(value) for key, value in document.items() if "." not in key}
    for path in sorted(document.keys() - whole.keys()):
        *above, last = path.split(".")
        place = whole
        for key in above:
            place = place.setdefault(key, {}) if isinstance(place, dict) else place
        if not isinstance(place, dict) or last in place:
            raise ConfigurationError(
                f"`{path}` is set twice, by this key and within `{above[0]}`",
                where=where,
                key=(*above, last),
                remedy=f"keep one of them: pulumi config rm {path}",
            )
        place[last] = document[path]
    return whole


def _copied(value: Any) -> Any:
    return {key: _copied(item) for key, item in value.items()} if isinstance(value, dict) else value
