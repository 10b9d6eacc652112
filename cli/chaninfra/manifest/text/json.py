"""JSON text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any


def document(notes: Iterable[str], values: Mapping[str, Any]) -> str:
    """The object, indented. JSON has no comments, so the notes are dropped.

    Characters outside ASCII are written as they are, but for lone surrogates, which UTF-8 cannot encode.
    """
    text = json.dumps(values, indent=2, ensure_ascii=False)
    return re.sub(r"[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"
