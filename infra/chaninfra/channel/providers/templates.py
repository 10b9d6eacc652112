"""Templates of endpoints, URLs and instructions.

`{name}` is replaced by a value. The text in `[…]` is optional: it is omitted if one of its values is missing.
`https://{account-id}[.{jurisdiction}].example.com` needs `account-id`, and takes `jurisdiction` if it is given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"{([a-z-]+)}")
_OPTIONAL = re.compile(r"\[([^]]*{[^]]*)\]")


def names(template: str) -> tuple[str, ...]:
    """The names in a template, optional ones included, in order."""
    return tuple(_NAME.findall(template))


def needed(template: str) -> tuple[str, ...]:
    """The names outside `[…]`, in order."""
    return names(_OPTIONAL.sub("", template))


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template filled with `values`. Raises KeyError if a required value is missing."""

    def optional(match: re.Match[str]) -> str:
        return match[1] if all(name in values for name in names(match[1])) else ""

    return _NAME.sub(lambda match: values[match[1]], _OPTIONAL.sub(optional, template))
