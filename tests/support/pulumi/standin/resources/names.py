"""Names that the provider makes up."""

import re
import secrets

from support.pulumi.standin.errors import ProviderError
from support.pulumi.standin.values import Bag

# id.UniqueIDSuffixLength in Terraform's SDK
_SUFFIX = 26


def with_name(inputs: Bag, old: Bag, properties: tuple[str, str], name: str, longest: int) -> Bag:
    """tfbridge.AutoName: the resource's name and seven hex digits, kept for as long as the program names none.

    `properties` are those of the name and of its prefix.
    """
    name_property, _ = properties
    if any(given in inputs for given in properties):
        return {**inputs, "__defaults": []}
    if name_property in old.get("__defaults", []):
        chosen = old[name_property]
    elif len(name) + 8 > longest:
        raise ProviderError(f"name '{name}-' plus 7 random chars is longer than maximum length {longest}")
    else:
        chosen = f"{name}-{secrets.token_hex(4)[:7]}"
    return {**inputs, name_property: chosen, "__defaults": [name_property]}


def full_name(inputs: Bag, properties: tuple[str, str]) -> str:
    """create.Name: the name, or the prefix and a unique suffix."""
    name, prefix = properties
    return str(inputs.get(name) or inputs[prefix] + secrets.token_hex(_SUFFIX // 2))


def prefix_of(name: str) -> str:
    """create.NamePrefixFromName"""
    found = re.fullmatch(f"(.+)[0-9a-f]{{{_SUFFIX}}}", name)
    return found[1] if found else ""
