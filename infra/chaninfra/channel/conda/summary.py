"""The summary of a package: what its newest file says of itself in `info/about.json`, in a file a name and subdir.

`<subdir>/summaries/<name>.json`, written beside the index: nobody needs it to install, so a summary that is missing or
late is no fault. Whoever may publish may write it, so it is input.
"""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from chaninfra.channel.conda.object_names import SUMMARIES_FOLDER
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED

MAX_SUMMARY = 32 << 10
"""Largest summary that is read, in bytes."""

_NAME = re.compile(r"[a-z0-9_][a-z0-9._-]{0,127}")
_Text = Annotated[str, Meta(max_length=4000)]
_Url = Annotated[str, Meta(max_length=1000, pattern=r"^https?://[!-~]+\Z")]
_Urls = Annotated[tuple[_Url, ...], Meta(max_length=8)]


_Words = Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=16)]


@prepared
class MoreAbout(Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """What else a package says of itself in its about.json, and channeldata.json has."""

    dev_url: _Url | None = None
    doc_source_url: _Url | None = None
    source_url: _Url | None = None
    source_git_url: _Url | None = None
    recipe_origin: _Url | None = None
    identifiers: _Words = ()
    keywords: _Words = ()
    tags: _Words = ()


@prepared
class Summary(Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """What a package says of itself. `file`, `version`, `build_number` and `timestamp` (ms since 1970) are those of the
    package file that says it; unknown keys are ignored, so that later versions can add some.
    """

    name: str
    file: str
    version: str
    build_number: int = 0
    timestamp: int = 0
    summary: _Text | None = None
    description: _Text | None = None
    license: _Text | None = None
    home: _Urls = ()
    documentation: _Urls = ()
    source: _Urls = ()
    more: MoreAbout | None = None


def summary_key(name: str) -> str | None:
    """The key of the summary of a package name, relative to the subdir; None for a name that no client asks for."""
    return f"{SUMMARIES_FOLDER}/{name}.json" if _NAME.fullmatch(name) else None


def is_summary(name: str) -> bool:
    """Whether this is the key of the summary of a package, relative to the subdir."""
    return name == summary_key(name.removeprefix(f"{SUMMARIES_FOLDER}/").removesuffix(".json"))


def dump(summary: Summary) -> bytes:
    """The bytes of the file."""
    return msgspec.json.encode(summary)


def parse(data: bytes) -> Summary | None:
    """The summary in the bytes of a file; None if they are none."""
    try:
        return msgspec.json.decode(data, type=Summary) if len(data) <= MAX_SUMMARY else None
    except MALFORMED:
        return None
