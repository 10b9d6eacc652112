"""The names that a bucket, a channel's folder and a store's host may have."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.subdirs import KNOWN_SUBDIRS

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
            where=f"{where}, key endpoint-url",
            remedy="write it as https://HOST or https://HOST:PORT",
        ) from None


def check_prefix(prefix: str, where: str) -> None:
    """Raise ConfigurationError for a prefix that clients would take for a subdir."""
    last = prefix.rsplit("/", 1)[-1]
    if last in KNOWN_SUBDIRS:
        raise ConfigurationError(
            f"the prefix {prefix!r} ends in {last!r}, which clients take for a subdir of a channel",
            where=f"{where}, key prefix",
            remedy="name the channel's folder, not one of its subdirs",
        )


def check_bucket_name(name: str, endpoint_url: str, path_style: bool, where: str) -> None:
    """Raise ConfigurationError for a name that a bucket cannot have, or that TLS cannot be spoken with."""
    where = f"{where}, key bucket"
    rules = "3 to 63 lower-case letters, digits, dots and hyphens, a letter or digit at both ends"
    bad_part = any(not part or part.startswith("-") or part.endswith("-") for part in name.split("."))
    if bad_part or _is_address(name) or name.startswith("xn--") or name.endswith(("-s3alias", "--ol-s3")):
        raise ConfigurationError(f"{name!r} is not a valid bucket name", where=where, remedy=rules)
    if "." in name and not path_style and endpoint_url.startswith("https:"):
        raise ConfigurationError(
            f"the dot in {name!r} breaks TLS, since the name is a part of the host",
            where=where,
            remedy="choose a name without dots, or set `force-path-style` to true if the store allows it",
        )


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True
