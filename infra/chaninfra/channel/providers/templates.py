"""Templates: `{name}` stands for a value, and what is in `[…]` is left out where one of its values is not there."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"{([a-z-]+)}")
_OPTIONAL = re.compile(r"\[([^]]*{[^]]*)\]")


def names(template: str) -> tuple[str, ...]:
    """The names in a template, in order."""
    return tuple(_NAME.findall(template))


def needed(template: str) -> tuple[str, ...]:
    """Those among them that must be there."""
    return names(_OPTIONAL.sub("", template))


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with `values` put in. Raises KeyError where one that is needed is missing."""

    def optional(match: re.Match[str]) -> str:
        return match[1] if all(name in values for name in names(match[1])) else ""

    return _NAME.sub(lambda match: values[match[1]], _OPTIONAL.sub(optional, template))
