"""Where a bucket is and how its URLs are formed."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

from chaninfra.channel.errors import ConfigurationError

AddressingStyle = Literal["path", "virtual-host"]


def addressing_style(*, force_path_style: bool) -> AddressingStyle:
    """The style that `force-path-style` stands for."""
    return "path" if force_path_style else "virtual-host"


@dataclass(frozen=True, kw_only=True)
class Location:
    """A bucket at an S3 endpoint; what pixi calls its s3-options, and the bucket's name."""

    bucket: str
    endpoint_url: str
    region: str
    force_path_style: bool

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
    def has_names_below(self) -> bool:
        """Whether the endpoint's host may have the bucket before it, as an IP address may not."""
        try:
            ipaddress.ip_address(urlsplit(self.endpoint_url).hostname or "")
        except ValueError:
            return True
        return False

    def url(self, key: str) -> str:
        """The http(s) URL of an object or of a prefix."""
        return f"{self.bucket_url}/{quote(key)}" if key else self.bucket_url


def https_url(host: str, key: str) -> str:
    """The https URL of an object or of a prefix on a host of its own."""
    return f"https://{join(host, quote(key))}"


def join(*parts: str) -> str:
    """The parts of a key joined by slashes, empty ones left out."""
    return "/".join(part for part in parts if part)


_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"

_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")

_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


def check_endpoint(url: str, where: str) -> None:
    """Raise ConfigurationError for an endpoint's URL that no client could take.

    obstore ends the program where its parser refuses one, so what that refuses is found here: ports, and hosts whose
    last part is a number but that are no address (WHATWG URL Standard, "Host parsing").
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
        if "@" in parts.netloc:
            raise ValueError("it is no place for credentials")
        host = parts.hostname or ""
        if ":" in host or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            ipaddress.ip_address(host)
        elif not _HOST.fullmatch(host):
            raise ValueError(f"{host!r} is no name of a host")
    except ValueError as error:
        raise ConfigurationError(
            f"{url} is not the URL of a store: {error}",
            where=where,
            key=("endpoint-url",),
            remedy="write it as https://HOST or https://HOST:PORT",
        ) from None
