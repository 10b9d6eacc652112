"""Looks for secrets in texts, as they are and inside Base64."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path


def found(secrets: Iterable[str], texts: Mapping[str, str]) -> list[str]:
    """The names of the texts that hold one of the secrets."""
    forms = [form for secret in secrets for form in _forms(secret)]
    return [name for name, text in texts.items() if any(form in text for form in forms)]


def files(folder: Path) -> dict[str, str]:
    """The text of each file below a folder."""
    return {str(path): path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()}


def _forms(secret: str) -> list[str]:
    """The secret, and what of its Base64 stays the same wherever in a longer text it begins."""
    raw = secret.encode()
    encoded = []
    for before in range(3):
        text = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        # The first and last letters hold bits of the neighbours.
        encoded.append(text[(before * 8 + 5) // 6 : -1])
    return [secret, *encoded]
