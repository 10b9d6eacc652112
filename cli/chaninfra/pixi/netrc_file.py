"""The file .netrc, which rattler asks for a host after all its stores (rattler_networking 0.34, netrc.rs)."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from netrc import NetrcParseError, netrc
from pathlib import Path

from chaninfra.pixi import config

_MOST = 1 << 20
_DEFAULT = "default"
"""The entry for all other hosts, which rattler does not take."""


def path() -> Path | None:
    """Where it is, if it is there."""
    named, home = os.environ.get("NETRC"), config.home_folder()
    found = Path(named) if named else home and home / ("_netrc" if sys.platform == "win32" else ".netrc")
    return found if found and found.is_file() else None


def logins(file: Path) -> Mapping[str, object]:
    """Host → entry, in the form that it has in pixi's stores; none of a file that cannot be read, as rattler has it."""
    try:
        if file.stat().st_size > _MOST:
            return {}
        hosts = netrc(str(file)).hosts
    except (OSError, NetrcParseError, ValueError):
        return {}
    return {
        host: {"BasicHTTP": {"username": login or "", "password": password or ""}}
        for host, (login, _, password) in hosts.items()
        if host != _DEFAULT
    }
