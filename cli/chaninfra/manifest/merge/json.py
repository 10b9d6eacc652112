"""Access keys merged into the JSON file that RATTLER_AUTH_FILE names. No message shows the file's content."""

from __future__ import annotations

import json

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.rendered import Document
from chaninfra.manifest.text.json import document


def merge(text: str, values: Document, where: str) -> str:
    """`text` with these entries; unchanged if it has them. Raises ConfigurationError if it is not a JSON object."""
    try:
        before = json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigurationError("is not JSON", where=where, remedy="correct it; nothing was written") from None
    if not isinstance(before, dict):
        raise ConfigurationError("is not a JSON object", where=where, remedy="name a file for RATTLER_AUTH_FILE")
    after = {**before, **values}
    return text if after == before else document((), after)
