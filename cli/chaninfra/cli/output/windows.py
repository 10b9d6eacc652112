"""Makes the standard streams of Windows what they are elsewhere.

There a stream that is no console has the encoding of the system's language (cp1252), which lacks most characters, and
its lines end in CRLF, with which bash runs no script. TOML, YAML and JSON are UTF-8 by definition.
"""

from __future__ import annotations

import io
import os
import sys


def prepare() -> None:
    """Files and pipes get UTF-8, unless PYTHONIOENCODING says something else, and LF; consoles understand escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            encoding = None if os.environ.get("PYTHONIOENCODING") else "utf-8"
            stream.reconfigure(encoding=encoding, errors=stream.errors, newline="\n")
    # Only Windows has this package.
    import colorama

    colorama.just_fix_windows_console()
