"""One answer by http(s), of which the body is still to be read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from urllib3.exceptions import HTTPError

from chaninfra.channel.errors import StorageError, UnreachableError
from chaninfra.index.copy.sources.web_connection import Watch
from chaninfra.index.copy.sources.web_origin import public_url

_DRAIN_SECONDS = 1.0
_DRAINED = 1 << 16
"""The longest answer that is read only to use its connection again."""
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/(?:([0-9]{1,18})|\*)")


class NoRestError(UnreachableError):
    """The rest of a body cannot be had, or is of another file."""


@dataclass
class Answer:
    """The answer at the end of the redirects. `url` is where it came from, and may have a token."""

    raw: Any = field(repr=False)
    url: str = field(repr=False)
    is_broken: bool = False

    @property
    def status(self) -> int:
        return int(self.raw.status)

    def header(self, name: str) -> str | None:
        found = self.raw.headers.get(name)
        return None if found is None else str(found)

    @property
    def size(self) -> int | None:
        text = self.header("Content-Length") or ""
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None

    @property
    def validator(self) -> str | None:
        """The strong ETag, by which a range can be asked for of the same bytes."""
        etag = self.header("ETag") or ""
        return etag if re.fullmatch(r'"[!#-~]{0,1024}"', etag) else None

    def close(self, watch: Watch) -> None:
        """Give the connection back, where little is left of the answer, else end it."""
        original = getattr(self.raw, "_original_response", None)
        left = _DRAINED if not self.is_broken and (self.size or 0) <= _DRAINED else 0
        try:
            with watch.within(_DRAIN_SECONDS, getattr(self.raw, "watched", None)):
                while left > 0 and original is not None and not original.isclosed():
                    left -= len(self.raw.read1(left, decode_content=False)) or left
        except (HTTPError, OSError):
            left = 0
        if original is None or not original.isclosed():
            self.raw.close()
        self.raw.release_conn()

    def skipped(self, got: int, total: int | None, url: str, *, ranged: bool) -> int:
        """How many bytes of this body were read before."""
        if self.status == 200:
            return got
        found = _CONTENT_RANGE.fullmatch(self.header("Content-Range") or "")
        if not ranged or self.status != 206 or not found or int(found[1]) != got:
            raise StorageError(
                f"the server does not give what it was asked for (HTTP {self.status})",
                where=public_url(url),
                remedy="run it again",
            )
        if total is not None and found[3] and int(found[3]) != total:
            raise changed(url)
        return 0


def changed(url: str) -> NoRestError:
    """The error for a file that is not what it was."""
    return NoRestError("it changed while it was read", where=public_url(url), remedy="run it again")
