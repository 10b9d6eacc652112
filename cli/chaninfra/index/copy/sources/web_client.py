"""GET by http(s) for a source: within its reach, with its login, at its pace, and on again where a body broke off.

Redirects are followed here and not by urllib3, since the login must not go to another origin, nor a request to a server
that the source must not reach. Bodies are taken as they are sent: an index is packed by its format, and bytes are
compared with hashes.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from chaninfra.channel.errors import ConfigurationError, StorageError
from chaninfra.channel.s3.http_options import proxy_of
from chaninfra.index.copy.sources.web_answer import Answer, NoRestError, changed
from chaninfra.index.copy.sources.web_connection import SILENCE_SECONDS, Door, pools
from chaninfra.index.copy.sources.web_errors import broken, is_final, status_error, too_large, web_page
from chaninfra.index.copy.sources.web_login import Login
from chaninfra.index.copy.sources.web_origin import Origin, Reach, origin_of, public_url
from chaninfra.index.copy.sources.web_pace import Pace, retry_after

ABSENT = (404, 410)
_REDIRECTS = (301, 302, 303, 307, 308)
_AGAIN = (429, 500, 502, 503, 504)
_MAX_REDIRECTS = 5
_TRIES = 6
_ASKED_TRIES = 60
"""How often a server may ask to come back later."""
_LONGEST_PAUSE_S = 16.0
_LONGEST_WAIT_S = 900.0
"""A server that asks to wait longer is not waited for."""
_TOLD_WAIT_S = 10.0
_PIECE = 1 << 20
_READ = 1 << 17
_SLOWEST = 4096
"""Bytes a second, below which a body is given up."""
_PROGRESS = 64 << 20
"""After so many bytes a body may break off once more."""


class WebClient:
    """Several threads may use it."""

    def __init__(
        self,
        reach: Reach,
        logins: Mapping[Origin, Login],
        *,
        rate: int | None = None,
        at_once: int = 8,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """`logins`: origin → what is sent to it. `rate` in bytes a second, over all requests; `at_once` of these.
        `tell` tells people why nothing happens for long.
        """
        self._tell = tell
        self._reach = reach
        self._logins = logins
        self._at_once = at_once
        self._door = Door(reach)
        self._pools: dict[str | None, urllib3.PoolManager] = {}
        self._answered: set[Origin] = set()
        self.pace = Pace(rate, at_once)

    def get(self, url: str, most: int) -> bytes | None:
        """The body at the URL; None if there is nothing (404, 410). Raises StorageError and ConfigurationError."""
        for left in range(_TRIES - 1, -1, -1):
            try:
                found = self._begun(url, most, hashed=False)
                return None if found is None else b"".join(found)
            except NoRestError:
                if not left:
                    raise
        raise AssertionError

    def exists(self, url: str) -> bool:
        """Whether there is something at the URL: by a GET of one byte, since HEAD is not what signed URLs are for."""
        with self._open(url, {"Range": "bytes=0-0"}) as answer:
            # 416: it is there, and empty.
            return answer.status not in ABSENT

    def body(self, url: str, most: int) -> Iterator[bytes] | None:
        """The body at the URL, in pieces of about 1 MiB, `most` bytes at most; None if there is nothing. Its hash must
        be checked.

        Where the connection breaks off it goes on by Range if the server has told a strong ETag, else it begins again
        and skips what was read, which may have been of another file.
        """
        return self._begun(url, most, hashed=True)

    def _begun(self, url: str, most: int, *, hashed: bool) -> Iterator[bytes] | None:
        pieces = self._pieces(url, most, hashed=hashed)
        if next(pieces) is None:
            pieces.close()
            return None
        return (piece for piece in pieces if piece)

    def _pieces(self, url: str, most: int, *, hashed: bool) -> Generator[bytes | None, None, None]:
        """None if there is nothing; else an empty piece, and then the body. Raises NoRestError if it cannot go on."""
        got, etag, total = 0, None, None
        breaks, pause = 0, _Pause()
        while True:
            ranged = bool(got and etag)
            headers = {"Range": f"bytes={got}-", "If-Range": etag or ""} if ranged else {}
            with self._open(url, headers) as answer:
                if answer.status in ABSENT:
                    if got:
                        raise StorageError("it vanished while it was read", where=public_url(url), remedy="try again")
                    yield None
                    return
                if (got or breaks) and etag and answer.validator != etag:
                    raise changed(url)
                skip = answer.skipped(got, total, url, ranged=ranged)
                if not breaks:
                    etag = answer.validator
                    total = answer.size
                    if total is not None and total > most:
                        raise too_large(url, most)
                    yield b""
                try:
                    for piece in self._read(answer, url):
                        new = piece[skip:]
                        skip -= len(piece) - len(new)
                        got += len(new)
                        if got > most:
                            raise too_large(url, most)
                        if new:
                            yield new
                    return
                except (HTTPError, OSError) as error:
                    answer.is_broken = True
                    breaks += 1
                    if not (hashed or etag) or breaks > _TRIES + got // _PROGRESS:
                        raise broken(error, url, NoRestError) from error
            time.sleep(pause.next())

    def _read(self, answer: Answer, url: str) -> Iterator[bytes]:
        """The body of one answer. Raises HTTPError or OSError where it breaks off or comes too slowly."""
        piece, waited, size = bytearray(), 0.0, 0
        most = self.pace.piece(_READ)
        try:
            while True:
                began = time.monotonic()
                with self._door.watch.within(SILENCE_SECONDS, getattr(answer.raw, "watched", None)):
                    read = answer.raw.read1(most, decode_content=False)
                waited += time.monotonic() - began
                size += len(read)
                piece += read
                if not read:
                    break
                if waited > 2 * SILENCE_SECONDS + size / _SLOWEST:
                    raise TimeoutError("it comes too slowly")
                self.pace.took(len(read))
                if len(piece) >= _PIECE:
                    yield bytes(piece)
                    piece.clear()
            if answer.size is not None and size != answer.size:
                raise OSError("it ended too early")
        except (HTTPError, OSError):
            if piece:
                yield bytes(piece)
            raise
        if piece:
            yield bytes(piece)

    @contextmanager
    def _open(self, url: str, headers: Mapping[str, str]) -> Iterator[Answer]:
        """The answer to a GET: 2xx, 404, 410 or 416. Raises StorageError for any other, ConfigurationError."""
        with self.pace.slot():
            answer = self._patiently(url, headers)
            try:
                if answer.status not in (200, 206, 416, *ABSENT):
                    login = self._logins.get(origin_of(url))
                    raise status_error(answer.status, url, answer.url, login)
                if answer.status in (200, 206) and (answer.header("Content-Type") or "").startswith("text/html"):
                    raise web_page(url)
                yield answer
            finally:
                answer.close(self._door.watch)

    def _patiently(self, url: str, headers: Mapping[str, str]) -> Answer:
        """The answer, after as many tries and as much time as may help."""
        pause, waited = _Pause(), 0.0
        for tries in count(1):
            try:
                answer = self._redirected(url, headers)
            except (HTTPError, OSError) as error:
                origin = origin_of(url)
                is_first = origin == self._reach.source and origin not in self._answered
                if tries >= _TRIES or is_first or is_final(error):
                    raise broken(error, url) from error
                time.sleep(pause.next())
                continue
            if answer.status not in _AGAIN:
                return answer
            asked = retry_after(answer.header("Retry-After"), time.time())
            waited += asked or 0.0
            if tries >= (_ASKED_TRIES if asked else _TRIES) and waited <= _LONGEST_WAIT_S:
                return answer
            answer.close(self._door.watch)
            if waited > _LONGEST_WAIT_S:
                raise StorageError(
                    f"the server answers HTTP {answer.status}, and asks to come back in {asked or 0:,.0f} s",
                    where=public_url(url),
                    remedy="run it again then, with a limit: --rate, --at-once",
                    status=answer.status,
                )
            is_new = self.pace.hold(origin_of(answer.url), asked or pause.next())
            if self._tell and is_new and asked and asked >= _TOLD_WAIT_S:
                self._tell(f"{origin_of(answer.url)} answers HTTP {answer.status}: it is asked again in {asked:,.0f} s")
        raise AssertionError

    def _redirected(self, url: str, headers: Mapping[str, str]) -> Answer:
        """The answer at the end of the redirects."""
        origin = origin_of(url)
        login: Login | None = self._logins.get(origin)
        at = login.url(url) if login else url
        for _ in range(_MAX_REDIRECTS + 1):
            sent = {"User-Agent": "chaninfra", "Accept-Encoding": "identity", **headers}
            if login and login.authorization:
                sent["Authorization"] = login.authorization
            self.pace.wait(origin)
            try:
                answer = Answer(self._request(at, origin, sent), at)
            except ConfigurationError as error:
                error.where = error.where or public_url(url)
                raise
            self._answered.add(origin)
            to = answer.header("Location") if answer.status in _REDIRECTS else None
            if to is None:
                return answer
            answer.close(self._door.watch)
            at = self._reach.redirected(at, to)
            if origin_of(at) != origin:
                origin, login = origin_of(at), None
        raise StorageError("redirects too often", where=public_url(url), remedy="check the URL of the channel")

    def _request(self, url: str, origin: Origin, headers: Mapping[str, str]) -> Any:
        proxy = None if origin.is_local else proxy_of(url)
        if proxy is not None:
            self._door.check_unresolved(origin)
        manager = self._pools.get(proxy) or self._pools.setdefault(proxy, pools(self._door, proxy, self._at_once))
        return manager.urlopen(
            "GET", url, headers=headers, redirect=False, retries=False, preload_content=False, decode_content=False
        )


class _Pause:
    """Ever longer pauses, of random length so that not all come back together."""

    def __init__(self) -> None:
        self._seconds = 0.5

    def next(self) -> float:
        self._seconds = min(self._seconds * 2, _LONGEST_PAUSE_S)
        return random.uniform(self._seconds / 2, self._seconds)  # noqa: S311 (not used for security)
