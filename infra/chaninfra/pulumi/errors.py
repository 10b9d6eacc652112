"""Errors of chaninfra as Pulumi shows them, keys spelled as the arguments of the program's language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pulumi

from chaninfra.channel.config.schema import STACK_CONFIG, load
from chaninfra.channel.config.stack import CREDENTIALS
from chaninfra.channel.errors import ChaninfraError


@contextmanager
def users_mistakes() -> Iterator[None]:
    """Turns our errors into Pulumi's, which it shows without a traceback, and keys into names of arguments."""
    try:
        yield
    except ChaninfraError as error:
        raise pulumi.RunError(_KEYS.sub(lambda key: _spelling(key[0]), str(error))) from None


def snake_case(key: str) -> str:
    """`endpoint_url` for `endpoint-url`."""
    return key.replace("-", "_")


_spelling: Callable[[str], str] = snake_case


def spell(spelling: Callable[[str], str]) -> None:
    """How errors of this process spell an argument from its key; left out, in Python's way."""
    global _spelling
    _spelling = spelling


def camel_case(key: str) -> str:
    """`endpointUrl` for `endpoint-url` or `endpoint_url`."""
    first, *rest = re.split("[-_]", key)
    return first + "".join(word.capitalize() for word in rest)


def _hyphenated() -> list[str]:
    found = {name for part in load(STACK_CONFIG)["$defs"].values() for name in part.get("properties", {})}
    return sorted((name for name in found - set(CREDENTIALS) if "-" in name and ":" not in name), key=len, reverse=True)


_KEYS = re.compile(rf"(?<![\w-])(?:{'|'.join(_hyphenated())})(?![\w-])")
