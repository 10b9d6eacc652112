"""Download a document by https.

Whoever serves it is a stranger: limits hold for its size, its time and its redirects.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage
from threading import Thread
from typing import IO
from urllib.parse import urlsplit

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, DeniedError, StorageError, UnreachableError
from chaninfra.channel.s3.trust import context_for
from chaninfra.channel.text import shown
from chaninfra.cli.channel_argument.parse import LOOPBACK

_SILENCE_SECONDS = 10.0
"""The longest wait for a connection, and for each piece of the answer."""
_SECONDS = 30.0
_MAX_DESCRIPTOR_BYTES = 1 << 20
_PIECE_BYTES = 1 << 16
_MAX_REDIRECTS = 3
_PORTS = {"http": 80, "https": 443}


def fetch(url: str, max_bytes: int = _MAX_DESCRIPTOR_BYTES, seconds: float = _SECONDS) -> bytes:
    """The body of the document at `url`. The defaults, 1 MiB and half a minute for all of it, are for a descriptor.

    Raises ConfigurationError if there is no document, it is larger than `max_bytes` or is elsewhere, DeniedError for
    HTTP 401 and 403, UnreachableError if there is no answer in time, StorageError for any other HTTP status.
    """
    done: list[bytes | BaseException] = []
    end = time.monotonic() + seconds

    def run() -> None:
        try:
            done.append(_fetch(url, max_bytes, end))
        except BaseException as error:
            done.append(error)

    # A thread, since name resolution and header lines that come byte by byte know no deadline. It may outlive this
    # call, and does not keep the process.
    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    found = done[0] if done else TimeoutError()
    match found:
        case bytes():
            return found
        case ChaninfraError():
            raise found
        case TimeoutError():
            raise UnreachableError(
                f"it took longer than {seconds:.0f} s", where=url, remedy="check the URL and the network, and try again"
            ) from found
        case urllib.error.URLError() | HTTPException() | OSError():
            raise UnreachableError(
                f"no answer ({getattr(found, 'reason', found)})", where=url, remedy="check the URL and the network"
            ) from found
    raise found


def _fetch(url: str, max_bytes: int, end: float) -> bytes:
    """The body. Raises what urllib does, and TimeoutError after `end`, a time of the monotonic clock."""
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "chaninfra"})  # noqa: S310
    handlers: list[urllib.request.BaseHandler] = [_Redirects()]
    handlers.append(urllib.request.HTTPSHandler(context=context_for(url)))
    if urlsplit(url).hostname in LOOPBACK:
        # A proxy would look for the server on its own machine.
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=_SILENCE_SECONDS) as answer:
            data = bytearray()
            while piece := answer.read1(_PIECE_BYTES):
                data += piece
                if len(data) > max_bytes:
                    raise ConfigurationError(
                        f"is larger than {max_bytes >> 20:,} MiB", where=url, remedy="give the URL of the right file"
                    )
                if time.monotonic() > end:
                    raise TimeoutError
            return bytes(data)
    except urllib.error.HTTPError as error:
        error.close()
        raise _error_for(url, error.code) from error


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a few redirects within the origin: scheme, host and port.

    The host that the user named is the one that is trusted with the document, and one that redirects anywhere could
    have this machine ask servers that only it can reach.
    """

    max_redirections = _MAX_REDIRECTS
    max_repeats = _MAX_REDIRECTS
    inf_msg = "too many redirects: "

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        try:
            same = _origin(newurl) == _origin(req.full_url) and "@" not in urlsplit(newurl).netloc
        except ValueError:
            same = False
        if not same:
            fp.close()
            raise ConfigurationError(
                f"redirects to {shown(newurl)}, which is another server",
                where=req.full_url,
                remedy="give the https:// URL of the file itself, if you know that server",
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _error_for(url: str, status: int) -> ConfigurationError | StorageError:
    if status in (404, 410):
        return ConfigurationError(
            f"there is no such file (HTTP {status})",
            where=url,
            remedy="give the URL of a channel.json, or s3://BUCKET/PREFIX with the options of its store",
        )
    if status in (401, 403):
        return DeniedError(
            f"is not public (HTTP {status})",
            where=url,
            remedy="for a private channel, give s3://BUCKET/PREFIX or a local copy of its channel.json",
        )
    if 300 <= status < 400:
        return ConfigurationError(
            f"redirects too often or nowhere (HTTP {status})",
            where=url,
            remedy="give the https:// URL of the file itself",
        )
    return StorageError(f"the server answered HTTP {status}", where=url, remedy="try again")
