"""Download a document by https."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException, HTTPMessage
from typing import IO

from chaninfra.channel.errors import ConfigurationError, DeniedError, StorageError, UnreachableError
from chaninfra.cli.channel_argument.parse import parse_channel

_TIMEOUT_SECONDS = 10.0
_MAX_DESCRIPTOR_BYTES = 1 << 20


def fetch(url: str, max_bytes: int = _MAX_DESCRIPTOR_BYTES) -> bytes:
    """The body of the document at `url`. The default limit, 1 MiB, is for a descriptor.

    Raises ConfigurationError if there is no document or it is larger than `max_bytes`, DeniedError for HTTP 401 and
    403, UnreachableError if there is no answer, StorageError for any other HTTP status.
    """
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "chaninfra"})  # noqa: S310
    try:
        with urllib.request.build_opener(_Redirects).open(request, timeout=_TIMEOUT_SECONDS) as answer:
            data: bytes = answer.read(max_bytes + 1)
    except urllib.error.HTTPError as error:
        raise _error_for(url, error.code) from error
    except (urllib.error.URLError, HTTPException, OSError) as error:
        raise UnreachableError(
            f"no answer ({getattr(error, 'reason', error)})", where=url, remedy="check the URL and the network"
        ) from error
    if len(data) > max_bytes:
        raise ConfigurationError(
            f"is larger than {max_bytes >> 20:,} MiB", where=url, remedy="give the URL of the right file"
        )
    return data


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to a URL that CHANNEL accepts too, so that no redirect leads from https to http."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        try:
            parse_channel(newurl)
        except ConfigurationError as error:
            fp.close()
            raise ConfigurationError(
                f"redirects to {newurl}: {error.message}",
                where=req.full_url,
                remedy="give the https:// URL of the file itself, or make the server redirect to https://",
            ) from error
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
    return StorageError(f"the server answered HTTP {status}", where=url, remedy="try again")
