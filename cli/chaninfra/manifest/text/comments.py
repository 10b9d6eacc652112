"""Comment lines, which TOML, YAML, INI files and shell scripts write alike."""

from __future__ import annotations

import re
from collections.abc import Iterable


def comments(notes: Iterable[str]) -> str:
    """A `# ` line per note.

    Control characters become spaces: TOML forbids them, and a line end would end the comment.
    """
    return "".join(("# " + re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", note)).rstrip() + "\n" for note in notes)
