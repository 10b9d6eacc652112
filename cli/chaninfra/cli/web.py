"""Fetching a descriptor by https."""

from __future__ import annotations

import urllib.error
import urllib.request
from http.client import HTTPException

from chaninfra.channel.errors import ConfigurationError, DeniedError, StorageError, UnreachableError

_TIMEOUT = 10.0
_LARGEST = 1 << 20


def fetch(url: str) -> bytes:
    """The document at a URL. Raises ConfigurationError where there is none, else StorageError and its kinds."""
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "chaninfra"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 (reference.parse chose the schemes)
            data: bytes = answer.read(_LARGEST + 1)
    except urllib.error.HTTPError as error:
        raise _answered(url, error.code) from error
    except (urllib.error.URLError, HTTPException, OSError) as error:
        raise UnreachableError(
            f"no answer ({getattr(error, 'reason', error)})", where=url, remedy="check the URL and the network"
        ) from error
    if len(data) > _LARGEST:
        raise ConfigurationError("is too large for a descriptor", where=url, remedy="give the URL of a channel.json")
    return data


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
