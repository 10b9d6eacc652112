"""Fetching a document by https."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage
from typing import IO

from chaninfra.channel.errors import ConfigurationError, DeniedError, StorageError, UnreachableError
from chaninfra.cli.channel_argument.parse import parse_channel

_TIMEOUT = 10.0
_LARGEST = 1 << 20


def fetch(url: str, largest: int = _LARGEST) -> bytes:
    """The document at a URL, of at most `largest` bytes; a descriptor, if not told.

    Raises ConfigurationError where there is none, else StorageError and its kinds.
    """
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "chaninfra"})  # noqa: S310
    try:
        with urllib.request.build_opener(_Redirects).open(request, timeout=_TIMEOUT) as answer:
            data: bytes = answer.read(largest + 1)
    except urllib.error.HTTPError as error:
        raise _answered(url, error.code) from error
    except (urllib.error.URLError, HTTPException, OSError) as error:
        raise UnreachableError(
            f"no answer ({getattr(error, 'reason', error)})", where=url, remedy="check the URL and the network"
        ) from error
    if len(data) > largest:
        raise ConfigurationError(
            f"is too large, over {largest >> 20:,} MiB", where=url, remedy="give the URL of the right file"
        )
    return data


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows only to what could have been given as CHANNEL: a redirect is no way around https."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        try:
            parse_channel(newurl)
        except ConfigurationError as error:
            fp.close()
            raise ConfigurationError(
                f"it leads to {newurl}: {error.message}",
                where=req.full_url,
                remedy="give the https:// URL of the file itself, or have the server lead there",
            ) from error
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _answered(url: str, status: int) -> ConfigurationError | StorageError:
    if status in (404, 410):
        return ConfigurationError(
            f"there is none (http {status})",
            where=url,
            remedy="give the URL of a channel.json, or s3://BUCKET/PREFIX with the store's flags",
        )
    if status in (401, 403):
        return DeniedError(
            f"not everybody may read it (http {status})",
            where=url,
            remedy="a private channel is named by s3://BUCKET/PREFIX, or by a copy of its channel.json",
        )
    return StorageError(f"the server answered http {status}", where=url, remedy="try again")
