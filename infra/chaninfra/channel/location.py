"""The location of a bucket, and its URLs."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import shown

AddressingStyle = Literal["path", "virtual-host"]
EtagForm = Literal["quoted", "unquoted"]


def addressing_style(*, force_path_style: bool) -> AddressingStyle:
    """The addressing style for a value of `force-path-style`."""
    return "path" if force_path_style else "virtual-host"


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a store wants a PUT written, where stores differ."""

    checksums: bool = False
    """Whether each PUT has an `x-amz-checksum-…` header. Otherwise it has one only where the store asks for it."""
    etags: EtagForm = "quoted"
    """The form of the ETag in If-Match: with its quotes, as stores give it and HTTP has it, or without them."""


@dataclass(frozen=True, kw_only=True)
class Location:
    """A bucket at an S3 endpoint: its name, and what pixi calls its s3-options."""

    bucket: str
    endpoint_url: str
    region: str
    force_path_style: bool
    dialect: Dialect = Dialect()

    @property
    def bucket_url(self) -> str:
        """The http(s) URL of the bucket, without a slash at the end."""
        if self.force_path_style:
            return f"{self.endpoint_url}/{self.bucket}"
        parts = urlsplit(self.endpoint_url)
        return f"{parts.scheme}://{self.bucket}.{parts.netloc}"

    @property
    def addressing_style(self) -> AddressingStyle:
        """`path` (https://HOST/BUCKET) or `virtual-host` (https://BUCKET.HOST), as pixi and rattler-build name them."""
        return addressing_style(force_path_style=self.force_path_style)

    @property
    def supports_virtual_host(self) -> bool:
        """Whether the endpoint's host is a name and not an IP address, so that BUCKET.HOST can be a host."""
        try:
            ipaddress.ip_address(urlsplit(self.endpoint_url).hostname or "")
        except ValueError:
            return True
        return False

    def url(self, key: str) -> str:
        """The http(s) URL of an object or of a prefix; of the bucket for ""."""
        return f"{self.bucket_url}/{quote(key)}" if key else self.bucket_url


def https_url(host: str, key: str) -> str:
    """The https URL of an object or of a prefix on `host`, which serves the bucket at its root."""
    return f"https://{join(host, quote(key))}"


def join(*parts: str) -> str:
    """The non-empty parts of an object key, joined by slashes."""
    return "/".join(part for part in parts if part)


_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"

# A host, or an IPv6 address in brackets; then a port.
_ENDPOINT = re.compile(rf"https?://({_LABEL}(?:\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\])(?::([0-9]{{1,5}}))?/?")

_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")

_ENDPOINT_FORM = "write it as https://HOST or https://HOST:PORT"
# An endpoint with something before or after it: a path with the bucket, or no scheme.
_LONGER = re.compile(
    rf"(?:(https?)://)?((?:{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{{1,5}})?)(/[^?#]*)?"
)
_HERE = ("localhost", "127.", "[::1]")


def check_endpoint(url: str, where: str) -> None:
    """Raise ConfigurationError, about the key `endpoint-url`, for an endpoint URL that a client would reject.

    obstore panics on a URL that its parser rejects, so this checks the same: ports, and hosts whose last label is a
    number although they are not an IP address (WHATWG URL Standard, "Host parsing"). Programs differ in what they take
    for the host of a URL with more in it, so there may be no more.
    """
    if "@" in url:
        # The message does not contain the URL, since that contains a secret.
        raise ConfigurationError(
            "the endpoint URL contains credentials", where=where, key=("endpoint-url",), remedy=_ENDPOINT_FORM
        )
    if problem := _endpoint_problem(url):
        raise ConfigurationError(
            f"{shown(url)} is not a valid endpoint URL: {problem}",
            where=where,
            key=("endpoint-url",),
            remedy=_corrected(url) or _ENDPOINT_FORM,
        )


def _corrected(url: str) -> str | None:
    """What to write instead of a URL without scheme, or with a path in it; None if that is not plain."""
    found = _LONGER.fullmatch(url)
    if found is None:
        return None
    scheme, host, path = found.groups()
    right = f"{scheme or ('http' if host.startswith(_HERE) else 'https')}://{host}"
    if _endpoint_problem(right):
        return None
    bucket = (path or "").strip("/").partition("/")[0]
    other = "with https:// if the server has a certificate"
    if right.startswith("https:"):
        other = "with http:// if the server has no certificate"
    wrong = "" if scheme else f", or {other}"
    if bucket:
        wrong += (
            f"; {shown(bucket)} is not part of it: the bucket is given by itself, in s3://BUCKET/PREFIX or `bucket`"
        )
    return f"write {right}{wrong}"


def _endpoint_problem(url: str) -> str | None:
    found = _ENDPOINT.fullmatch(url)
    if found is None:
        if "://" not in url:
            return "it has no scheme"
        if _LONGER.fullmatch(url):
            return "it has a path"
        return "it is not http:// or https://, a host name and perhaps a port"
    host, port = found[1].strip("[]"), int(found[2] or 0)
    if port > 65535:
        return f"there is no port {port}"
    if ":" in host or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return "its host ends in a number, as only IP addresses do, and is none; a bucket is no part of it"
    return None
