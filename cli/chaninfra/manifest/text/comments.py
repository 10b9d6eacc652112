"""Comment lines, which TOML, YAML, INI files and shell scripts write alike."""

from __future__ import annotations

from collections.abc import Iterable


def comments(notes: Iterable[str]) -> str:
    """A `# ` line per note.

    Characters that are not printable become spaces: TOML forbids some of them, and a line end would end the comment.
    """
    return "".join(f"# {_on_one_line(note)}".rstrip() + "\n" for note in notes)


def _on_one_line(note: str) -> str:
    return "".join(char if char.isprintable() else " " for char in note)
