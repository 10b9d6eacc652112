"""`info/about.json` of a conda package: what it says of itself, for people.

No index needs it, so whatever is there is never a reason to refuse a package: what is missing, damaged or of another
kind says nothing. What is there may be hostile. conda-build writes the URLs as texts, rattler-build as a text or a list
of them (`AboutJson` of rattler); older recipes have several in one text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec
from msgspec import Raw, Struct

from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED

MAX_ABOUT = 1 << 20
"""Largest about.json that is read, in bytes. conda-build lists there what its environment had, some 50 kB."""

MAX_LINE = 500
"""Characters of a text of one line."""
MAX_TEXT = 4000
"""Characters of a description."""
_MAX_URLS = 4
_MAX_URL = 500
_MAX_WORDS = 16
_MAX_WORD = 64
_MAX_VALUE = 64 << 10
"""Longest value that is looked at, in bytes."""
_MOST_READ = 20_000
"""Characters of a text that are looked at."""
_NULL = Raw(b"null")

JOINERS = "\u200c\u200d"
"""Invisible, but without them words of Persian and Hindi are others, and an emoji of several falls apart. What people
read keeps them; they move nothing, and turn nothing around. The page of the channel has the same rule.
"""

# The characters of RFC 3986; no user, no password, and no token of conda.
_URL = re.compile(
    r"https?://(?=[A-Za-z0-9\[])(?![^/?#]*@)(?!.*/t/[A-Za-z]{2}-[0-9A-Fa-f-]{8,})[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+"
)


@dataclass(frozen=True, kw_only=True)
class About:
    """The fields that are read, named as in the file; URLs are http or https. All are bounded and safe to print."""

    summary: str | None = None
    description: str | None = None
    license: str | None = None
    license_family: str | None = None
    home: tuple[str, ...] = ()
    doc_url: tuple[str, ...] = ()
    dev_url: tuple[str, ...] = ()
    source_url: tuple[str, ...] = ()
    doc_source_url: tuple[str, ...] = ()
    source_git_url: tuple[str, ...] = ()
    recipe_origin: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


NOTHING = About()
"""What a package says that has no about.json."""


@prepared
class _AboutJson(Struct):
    """Any value may be there; what is not named here is passed over without being kept."""

    summary: Raw = _NULL
    description: Raw = _NULL
    license: Raw = _NULL
    license_family: Raw = _NULL
    home: Raw = _NULL
    doc_url: Raw = _NULL
    dev_url: Raw = _NULL
    source_url: Raw = _NULL
    doc_source_url: Raw = _NULL
    source_git_url: Raw = _NULL
    recipe_origin: Raw = _NULL
    identifiers: Raw = _NULL
    keywords: Raw = _NULL
    tags: Raw = _NULL


_about_json = msgspec.json.Decoder(_AboutJson)


def parse_about(data: bytes | None) -> About:
    """What the bytes of an about.json say; nothing if they are none."""
    if data is None or len(data) > MAX_ABOUT:
        return NOTHING
    try:
        found = _about_json.decode(data)
    except MALFORMED:
        return NOTHING
    return About(
        summary=line(_value(found.summary), JOINERS),
        description=text(_value(found.description)),
        license=line(_value(found.license)),
        license_family=line(_value(found.license_family)),
        home=urls(_value(found.home)),
        doc_url=urls(_value(found.doc_url)),
        dev_url=urls(_value(found.dev_url)),
        source_url=urls(_value(found.source_url)),
        doc_source_url=urls(_value(found.doc_source_url)),
        source_git_url=urls(_value(found.source_git_url)),
        recipe_origin=urls(_value(found.recipe_origin)),
        identifiers=words(_value(found.identifiers)),
        keywords=words(_value(found.keywords)),
        tags=words(_value(found.tags)),
    )


def _value(raw: Raw) -> object:
    """The value; None for one that is too long, or nested too deep."""
    if raw is _NULL or memoryview(raw).nbytes > _MAX_VALUE:
        return None
    try:
        return msgspec.json.decode(raw)
    except MALFORMED:
        return None


def line(value: object, keep: str = "") -> str | None:
    """A text as one line, cut at a word; None if it is no text, or an empty one. `keep`: invisible characters that it
    may have.
    """
    if not isinstance(value, str):
        return None
    return _cut(" ".join(_printable(value, f"\t\n\r\v\f{keep}").split()), MAX_LINE) or None


def text(value: object) -> str | None:
    """A text of several lines, with joiners, cut at a word; None if it is no text, or an empty one."""
    if not isinstance(value, str):
        return None
    if value.isprintable():
        return _cut(value.strip(), MAX_TEXT) or None
    value = value.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    lines = _printable(value, f"\n{JOINERS}").split("\n")
    return _cut("\n".join(map(str.rstrip, lines)).strip(), MAX_TEXT) or None


def urls(value: object) -> tuple[str, ...]:
    """The http and https URLs in a text or a list of texts, each once."""
    values = value if isinstance(value, list) else [value]
    found: dict[str, None] = {}
    for each in values[:_MAX_URLS]:
        if isinstance(each, str):
            # A URL has no spaces, and older recipes have several after each other: `https://a, https://b`.
            for word in each[:_MOST_READ].split():
                url = word.rstrip(",;")
                if len(url) <= _MAX_URL and _URL.fullmatch(url):
                    found[url] = None
    return tuple(found)[:_MAX_URLS]


def words(value: object) -> tuple[str, ...]:
    """The texts of a list, each as one line."""
    values = value[:_MAX_WORDS] if isinstance(value, list | tuple) else []
    return tuple(word[:_MAX_WORD] for each in values if (word := line(each)) is not None)


def _printable(value: str, keep: str) -> str:
    """The text without control characters, marks of the reading direction and other invisible characters."""
    value = value[:_MOST_READ]
    if value.isprintable():
        return value
    return "".join(char for char in value if char.isprintable() or char in keep)


def _cut(value: str, most: int) -> str:
    """The text, or its beginning up to the end of a word and an ellipsis, at most so many characters."""
    if len(value) <= most:
        return value
    begin = value[: most - 1]
    word = re.match(r"(?s).*(?=\s)", begin)
    return (word[0].rstrip() if word and word[0].strip() else begin) + "\u2026"
