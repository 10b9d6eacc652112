"""Arguments of the components as config keys: `endpointUrl`, or `endpoint_url` in Python, is `endpoint-url`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from chaninfra.channel.config.schema import STACK_CONFIG, load

Leaf = Callable[[Any, str, tuple[str, ...]], Any]
"""(value, name of the definition that it is a key of, path) → what stands for it, or NotImplemented: go into it."""


def kebab_case(key: str) -> str:
    """`endpoint-url` for `endpoint_url` or `endpointUrl`; `from` for `from_`, since Python has a word `from`."""
    return re.sub("_|(?=[A-Z])", "-", key.removesuffix("_")).lower()


def config_keys_of(args: Mapping[str, Any], definition: str, leaf: Leaf) -> dict[str, Any]:
    """The arguments as config keys of a definition in the stack config's schema, each value replaced by `leaf`.

    Names that users chose, of principals for example, keep their spelling. Keys whose value is None are left out.
    """
    definitions = load(STACK_CONFIG)["$defs"]

    def walk(value: Any, schema: dict[str, Any], of: str, path: tuple[str, ...]) -> Any:
        # An optional block is `anyOf [null, $ref]`. `of` is the name of the definition that `schema` is a part of.
        options = (schema, *schema.get("anyOf", ()))
        referring = next((option["$ref"] for option in options if "$ref" in option), None)
        if referring is not None:
            of = referring.rsplit("/", 1)[1]
            schema = definitions[of]
        replaced = leaf(value, of, path)
        if replaced is not NotImplemented:
            return replaced
        if isinstance(value, Mapping):
            known, rest = schema.get("properties", {}), schema.get("additionalProperties") or {}
            block = {}
            for name, item in value.items():
                key = kebab_case(name) if kebab_case(name) in known else name.replace("_", "-") if known else name
                if item is not None:
                    block[key] = walk(item, known.get(key, rest if not known else {}), of, (*path, key))
            return block
        if isinstance(value, list | tuple):
            return [walk(item, schema.get("items") or {}, of, path) for item in value]
        return value

    config: dict[str, Any] = walk(dict(args), {"$ref": f"#/$defs/{definition}"}, definition, ())
    return config
