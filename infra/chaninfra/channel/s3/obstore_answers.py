"""What obstore answers: the entry of an object, and the code and status of an error."""

from __future__ import annotations

import re
from typing import Any

from chaninfra.channel.objects import ObjectMeta

ATTRIBUTES = {"Content-Type": "content_type", "Cache-Control": "cache_control"}
_HEADERS = {*ATTRIBUTES, "Content-Disposition", "Content-Encoding", "Content-Language", "Storage-Class"}
"""What obstore calls attributes besides the metadata."""


def object_meta(meta: Any, attributes: Any = None) -> ObjectMeta:
    """The entry of an object, of a listing or with the attributes of an answer."""
    metadata = {str(name): str(value) for name, value in (attributes or {}).items() if name not in _HEADERS}
    return ObjectMeta(
        key=meta["path"],
        size=meta["size"],
        etag=meta["e_tag"] or "",
        modified=meta["last_modified"],
        metadata=metadata,
    )


def code_and_status(error: Exception) -> tuple[str, int | None]:
    """The S3 error code ("" if unknown) and HTTP status of an obstore error, which has them only in its message."""
    message = str(error)
    status = re.search(r"status code: (\d{3})", message)
    if code := re.search(r"<Code>\s*([A-Za-z0-9.]+)\s*</Code>", message):
        return code[1], int(status[1]) if status else None
    # DeleteObjects answers 200, with one code for each key.
    if code := re.search(r"DeleteObjects .*\(code: ([A-Za-z0-9]+)\)", message):
        return code[1], 200
    if "redirect without LOCATION" in message:
        return "PermanentRedirect", 301
    return "", int(status[1]) if status else None
