"""A bucket behind Amazon CloudFront: what makes sense of it, and what the distribution may read.

The bucket stays private; a channel in it is public all the same, since everybody reads it through the distribution,
which signs its requests (origin access control). Source: CloudFront Developer Guide, "Restrict access to an Amazon S3
origin".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from chaninfra.channel.cdn_keys import CdnKeys
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.partitions import partition
from chaninfra.channel.policies import OURS, Statement, public_read
from chaninfra.channel.subdirs import PACKAGE_SUFFIXES

if TYPE_CHECKING:
    from chaninfra.channel.channel_keys import Visibility
    from chaninfra.channel.location import Location
    from chaninfra.channel.provider import Provider

_CERTIFICATES_IN = "us-east-1"

Kind = Literal["index", "packages"]
DEFAULT_TTLS: dict[Kind, int] = {"index": 300, "packages": 365 * 24 * 60 * 60}
"""How many seconds the CDN keeps a file that says nothing of it by Cache-Control.

Packages say nothing: their bytes do not change, and publishing over one invalidates it.
"""


@dataclass(frozen=True)
class Behavior:
    """How CloudFront serves the files whose path is like `pattern`, None: all others."""

    pattern: str | None
    kind: Kind
    compress: bool


BEHAVIORS = (
    *(Behavior(f"*{suffix}", "packages", compress=False) for suffix in PACKAGE_SUFFIXES),
    Behavior("*.zst", "index", compress=False),
    Behavior(None, "index", compress=True),
)
"""The first that fits holds."""


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """A distribution that is there; `domain_name` is the one that CloudFront gave it."""

    id: str
    domain_name: str


def distribution_arn(account: str, id_: str) -> str:
    """The ARN of a distribution."""
    return f"arn:aws:cloudfront::{account}:distribution/{id_}"


NO_DISTRIBUTION = distribution_arn("ACCOUNT_ID", "DISTRIBUTION_ID")
"""Stands for the ARN of one that is not made yet; it is nobody's."""


def only_by(arn: str) -> Statement:
    """The principal and the condition of a statement for one distribution."""
    return {
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceArn": arn}},
    }


def cdn_read(bucket: str, prefixes: Iterable[str], arn: str) -> list[Statement]:
    """The distribution may get the channels' objects and list the bucket.

    As with all who read: without the right to list, S3 answers 403 and not 404 for a missing file. An error page that
    turns 403 into 404 would do that too, and would call a file missing that was only denied.
    """
    named = {"PublicReadGetObject": "CdnReadGetObject", "PublicReadListBucket": "CdnReadListBucket"}
    return [
        {**statement, "Sid": OURS + named[statement["Sid"]], **only_by(arn)}
        for statement in public_read(bucket, prefixes)
    ]


def check_cdn(cdn: CdnKeys, provider: Provider, location: Location, where: str) -> None:
    """Raise ConfigurationError where the block makes no sense for the bucket."""
    place = f"{where}, key cdn"
    if provider.backend != "aws":
        raise ConfigurationError(
            f"CloudFront reads private buckets on AWS, not at {provider.title}",
            where=place,
            remedy="take `cdn` out; with a CDN of your own before the bucket, set `public-url` to its URL",
        )
    if partition(location.region) != "aws":
        raise ConfigurationError(
            f"there is no CloudFront in the partition {partition(location.region)} that could read the bucket",
            where=place,
            remedy="take `cdn` out, or choose a commercial region",
        )
    if "." in location.bucket:
        raise ConfigurationError(
            f"the dot in {location.bucket!r} breaks TLS between CloudFront and the bucket",
            where=f"{where}, key bucket",
            remedy="choose a name without dots",
        )
    if (cdn.domain is None) != (cdn.certificate_arn is None):
        missing = "domain" if cdn.domain is None else "certificate-arn"
        raise ConfigurationError(
            "a domain and its certificate go together",
            where=f"{place}.{missing}",
            remedy=f"set `cdn.{missing}` too, or take the other out: the distribution has a name and certificate",
        )
    if cdn.certificate_arn is not None and cdn.certificate_arn.split(":")[3] != _CERTIFICATES_IN:
        raise ConfigurationError(
            f"CloudFront takes certificates of {_CERTIFICATES_IN} only",
            where=f"{place}.certificate-arn",
            remedy=f"request or import the certificate in {_CERTIFICATES_IN}, and name that one",
        )


def check_behind_cdn(visibility: Visibility, public_url: str | None, where: str) -> None:
    """Raise ConfigurationError where a channel makes no sense behind a CDN."""
    if visibility != "public":
        raise ConfigurationError(
            "everybody may read what the CDN serves",
            where=f"{where}, key visibility",
            remedy="set `visibility` to public (the bucket stays private), or take `cdn` out",
        )
    if public_url is not None:
        raise ConfigurationError(
            "the URL follows from `cdn`",
            where=f"{where}, key public-url",
            remedy="take `public-url` out; `cdn.domain` is the host in it",
        )
