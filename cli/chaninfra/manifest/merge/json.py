"""Our keys merged into a JSON file: the file that RATTLER_AUTH_FILE names. No message holds what is in it."""

from __future__ import annotations

import json

from chaninfra.channel.errors import ConfigurationError


def merge(text: str, rendered: str, where: str) -> str:
    """`text` with the entries of `rendered`; as it was where it has them. Raises ConfigurationError."""
    try:
        before = json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigurationError("is not JSON", where=where, remedy="correct it; nothing was written") from None
    if not isinstance(before, dict):
        raise ConfigurationError("is no JSON object", where=where, remedy="name a file for RATTLER_AUTH_FILE")
    after = {**before, **json.loads(rendered)}
    return text if after == before else json.dumps(after, indent=2, ensure_ascii=False) + "\n"
