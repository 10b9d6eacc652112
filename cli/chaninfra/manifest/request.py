"""What a renderer is given: the channels in the order of their priority, and what no descriptor says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ChannelAccess, buckets

if TYPE_CHECKING:
    from chaninfra.channel.s3.credentials import Credentials

CONDA_FORGE = "conda-forge"
PRINTED = "Printed by `chaninfra manifest`."


@dataclass(frozen=True, kw_only=True)
class Sso:
    """A login by AWS IAM Identity Center: where, and as whom."""

    start_url: str
    account_id: str
    role_name: str
    region: str | None = None
    """Where Identity Center is; None: the bucket's region."""


@dataclass(frozen=True, kw_only=True)
class ManifestRequest:
    """The channels, and what else a format may need."""

    clients: tuple[ChannelAccess, ...]
    profile: str | None = None
    """The profile of the AWS configuration files; None: the first channel's name."""
    sso: Sso | None = None
    role_arn: str | None = None
    """The role that a CI job assumes; None: the job finds it in a variable."""
    credentials: Credentials | None = field(default=None, repr=False)
    """What auth-file writes; no other format ever sees a secret."""

    @property
    def channels(self) -> list[str]:
        """The URLs, these channels before conda-forge, so that nobody there can take a private name."""
        return [*dict.fromkeys(each.url for each in self.clients), CONDA_FORGE]

    def one(self) -> ChannelAccess:
        """The only channel. Raises ConfigurationError where there are more."""
        if len(self.clients) > 1:
            names = ", ".join(each.descriptor.name for each in self.clients)
            raise ConfigurationError(
                f"there are {len(self.clients)} channels ({names}), and one publishes to one",
                where=", ".join(each.descriptor.url for each in self.clients),
                remedy=f"name it: stack:NAME#{self.clients[0].descriptor.name}, or give the descriptor of one alone",
            )
        return self.clients[0]

    def one_bucket(self) -> ChannelAccess:
        """The first channel, where all are in one bucket. Raises ConfigurationError where they are not."""
        found = buckets(self.clients)
        if len(found) > 1:
            raise ConfigurationError(
                f"the channels are in {len(found)} buckets ({', '.join(found)}), and a job logs in to one",
                where=", ".join(each.bucket_url for each in found.values()),
                remedy="give the channels of one bucket",
            )
        return self.clients[0]


def options(clients: Sequence[ChannelAccess]) -> dict[str, dict[str, str | bool]]:
    """The s3-options of the buckets that need them, once a bucket; the three keys are all there are, and required."""
    wanted = [each for each in clients if each.has_options]
    return {
        bucket: {
            "endpoint-url": each.descriptor.endpoint_url,
            "region": each.descriptor.region,
            "force-path-style": each.descriptor.force_path_style,
        }
        for bucket, each in buckets(wanted).items()
    }


def notes(clients: Sequence[ChannelAccess]) -> list[str]:
    """How to get in: a sentence for what each bucket needs, once."""
    found = [PRINTED]
    for each in clients:
        bucket, descriptor = each.bucket_url, each.descriptor
        match each.way:
            case "pixi":
                note = f"Log in once: pixi auth login {bucket} --s3-access-key-id ... --s3-secret-access-key ..."
            case "aws":
                note = (
                    f"{bucket} is reached with your AWS credentials: environment, AWS_PROFILE, SSO or role "
                    f"(region {descriptor.region}, endpoint {descriptor.endpoint_url})."
                )
            case "public":
                note = f"{each.url} is public: no login is needed."
            case "gcs":
                note = (
                    f"{each.url} is reached with Google's credentials: gcloud auth application-default login, or "
                    "GOOGLE_APPLICATION_CREDENTIALS."
                )
        if note not in found:
            found.append(note)
    return found
