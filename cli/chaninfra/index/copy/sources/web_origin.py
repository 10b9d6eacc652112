"""Which servers are asked for a channel by https: an index and a redirect are input, and may name any.

What a server is, is told by the address that is connected to and not by its name: its owner may let it point anywhere,
at any time.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urljoin, urlsplit

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import shown, without_secrets
from chaninfra.index.copy.sources.reference import OPTION

Kind = Literal["public", "private", "loopback", "link-local"]
"""Of an address. Link-local ones are where clouds have their metadata, with the credentials of a machine; with those
that they have elsewhere, see `_METADATA`.
"""

_PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?!.{{254}}){_LABEL}(?:\.{_LABEL})*|(?=.*:)[0-9a-f:.]{{2,45}}")
_NOT_IN_PATHS = re.compile(r"[?#\\]")
_SAFE = "/%!$&'()*,;=:@~[]"
"""What a reference may have as it is. Not `+`: some stores read it as a space."""
_STANDING_FOR_IPV4 = [
    ipaddress.IPv6Network(each)
    for each in (
        "64:ff9b::/96",  # NAT64, RFC 6052
        "::ffff:0:0:0/96",  # SIIT, RFC 2765
        "::/96",  # IPv4-compatible, RFC 4291
    )
]
"""Addresses whose last 32 bits are one of IPv4."""
_METADATA = [
    ipaddress.ip_network(each)
    for each in (
        "168.63.129.16",  # Azure, https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
        "192.0.0.192",  # Oracle, in its older images
        "100.100.100.200",  # Alibaba, https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata
        "fd00:ec2::254",  # AWS, https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
        "64:ff9b:1::/48",  # NAT64 of a network's own, RFC 8215: any address of IPv4, at a place that nobody tells
    )
]
"""Where clouds have their metadata beside the link-local addresses, or what may lead there."""
_KIND_WORDS: dict[Kind, str] = {
    "public": "a public address",
    "private": "an address of a private network",
    "loopback": "this machine itself",
    "link-local": "an address where clouds may keep the credentials of a machine",
}


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port: a server as far as trust goes."""

    scheme: str
    host: str
    """In lower case; an IPv6 address without brackets."""
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    @property
    def address(self) -> str | None:
        """The host, where it is an address and no name."""
        try:
            return str(ipaddress.ip_address(self.host))
        except ValueError:
            return None

    @property
    def is_local(self) -> bool:
        """Whether its host says itself that it is this machine."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        return self.address is not None and kind_of(self.address) == "loopback"


def origin_of(url: str) -> Origin:
    """The origin of an http(s) URL without user and password. Raises ValueError for anything else; the message says
    what it is.
    """
    if not _URL.fullmatch(url) or "\\" in url:
        raise ValueError("it is no http:// or https:// URL in ASCII")
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError("it has a user or a password")
    host = (parts.hostname or "").lower().rstrip(".")
    if not _HOST.fullmatch(host):
        raise ValueError("it has no valid host")
    scheme = parts.scheme.lower()
    return Origin(scheme, host, _PORTS[scheme] if parts.port is None else parts.port)


def kind_of(address: str) -> Kind:
    """The kind of an IP address, which may have a zone; one of IPv6 that stands for one of IPv4 is of its kind."""
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and int(ip) > 1 and any(ip in each for each in _STANDING_FOR_IPV4):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        ip = inner or ip
    if ip.is_loopback or ip.is_unspecified:
        return "loopback"
    if ip.is_link_local or any(ip in each for each in _METADATA):
        return "link-local"
    is_site_local = isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local
    return "public" if ip.is_global and not ip.is_multicast and not is_site_local else "private"


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The servers that may be asked for one source: its own, those that the user names, and for redirects any public
    one and those that are where the source is: on this machine, or in a private network.
    """

    source: Origin
    allowed: frozenset[Origin] = frozenset()

    @property
    def named(self) -> frozenset[Origin]:
        """The origins that the user named."""
        return self.allowed | {self.source}

    def redirected(self, url: str, to: str) -> str:
        """The absolute URL of a redirect from `url`. Raises ConfigurationError where it must not be followed."""
        target = to
        try:
            target = urljoin(url, to)
            origin = origin_of(target)
        except ValueError as error:
            raise ConfigurationError(
                f"redirects to {shown(target)}, which is not followed: {error}",
                where=public_url(url),
                remedy="give the https:// URL to which it leads, if you know that server",
            ) from error
        if origin.scheme == "http" and self.source.scheme == "https" and origin not in self.allowed:
            raise ConfigurationError(
                f"redirects to {shown(target)}, by plain http, where anybody on the way could change what is read",
                where=public_url(url),
                remedy=f"give the https:// URL of the channel; or, if you trust that network, {OPTION} {origin}",
            )
        return target.partition("#")[0]

    def referred(self, folder: str, reference: str) -> str:
        """The absolute URL of what an index in the folder refers to, by `base_url` (CEP 15) or `shards_base_url`.

        Raises ConfigurationError where it must not be read.
        """
        try:
            if _NOT_IN_PATHS.search(reference):
                raise ValueError("it has a query, a fragment or a backslash")
            target = urljoin(folder, quote(reference, safe=_SAFE))
            origin = origin_of(target)
        except ValueError as error:
            raise ConfigurationError(
                f"its index says that files are at {shown(reference)}, which is not read: {error}",
                where=public_url(folder),
                remedy="tell the owner of the channel",
            ) from error
        if origin not in self.named:
            raise ConfigurationError(
                f"its index says that files are at {origin}, which is another server",
                where=public_url(folder),
                remedy=f"if you trust that server: {OPTION} {origin}",
            )
        return target

    def refusal(self, origin: Origin, kind: Kind, source_kind: Kind | None) -> str | None:
        """Why an address of this kind is not connected to for the origin; None: it is.

        `source_kind` is the kind of the address that the source had first; None: it was not connected to yet.
        """
        if kind == "public" or origin in self.allowed:
            return None
        if origin == self.source:
            if origin.is_local or origin.address is not None:
                return None
            # A name may be one of a private network. One that was public and is not any more points elsewhere.
            if kind == "private" and source_kind in (None, "private"):
                return None
        elif kind == source_kind and kind != "link-local":
            return None
        return f"{origin} is at {_KIND_WORDS[kind]}"


def public_url(url: str) -> str:
    """A URL for messages: without user, password, token and query."""
    return without_secrets(url.partition("?")[0].partition("#")[0]).replace("://\u2026@", "://")
