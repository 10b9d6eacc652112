"""Checks of a stack config that span several keys, or that need the provider or a name's rules."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from itertools import permutations
from typing import TYPE_CHECKING

import msgspec

from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.config.aws import AwsConfig
from chaninfra.channel.config.cdn import CdnConfig
from chaninfra.channel.config.channel import ChannelConfig
from chaninfra.channel.config.stack import StackConfig
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.providers.aws_partitions import partition
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.roles import ROLES
from chaninfra.channel.spec.model import BucketSpec, ChannelSpec
from chaninfra.channel.spec.role_names import role_name

if TYPE_CHECKING:
    from chaninfra.channel.config.channel import Visibility
    from chaninfra.channel.location import Location
    from chaninfra.channel.spec.model import StackSpec


def checked_aws(config: StackConfig, provider: Provider, where: str) -> AwsConfig:
    """The keys of AWS that a config has. Raises ConfigurationError where the provider is another, or where they make
    no sense for a bucket that is adopted."""
    if provider.backend != "aws" and config.aws != AwsConfig():
        raise ConfigurationError(
            f"{provider.title} has nothing of the kind", where=where, key=("aws",), remedy="set `provider` to aws"
        )
    usual = AwsConfig()
    for field in msgspec.structs.fields(AwsConfig):
        changed = getattr(config.aws, field.name) != getattr(usual, field.name)
        if config.adopt and changed and field.name in _OF_THE_BUCKET:
            raise ConfigurationError(
                "an adopted bucket keeps its own settings",
                where=where,
                key=("aws", field.encode_name),
                remedy=f"take `aws.{field.encode_name}` out, and set it where the bucket is declared",
            )
    if config.aws.log_prefix and not config.aws.log_bucket:
        raise ConfigurationError(
            "there is no bucket for the logs", where=where, key=("aws", "log-prefix"), remedy="set `aws.log-bucket`"
        )
    return config.aws


# What an adopted bucket has of its own. Rights on its KMS key are still granted, so the key may be named.
_OF_THE_BUCKET = (
    "log_bucket",
    "log_prefix",
    "vpc_endpoints",
)


def check_visibility(
    keys: ChannelConfig, provider: Provider, aws: AwsConfig, where: str, cdn: CdnConfig | None
) -> None:
    if keys.visibility == "organization" and provider.backend != "aws":
        raise ConfigurationError(
            f"{provider.title} knows no organizations",
            where=where,
            key=("visibility",),
            remedy="set `visibility` to private or public",
        )
    if keys.visibility == "organization" and aws.organization_id is None:
        raise ConfigurationError(
            "the organization is not named", where=where, key=("visibility",), remedy="set `aws.organization-id` (o-…)"
        )
    if keys.visibility != "organization" and aws.organization_id is not None:
        raise ConfigurationError(
            f"nothing is read by an organization in a {keys.visibility} channel",
            where=where,
            key=("aws", "organization-id"),
            remedy="set `visibility` to organization, or take `aws.organization-id` out",
        )
    if keys.visibility == "public" and aws.kms_key_arn is not None and cdn is None:
        raise ConfigurationError(
            "nobody can read anonymously what a KMS key encrypts",
            where=where,
            key=("aws", "kms-key-arn"),
            remedy="take `aws.kms-key-arn` out: S3 then encrypts with its own keys; make the channel private; or set "
            "`cdn`, which decrypts",
        )
    if keys.visibility == "public" and aws.vpc_endpoints:
        raise ConfigurationError(
            "a channel that is read through VPC endpoints only is not public",
            where=where,
            key=("aws", "vpc-endpoints"),
            remedy="take `aws.vpc-endpoints` out, or make the channel private",
        )


_CERTIFICATES_IN = "us-east-1"


def check_cdn(cdn: CdnConfig, provider: Provider, location: Location, where: str) -> None:
    """Raise ConfigurationError where the block makes no sense for the bucket."""
    if provider.backend != "aws":
        raise ConfigurationError(
            f"CloudFront reads private buckets on AWS, not at {provider.title}",
            where=where,
            key=("cdn",),
            remedy="take `cdn` out; with a CDN of your own before the bucket, set `public-url` to its URL",
        )
    if partition(location.region) != "aws":
        raise ConfigurationError(
            f"there is no CloudFront in the partition {partition(location.region)} that could read the bucket",
            where=where,
            key=("cdn",),
            remedy="take `cdn` out, or choose a commercial region",
        )
    if "." in location.bucket:
        raise ConfigurationError(
            f"the dot in {location.bucket!r} breaks TLS between CloudFront and the bucket",
            where=where,
            key=("bucket",),
            remedy="choose a name without dots",
        )
    if (cdn.domain is None) != (cdn.certificate_arn is None):
        missing = "domain" if cdn.domain is None else "certificate-arn"
        raise ConfigurationError(
            "a domain and its certificate go together",
            where=where,
            key=("cdn", missing),
            remedy=f"set `cdn.{missing}` too, or take the other out: the distribution has a name and certificate",
        )
    if cdn.certificate_arn is not None and cdn.certificate_arn.split(":")[3] != _CERTIFICATES_IN:
        raise ConfigurationError(
            f"CloudFront takes certificates of {_CERTIFICATES_IN} only",
            where=where,
            key=("cdn", "certificate-arn"),
            remedy=f"request or import the certificate in {_CERTIFICATES_IN}, and name that one",
        )


def check_behind_cdn(visibility: Visibility, public_url: str | None, where: str) -> None:
    """Raise ConfigurationError where a channel makes no sense behind a CDN."""
    if visibility != "public":
        raise ConfigurationError(
            "everybody may read what the CDN serves",
            where=where,
            key=("visibility",),
            remedy="set `visibility` to public (the bucket stays private), or take `cdn` out",
        )
    if public_url is not None:
        raise ConfigurationError(
            "the URL follows from `cdn`",
            where=where,
            key=("public-url",),
            remedy="take `public-url` out; `cdn.domain` is the host in it",
        )


def check_combinations(stack: StackSpec, where: str) -> None:
    """Raise ConfigurationError for a stack whose parts the store cannot have together."""
    _check_versions(stack, where)
    _check_audiences(stack, where)


def _check_versions(stack: StackSpec, where: str) -> None:
    """Conditional writes that a versioned bucket would not honour."""
    known = stack.bucket.provider.capabilities
    lost = known["conditional-create"].value == "yes" and known["conditional-versioned"].value == "no"
    many = any(channel.index.writers == "many" for channel in stack.channels)
    if stack.bucket.settings.versioning and many and lost:
        raise ConfigurationError(
            f"{stack.bucket.provider.title} honours no conditional writes in a versioned bucket, so that many writers "
            "would lose each other's packages",
            where=where,
            key=("versioning",),
            remedy="take `versioning` out, or set `index.writers` to single and see to it that one writes at a time",
        )


def _check_audiences(stack: StackSpec, where: str) -> None:
    """MinIO tells the settings of its issuers apart by the audience alone (client_id)."""
    if stack.bucket.provider.oidc.value != "minio-openid":
        return
    seen: dict[str, str] = {}
    for channel in stack.channels:
        for principal in channel.principals:
            if principal.token is None:
                continue
            issuer = seen.setdefault(principal.token.audience, principal.token.issuer)
            if issuer != principal.token.issuer:
                raise ConfigurationError(
                    f"{stack.bucket.provider.title} takes tokens for {principal.token.audience!r} of one issuer only, "
                    f"and {issuer} is one",
                    where=f"{where}, channel {channel.name}",
                    key=(ROLES[principal.role], principal.name),
                    remedy="give the two issuers an `audience` each",
                )


def check_prefix(prefix: str, where: str) -> None:
    """Raise ConfigurationError for a prefix that clients would take for a subdir."""
    last = prefix.rsplit("/", 1)[-1]
    if last in KNOWN_SUBDIRS:
        raise ConfigurationError(
            f"the prefix {prefix!r} ends in {last!r}, which clients take for a subdir of a channel",
            where=where,
            key=("prefix",),
            remedy="name the channel's folder, not one of its subdirs",
        )


def check_bucket_name(name: str, endpoint_url: str, path_style: bool, where: str) -> None:
    """Raise ConfigurationError for a name that a bucket cannot have, or that TLS cannot be spoken with."""
    rules = "3 to 63 lower-case letters, digits, dots and hyphens, a letter or digit at both ends"
    bad_part = any(not part or part.startswith("-") or part.endswith("-") for part in name.split("."))
    if bad_part or _is_address(name) or name.startswith("xn--") or name.endswith(("-s3alias", "--ol-s3")):
        raise ConfigurationError(f"{name!r} is not a valid bucket name", where=where, key=("bucket",), remedy=rules)
    if "." in name and not path_style and endpoint_url.startswith("https:"):
        raise ConfigurationError(
            f"the dot in {name!r} breaks TLS, since the name is a part of the host",
            where=where,
            key=("bucket",),
            remedy="choose a name without dots, or set `force-path-style` to true if the store allows it",
        )


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def check_together(channels: Iterable[ChannelSpec], where: str) -> None:
    for one, other in permutations(channels, 2):
        if one.prefix == other.prefix:
            problem = f"channels {one.name!r} and {other.name!r} have the same prefix {one.prefix!r}"
        elif not one.prefix or other.prefix.startswith(one.prefix + "/"):
            problem = f"channel {other.name!r} (prefix {other.prefix!r}) lies inside {one.name!r} ({one.prefix!r})"
        elif one.name == other.name:
            problem = f"two channels are named {one.name!r}"
        elif one.visibility != other.visibility:
            raise ConfigurationError(
                f"channels {one.name!r} ({one.visibility}) and {other.name!r} ({other.visibility}) share a bucket, "
                "where an anonymous reader of one sees the file names of the other",
                where=where,
                key=("channels",),
                remedy="give public and private channels a bucket each",
            )
        else:
            continue
        raise ConfigurationError(
            problem, where=where, key=("channels",), remedy="give each channel a prefix of its own, side by side"
        )


def check_role_names(bucket: BucketSpec, channels: Iterable[ChannelSpec], where: str) -> None:
    seen: dict[str, str] = {}
    for channel in channels:
        for principal in channel.principals:
            if principal.arn is not None:
                continue
            name = role_name(bucket.name, channel.prefix, principal, bucket.aws.roles.name_prefix)
            place = f"channel {channel.name}, {principal.role} {principal.name}"
            if name in seen:
                raise ConfigurationError(
                    f"the name {name!r} would be that of {seen[name]} as well",
                    where=f"{where}, channel {channel.name}",
                    key=(ROLES[principal.role], principal.name),
                    remedy="give one of the two another name",
                )
            seen[name] = place
