"""Reads the file that `patch import` is given."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chaninfra.channel.errors import ConfigurationError

if TYPE_CHECKING:
    from chaninfra.index.patches.instructions import Instructions


def read_file(name: str) -> Instructions:
    """The instructions in this file; `-`: in standard input. Raises ConfigurationError."""
    from chaninfra.index.patches.instructions import MAX_BYTES, parse

    if name == "-":
        return parse(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input")
    try:
        with Path(name).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        remedy = "download it first, and give its path" if "://" in name else "give the path of the file, or `-`"
        raise ConfigurationError(f"cannot be read: {reason}", where=name, remedy=remedy) from error
    return parse(data, name)
