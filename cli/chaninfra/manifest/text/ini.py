"""INI text as the AWS configuration files have it (AWS SDKs and Tools Reference Guide, "Format of the config file")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chaninfra.manifest.text.comments import comments


def document(notes: Iterable[str], values: Mapping[str, Mapping[str, Any]]) -> str:
    """The notes as comments, then section name → settings, with an empty line between sections.

    A setting is a string, or a mapping of nested settings, which are indented under `NAME =`. Strings are written as
    they are: the caller makes sure that they are one line each.
    """
    sections = ["\n".join([f"[{name}]", *_lines(settings)]) + "\n" for name, settings in values.items()]
    return comments(notes) + "\n".join(sections)


def _lines(settings: Mapping[str, Any]) -> Iterator[str]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield f"{name} ="
            yield from (f"  {line}" for line in _lines(value))
        else:
            yield f"{name} = {value}"
