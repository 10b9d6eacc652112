"""Checks of a stack config that span several keys or depend on the provider. Each raises ConfigurationError."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations
from typing import TYPE_CHECKING

import msgspec

from chaninfra.channel.config.aws import AwsConfig
from chaninfra.channel.config.cdn import CdnConfig
from chaninfra.channel.config.channel import ChannelConfig
from chaninfra.channel.config.stack import StackConfig
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.providers.aws_partitions import partition
from chaninfra.channel.providers.model import AT_ADMIN_URL, Provider
from chaninfra.channel.roles import ROLES
from chaninfra.channel.spec.follower_checks import check_follower
from chaninfra.channel.spec.model import BucketSpec, ChannelSpec
from chaninfra.channel.spec.role_names import role_name

if TYPE_CHECKING:
    from chaninfra.channel.access import Visibility
    from chaninfra.channel.location import Location
    from chaninfra.channel.spec.model import StackSpec


def check_aws(config: StackConfig, provider: Provider, where: str) -> None:
    """The block `aws`: only for AWS, and without settings of the bucket if the bucket is adopted."""
    defaults = AwsConfig()
    if provider.backend != "aws" and config.aws != defaults:
        raise ConfigurationError(
            f"{provider.title} does not have these settings", where=where, key=("aws",), remedy="set `provider` to aws"
        )
    for field in msgspec.structs.fields(AwsConfig):
        changed = getattr(config.aws, field.name) != getattr(defaults, field.name)
        if config.adopt and changed and field.name in _BUCKET_SETTINGS:
            raise ConfigurationError(
                "an adopted bucket keeps its own settings",
                where=where,
                key=("aws", field.encode_name),
                remedy=f"remove `aws.{field.encode_name}`, and set it where the bucket is declared",
            )
    if config.aws.log_prefix and not config.aws.log_bucket:
        raise ConfigurationError(
            "there is no bucket for the logs", where=where, key=("aws", "log-prefix"), remedy="set `aws.log-bucket`"
        )


def check_admin_url(config: StackConfig, provider: Provider, where: str) -> None:
    """`admin-url`: only for a store whose admin API has a URL of its own; and its token only beside it."""
    if config.admin_url is not None and provider.keys.value not in AT_ADMIN_URL:
        raise ConfigurationError(
            f"{provider.title} has no admin API at a URL of its own",
            where=where,
            key=("admin-url",),
            remedy=f"`provider` is {provider.name}: remove `admin-url`, or set another provider",
        )
    if config.admin_token is not None and config.admin_url is None:
        raise ConfigurationError(
            "there is no admin API that this token is for",
            where=where,
            key=("admin-token",),
            remedy="set `admin-url`, or remove `admin-token`",
        )


_BUCKET_SETTINGS = ("log_bucket", "log_prefix", "vpc_endpoints")
"""Keys of `aws` that are settings of the bucket. `kms-key-arn` is not one of them, since an adopted bucket can have a
KMS key on which the roles need permissions."""


def check_visibility(
    channel: ChannelConfig, provider: Provider, aws: AwsConfig, where: str, cdn: CdnConfig | None
) -> None:
    """The visibility of a channel against the provider, `aws` and `cdn`."""
    visibility = channel.visibility
    if visibility == "organization" and provider.backend != "aws":
        raise ConfigurationError(
            f"{provider.title} has no organizations",
            where=where,
            key=("visibility",),
            remedy="set `visibility` to private or public",
        )
    if visibility == "organization" and aws.organization_id is None:
        raise ConfigurationError(
            "`aws.organization-id` is missing",
            where=where,
            key=("visibility",),
            remedy="set `aws.organization-id` (o-…)",
        )
    if visibility != "organization" and aws.organization_id is not None:
        raise ConfigurationError(
            f"an organization has no access to a {visibility} channel",
            where=where,
            key=("aws", "organization-id"),
            remedy="set `visibility` to organization, or remove `aws.organization-id`",
        )
    if visibility == "public" and aws.kms_key_arn is not None and cdn is None:
        raise ConfigurationError(
            "objects that a KMS key encrypts cannot be read anonymously",
            where=where,
            key=("aws", "kms-key-arn"),
            remedy="remove `aws.kms-key-arn` (S3 then encrypts with its own keys), make the channel private, or set "
            "`cdn` (CloudFront decrypts)",
        )
    if visibility == "public" and aws.vpc_endpoints:
        raise ConfigurationError(
            "a channel that can be read only through VPC endpoints is not public",
            where=where,
            key=("aws", "vpc-endpoints"),
            remedy="remove `aws.vpc-endpoints`, or make the channel private",
        )


_CERTIFICATE_REGION = "us-east-1"


def check_cdn(cdn: CdnConfig, provider: Provider, location: Location, where: str) -> None:
    """The block `cdn` against the provider and the location of the bucket."""
    if provider.backend != "aws":
        raise ConfigurationError(
            f"CloudFront can read private buckets only on AWS, not on {provider.title}",
            where=where,
            key=("cdn",),
            remedy="remove `cdn`; if you run another CDN in front of the bucket, set `public-url` to its URL",
        )
    if partition(location.region) != "aws":
        raise ConfigurationError(
            f"CloudFront cannot read buckets in the partition {partition(location.region)}",
            where=where,
            key=("cdn",),
            remedy="remove `cdn`, or choose a commercial region",
        )
    if "." in location.bucket:
        raise ConfigurationError(
            f"the dot in {location.bucket!r} breaks TLS between CloudFront and the bucket",
            where=where,
            key=("bucket",),
            remedy="choose a name without dots",
        )
    if (cdn.domain is None) != (cdn.certificate_arn is None):
        missing, given = ("domain", "certificate-arn") if cdn.domain is None else ("certificate-arn", "domain")
        raise ConfigurationError(
            "`cdn.domain` and `cdn.certificate-arn` go together",
            where=where,
            key=("cdn", missing),
            remedy=f"set `cdn.{missing}` too; or remove `cdn.{given}` to use the distribution's own domain name",
        )
    if cdn.certificate_arn is not None and cdn.certificate_arn.split(":")[3] != _CERTIFICATE_REGION:
        raise ConfigurationError(
            f"CloudFront uses only certificates in {_CERTIFICATE_REGION}",
            where=where,
            key=("cdn", "certificate-arn"),
            remedy=f"request or import the certificate in {_CERTIFICATE_REGION}, and set the ARN of that one",
        )


def check_behind_cdn(visibility: Visibility, public_url: str | None, where: str) -> None:
    """The keys of a channel whose bucket is behind a CDN."""
    if visibility != "public":
        raise ConfigurationError(
            "everybody can read what the CDN serves",
            where=where,
            key=("visibility",),
            remedy="set `visibility` to public (the bucket stays private), or remove `cdn`",
        )
    if public_url is not None:
        raise ConfigurationError(
            "`cdn` determines the URL",
            where=where,
            key=("public-url",),
            remedy="remove `public-url`; to choose the host name, set `cdn.domain`",
        )


def check_combinations(stack: StackSpec, where: str) -> None:
    """Parts of a stack that its provider cannot combine."""
    check_follower(stack, where)
    _check_listing(stack, where)
    _check_versions(stack, where)
    _check_audiences(stack, where)


def _check_listing(stack: StackSpec, where: str) -> None:
    """What the bucket policy opens of an adopted bucket besides the channels must be acknowledged."""
    bucket = stack.bucket
    # Behind a CDN too: the distribution answers a request for its root with the list of the bucket.
    opened = stack.visibility != "private" and bucket.provider.public.value == "bucket-policy"
    who = "everybody" if stack.visibility == "public" else "every principal of the organization"
    if bucket.adopt and opened and not bucket.whole_bucket_listing:
        what = "list the names of all its objects, those outside the channel too"
        if any(not channel.prefix for channel in stack.channels):
            what = "list and get all its objects, since the channel is the whole bucket"
        raise ConfigurationError(
            f"the bucket {bucket.name} is adopted, and {who} could {what}",
            where=where,
            key=("visibility",),
            remedy="use a bucket of its own for the channel; or set `whole-bucket-listing` to true if nothing else in "
            "the bucket is secret",
        )
    if bucket.whole_bucket_listing and not (bucket.adopt and opened):
        raise ConfigurationError(
            "nobody may list more than the channels of this stack",
            where=where,
            key=("whole-bucket-listing",),
            remedy="remove `whole-bucket-listing`: it is for an adopted bucket that others may read",
        )


def _check_versions(stack: StackSpec, where: str) -> None:
    """Several writers need conditional writes, which some stores ignore in a versioned bucket."""
    capabilities = stack.bucket.provider.capabilities
    ignored = capabilities["conditional-create"].value == "yes" and capabilities["conditional-versioned"].value == "no"
    many = any(channel.index.writers == "many" for channel in stack.channels)
    if stack.bucket.settings.versioning and many and ignored:
        raise ConfigurationError(
            f"{stack.bucket.provider.title} ignores conditional writes in a versioned bucket, so that concurrent "
            "writers would lose each other's packages",
            where=where,
            key=("versioning",),
            remedy="remove `versioning`; or set `index.writers` to single, and run only one writer at a time",
        )


def _check_audiences(stack: StackSpec, where: str) -> None:
    """MinIO distinguishes its OIDC settings only by the audience (client_id), so each issuer needs its own."""
    if stack.bucket.provider.oidc.value != "minio-openid":
        return
    issuers: dict[str, str] = {}
    for channel in stack.channels:
        for principal in channel.principals:
            if principal.token is None:
                continue
            issuer = issuers.setdefault(principal.token.audience, principal.token.issuer)
            if issuer != principal.token.issuer:
                raise ConfigurationError(
                    f"{stack.bucket.provider.title} accepts tokens with the audience {principal.token.audience!r} "
                    f"from one issuer only, which is {issuer} in this stack",
                    where=f"{where}, channel {channel.name}",
                    key=(ROLES[principal.role], principal.name),
                    remedy="use a different `audience` for each issuer",
                )


def check_together(channels: Iterable[ChannelSpec], where: str) -> None:
    """The channels of one bucket must not overlap, and must have one visibility."""
    for one, other in permutations(channels, 2):
        remedy = "give each channel a prefix that is not inside another's"
        if one.prefix == other.prefix:
            problem = f"channels {one.name!r} and {other.name!r} have the same prefix {one.prefix!r}"
        elif not one.prefix or other.prefix.startswith(one.prefix + "/"):
            problem = f"channel {other.name!r} (prefix {other.prefix!r}) is inside {one.name!r} ({one.prefix!r})"
        elif one.name == other.name:
            problem = f"two channels have the name {one.name!r}"
            remedy = "set a different `name` for each channel"
        elif one.visibility != other.visibility:
            problem = (
                f"channels {one.name!r} ({one.visibility}) and {other.name!r} ({other.visibility}) share a bucket, "
                "where anonymous readers of one can list the file names of the other"
            )
            remedy = "put public and private channels in different buckets"
        else:
            continue
        raise ConfigurationError(problem, where=where, key=("channels",), remedy=remedy)


def check_role_names(bucket: BucketSpec, channels: Iterable[ChannelSpec], where: str) -> None:
    """Every principal needs a role name of its own."""
    seen: dict[str, str] = {}
    for channel in channels:
        for principal in channel.principals:
            if principal.arn is not None:
                continue
            name = role_name(bucket.name, channel.prefix, principal, bucket.aws.roles.name_prefix)
            if name in seen:
                raise ConfigurationError(
                    f"the IAM role name {name!r} is also that of {seen[name]}",
                    where=f"{where}, channel {channel.name}",
                    key=(ROLES[principal.role], principal.name),
                    remedy="rename one of the two principals",
                )
            seen[name] = f"channel {channel.name}, {principal.role} {principal.name}"
