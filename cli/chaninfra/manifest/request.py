"""The input of every renderer: the channels in the order of their priority, and what no descriptor says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import addressing_style
from chaninfra.manifest.client_access import ClientChannel, by_bucket

if TYPE_CHECKING:
    from chaninfra.channel.s3.credentials import Credentials

CONDA_FORGE = "conda-forge"
PRINTED_BY = "Printed by `chaninfra manifest`."
"""The first note of every format."""


@dataclass(frozen=True, kw_only=True)
class Sso:
    """A login by AWS IAM Identity Center."""

    start_url: str
    account_id: str
    role_name: str
    region: str | None = None
    """The region of Identity Center; None: the bucket's region."""


@dataclass(frozen=True, kw_only=True)
class ManifestRequest:
    """The channels, and what else a format may need."""

    channels: tuple[ClientChannel, ...]
    """At least one channel, the first with the highest priority."""
    profile: str | None = None
    """The profile name in the AWS configuration files; None: the first channel's name."""
    sso: Sso | None = None
    role_arn: str | None = None
    """ARN of the role that a CI job assumes; None: the job reads it from a variable of the CI system."""
    source: str | None = None
    """The s3:// URL of the channel to promote from; None: the job reads it from a variable of the CI system."""
    others: tuple[str, ...] = (CONDA_FORGE,)
    """The other channels of the list, by name or URL, after ours."""
    credentials: Credentials | None = field(default=None, repr=False)
    """The access key that `auth-file` writes; no other format reads it."""

    @property
    def channel_urls(self) -> list[str]:
        """The channels' URLs, then the others: a package there cannot take the name of a private one."""
        return [*dict.fromkeys([*(access.url for access in self.channels), *self.others])]

    def only_channel(self) -> ClientChannel:
        """The only channel. Raises ConfigurationError if there are several."""
        if len(self.channels) > 1:
            names = [access.descriptor.name for access in self.channels]
            raise ConfigurationError(
                f"the source has {len(names)} channels ({', '.join(names)}), but a job or script publishes to one",
                where=", ".join(access.descriptor.url for access in self.channels),
                remedy=f"name one: stack:NAME#{names[0]}, or give the descriptor of one channel",
            )
        return self.channels[0]

    def in_only_bucket(self) -> ClientChannel:
        """The first channel, if all channels are in the same bucket. Raises ConfigurationError if they are not."""
        buckets = by_bucket(self.channels)
        if len(buckets) > 1:
            raise ConfigurationError(
                f"the channels are in {len(buckets)} buckets ({', '.join(buckets)}), but this format is for one bucket",
                where=", ".join(access.s3_bucket_url for access in buckets.values()),
                remedy="give channels of one bucket only",
            )
        return self.channels[0]


def s3_options(channels: Sequence[ClientChannel]) -> dict[str, dict[str, str | bool]]:
    """Bucket name → pixi's s3-options, for the buckets that need them. pixi requires these three keys."""
    return {
        bucket: {
            "endpoint-url": access.descriptor.endpoint_url,
            "region": access.descriptor.region,
            "force-path-style": access.descriptor.force_path_style,
        }
        for bucket, access in by_bucket([access for access in channels if access.has_s3_options]).items()
    }


def shared_s3_options(channels: Sequence[ClientChannel]) -> dict[str, dict[str, str | bool]]:
    """The same for rattler's configuration files: config.toml, and what `rattler-build --config-file` reads.

    Since rattler_config 0.8 (2026-09-29) they have `addressing-style` (default: virtual-host) and ignore
    `force-path-style` (tried: 0.12); before, they fail without `force-path-style` and ignore the other. A pixi.toml
    takes only `force-path-style`.
    """
    return {
        bucket: {**options, "addressing-style": addressing_style(force_path_style=bool(options["force-path-style"]))}
        for bucket, options in s3_options(channels).items()
    }


def access_notes(channels: Sequence[ClientChannel]) -> tuple[str, ...]:
    """The first note, then one sentence per bucket or URL: how a client gets access to it."""
    notes = [PRINTED_BY, *map(_access_note, channels)]
    return tuple(dict.fromkeys(notes))


def _access_note(access: ClientChannel) -> str:
    bucket, descriptor = access.s3_bucket_url, access.descriptor
    match access.method:
        case "pixi" if not access.has_login:
            return (
                f"The key: chaninfra manifest --auth pixi --format auth-file --into FILE, and set RATTLER_AUTH_FILE to "
                f"FILE. `pixi auth login` cannot keep the key of {descriptor.bucket}, a name with one dot."
            )
        case "pixi":
            return f"Log in once: pixi auth login {bucket} --s3-access-key-id ... --s3-secret-access-key ..."
        case "aws" if access.store_kind == "aws":
            return (
                f"{bucket} is reached with your AWS credentials: environment, AWS_PROFILE, SSO or role. pixi needs the "
                f"bucket's region beside them: export AWS_REGION={descriptor.region}, or, without AWS_REGION, a "
                "profile of that region (chaninfra manifest --format aws-config)."
            )
        case "aws":
            return (
                f"{bucket} is reached with your AWS credentials: environment, AWS_PROFILE, SSO or role "
                f"(region {descriptor.region}, endpoint {descriptor.endpoint_url})."
            )
        case "public":
            return f"{access.url} is public: no login is needed."
        case "gcs":
            return (
                f"{access.url} is reached with Google's credentials: gcloud auth application-default login, or "
                "GOOGLE_APPLICATION_CREDENTIALS."
            )
