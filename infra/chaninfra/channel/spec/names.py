"""Rules for the names of buckets and channels that the schema cannot express."""

from __future__ import annotations

import ipaddress

from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.errors import ConfigurationError


def check_prefix(prefix: str, where: str) -> None:
    """Raise ConfigurationError if the last segment of a channel's prefix is a subdir, since clients would read
    `team/noarch` as the subdir noarch of the channel `team`."""
    last = prefix.rsplit("/", 1)[-1]
    if last in KNOWN_SUBDIRS:
        raise ConfigurationError(
            f"the prefix {prefix!r} ends in {last!r}, which clients read as a subdir of a channel",
            where=where,
            key=("prefix",),
            remedy="set the folder of the channel, not one of its subdirs",
        )


def check_bucket_name(name: str, endpoint_url: str, path_style: bool, where: str) -> None:
    """Raise ConfigurationError if a bucket cannot have this name, or if its URLs would fail TLS verification.

    The rules are those of the Amazon S3 User Guide, "General purpose bucket naming rules", which the pattern of the
    schema does not cover.
    """
    rules = "3 to 63 lower-case letters, digits, dots and hyphens, with a letter or digit at both ends"
    bad_label = any(not label or label.startswith("-") or label.endswith("-") for label in name.split("."))
    if bad_label or _is_address(name) or name.startswith("xn--") or name.endswith(("-s3alias", "--ol-s3")):
        raise ConfigurationError(f"{name!r} is not a valid bucket name", where=where, key=("bucket",), remedy=rules)
    if "." in name and not path_style and endpoint_url.startswith("https:"):
        raise ConfigurationError(
            f"the dot in {name!r} breaks TLS, since the bucket's name is a part of the host name",
            where=where,
            key=("bucket",),
            remedy="choose a name without dots, or set `force-path-style` to true if the store supports it",
        )


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True
