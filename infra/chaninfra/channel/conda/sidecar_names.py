"""Names of the sidecars of packages (CEP 50): `<file>.sigs`, and its copy `<file>.sigs.<sha256>`."""

from __future__ import annotations

import re

_NAME = re.compile(r"([^/\x00-\x1f\x7f]+\.(?:conda|tar\.bz2))\.sigs(?:\.[0-9a-f]{64})?")


def package_of(name: str) -> str | None:
    """The file name of the package to which a sidecar or a copy of one belongs; None: the name is not one's."""
    found = _NAME.fullmatch(name)
    return found[1] if found else None
