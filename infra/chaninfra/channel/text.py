"""Helpers for the text of messages, and what makes a text safe to print.

Names, records and messages of stores come from anybody. Printed as they are, they could move a terminal's cursor, turn
the reading direction, begin a line of their own, or give a command to the CI system that reads the log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# What CI systems take as commands: `::name::` at the start of a line, after any spaces (GitHub Actions), and anywhere
# in a line `##[name]` (GitHub Actions), `##vso[name]` (Azure Pipelines) and `##teamcity[name]`.
_CI_COMMAND = re.compile(r"^[ \t]*:(?=:)|#(?=#\w*\[)")


def printable(text: str) -> str:
    """The text as it may be printed, in several lines: a visible escape (`\\x1b`) for each character that is not
    printable, and for the first character of what would be a command to a CI system.

    Line ends and tabs stay. `str.isprintable` decides, so control characters, line separators, marks of the reading
    direction, other invisible characters and lone surrogates are escaped.
    """
    return "\n".join(map(_printable_line, text.split("\n")))


def one_line(text: str) -> str:
    """A name or another value as it may be printed within a line: as `printable`, with line ends and tabs escaped."""
    return _printable_line(text if text.isprintable() else _escaped(text, keep=""))


def escaped_json(text: str) -> str:
    """A JSON document with the escapes of JSON for what `printable` escapes; its values stay the same."""
    escaped = "\n".join(_escaped(line, keep="", form="\\u{:04x}") for line in text.split("\n"))
    # Only within strings: outside of them JSON has no `#`, and no line that begins with a colon.
    return _CI_COMMAND.sub("\\\\u0023", escaped)


def unicode_escapes(text: str) -> str:
    """The text with `\\u202e` or `\\U000e0041`, as TOML and YAML spell them, for characters that are not printable."""
    if text.isprintable():
        return text
    escapes = (f"\\u{ord(char):04x}" if ord(char) < 1 << 16 else f"\\U{ord(char):08x}" for char in text)
    return "".join(char if char.isprintable() else escape for char, escape in zip(text, escapes, strict=True))


def _printable_line(line: str) -> str:
    line = _escaped(line, keep="\t")
    return _CI_COMMAND.sub(lambda match: f"{match[0][:-1]}\\x{ord(match[0][-1]):02x}", line)


def _escaped(line: str, keep: str, form: str = "") -> str:
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() or char in keep else _escape(char, form) for char in line)


def _escape(char: str, form: str) -> str:
    if not form:
        return char.encode("unicode_escape").decode()
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(form.format(int.from_bytes(units[at : at + 2])) for at in range(0, len(units), 2))


def nearest(word: str, known: Iterable[str], *, quote: str = "'") -> str:
    """`did you mean 'readers'?` for a word like one of `known`, else `known are: publishers, readers`.

    `quote` surrounds the suggestion: "`" for a config key, see `ConfigurationError.spelled`. The list of all known
    words has quotes only around config keys.
    """
    # Imported here, since a start needs all else of this module.
    import difflib

    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {quote}{close[0]}{quote}?"
    return f"known are: {', '.join(f'`{name}`' if quote == '`' else name for name in names)}"


def or_else(*remedies: str | None) -> str | None:
    """Several things to do, of which one is enough, as one remedy; a question stays a sentence of its own."""
    given = [remedy for remedy in remedies if remedy]
    text = given[0] if given else ""
    for remedy in given[1:]:
        text = f"{text} Or {remedy}" if text.endswith("?") else f"{text.removesuffix('.')}; or {remedy}"
    return text or None


def yaml_problem(error: Exception) -> str:
    """What is wrong with a text that ruamel.yaml does not accept, in which line and column; without values of it."""
    found = next(iter(str(getattr(error, "problem", None) or error).splitlines()), type(error).__name__)
    found = found.partition(" with value")[0]
    if getattr(error, "context", None) == "expected a single document in the stream":
        found = "it has more than one document"
    mark = getattr(error, "problem_mark", None)
    return found if mark is None else f"{found} (at line {mark.line + 1}, column {mark.column + 1})"


def count(number: int, noun: str) -> str:
    """`1 package`, `2 packages`, `2,000 packages`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


MAX_REASON = 1000
"""Characters of a reason why a package was yanked, patched or deleted."""

_SHOWN = 200
"""So many characters of a value are shown: a document may hold any."""


def few(names: Sequence[str], most: int) -> str:
    """The first names, at most so many, safe to print in a line: `a, b and 7 more`."""
    more = len(names) - most
    return ", ".join(map(one_line, names[:most])) + (f" and {more:,} more" if more > 0 else "")


def without_secrets(value: str) -> str:
    """A value that may be a URL, without what may be secret in one: what is before the last @, the query, and
    the token of conda (`/t/TOKEN/`).

    Whether the URL is valid does not matter: a mistyped one holds the same password.
    """
    start = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", value)
    before, at, after = value.rpartition("@")
    text = f"{start[0] if start and before else ''}\u2026@{after}" if at else value
    path, query, _ = re.sub(r"(?<=/t/)[^/\s]+", "\u2026", text).partition("?")
    return f"{path}?\u2026" if query else path


def shown(value: object) -> str:
    """The repr of a value that somebody wrote, for a message: without secrets and control characters, and not long."""
    text = repr(without_secrets(value)) if isinstance(value, str) else without_secrets(repr(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}\u2026"
