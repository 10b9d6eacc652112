"""The stack config: the keys that people write in `Pulumi.<stack>.yaml`, the one model that its schema is made from.

The program sees the keys without their namespace; values that `pulumi config set` wrote as strings are coerced by
the schema before they are validated.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chaninfra.channel.config.aws import AwsConfig
from chaninfra.channel.config.cdn import CdnConfig
from chaninfra.channel.config.channel import ChannelConfig
from chaninfra.channel.config.coercion import coerce, placed
from chaninfra.channel.config.schema import STACK_CONFIG, load, validate
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.providers import PROVIDERS

Encryption = Literal["sse-s3"]

# Flat keys that are the defaults of each of `channels`.
_SHARED = ("subdirs", "visibility", "auth", "index", "publishers", "readers", "maintainers")

# Read by Pulumi alone, as encrypted values; the program never sees them.
SECRET_KEYS = ("secret-access-key", "session-token")


class StackConfig(ChannelConfig, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """The keys that the program reads. The keys of a channel, written flat, describe one channel, or are the defaults
    of all in `channels`."""

    provider: Annotated[
        str | None,
        Meta(
            description="The store; left out, `custom` when there is an `endpoint-url`, else `aws`.",
            extra_json_schema={"enum": [*PROVIDERS, None]},
        ),
    ] = None
    bucket: Annotated[
        str,
        Meta(
            description="The bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens.",
            min_length=3,
            max_length=63,
            pattern=r"^[a-z0-9][a-z0-9.-]*[a-z0-9]$",
            examples=["my-bucket"],
        ),
    ]
    region: Annotated[
        Annotated[str, Meta(pattern="^[A-Za-z0-9-]+$")] | None,
        Meta(
            description="The region of the bucket; left out, the store's usual one. On AWS it is then `aws:region` or "
            "AWS_REGION.",
            examples=["eu-central-1", "us-east-1"],
        ),
    ] = None
    endpoint_url: Annotated[
        Annotated[str, Meta(pattern="^https?://[^/?#@]+/?$")] | None,
        Meta(
            description="The URL of the store's S3 API, without the bucket; needed where the store has none of its "
            "own (minio, custom).",
            examples=["https://minio.example.com"],
        ),
    ] = None
    account_id: Annotated[
        Annotated[str, Meta(pattern="^[A-Za-z0-9]+$")] | None,
        Meta(
            description="Cloudflare R2: the account, a part of the endpoint.",
            examples=["0123456789abcdef0123456789abcdef"],
        ),
    ] = None
    jurisdiction: Annotated[
        Annotated[str, Meta(pattern="^[a-z]+$")] | None,
        Meta(description="Cloudflare R2: the jurisdiction, where the bucket has one.", examples=["eu"]),
    ] = None
    location: Annotated[
        Annotated[str, Meta(pattern="^[a-z0-9]+$")] | None,
        Meta(description="Hetzner: the location of the bucket.", examples=["fsn1"]),
    ] = None
    force_path_style: Annotated[
        bool | None,
        Meta(description="Whether the bucket is in the path of a URL and not in its host; left out, the store's way."),
    ] = None
    profile: Annotated[
        str | None,
        Meta(
            description="The profile of the AWS configuration files whose credentials are used.",
            examples=["my-profile"],
        ),
    ] = None
    access_key_id: Annotated[
        str | None,
        Meta(
            description="The access key of the store; left out, it comes from the environment or the profile.",
            examples=["AKIAIOSFODNN7EXAMPLE"],
        ),
    ] = None
    secret_access_key: Annotated[
        str | None,
        Meta(description="The secret of the access key; set it with `pulumi config set --secret`, never in clear."),
    ] = None
    session_token: Annotated[
        str | None, Meta(description="The session token of temporary credentials; `--secret` as well.")
    ] = None
    adopt: Annotated[
        bool,
        Meta(
            description="Take a bucket that exists. It and its packages are never deleted by Pulumi afterwards, and "
            "what else is in it is left alone."
        ),
    ] = False
    force_destroy: Annotated[
        bool,
        Meta(
            description="Let `pulumi destroy` delete the packages too. It works only after a `pulumi up`, since "
            "destroy reads the state."
        ),
    ] = False
    protect: Annotated[
        bool, Meta(description="Pulumi's own protection of the bucket: destroy then fails before anything is counted.")
    ] = False
    versioning: Annotated[
        bool | None,
        Meta(
            description="Whether the store keeps old versions of objects. Left out: on AWS it does, elsewhere it is as "
            "the store has it."
        ),
    ] = None
    encryption: Annotated[
        Encryption | None,
        Meta(
            description="How objects are encrypted where the request does not say: `sse-s3`, with keys of the store. "
            "Left out: on AWS that too, unless there is `aws.kms-key-arn`; elsewhere it is as the store has it."
        ),
    ] = None
    old_versions_days: Annotated[
        Annotated[int, Meta(ge=1, le=36500)] | None,
        Meta(
            description="After how many days old versions of objects are deleted. Left out: on AWS 90, elsewhere "
            "never.",
            examples=[30],
        ),
    ] = None
    open_uploads_days: Annotated[
        Annotated[int, Meta(ge=1, le=365)] | None,
        Meta(
            description="After how many days uploads that were never finished are deleted. Left out: on AWS 7, "
            "elsewhere as the store does it.",
            examples=[7],
        ),
    ] = None
    cors_origins: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(description="Web pages of these origins may read the channels.", examples=[["https://docs.example.com"]]),
    ] = ()
    tags: Annotated[
        dict[str, str],
        Meta(description="Tags of the bucket, and on AWS of the roles.", examples=[{"team": "platform"}]),
    ] = {}
    aws: Annotated[AwsConfig, Meta(description="What only a bucket on AWS can have.")] = AwsConfig()
    cdn: Annotated[
        CdnConfig | None,
        Meta(
            description="Amazon CloudFront before the bucket, which stays private: everybody reads the channels by "
            "https from there, so `visibility` must be public. `{}` takes the distribution's own name.",
            examples=[
                {},
                {
                    "domain": "conda.example.com",
                    "certificate-arn": "arn:aws:acm:us-east-1:123456789012:certificate/"
                    "1234abcd-12ab-34cd-56ef-1234567890ab",
                },
            ],
        ),
    ] = None
    channels: Annotated[
        dict[Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$")], ChannelConfig],
        Meta(
            description="Several channels in the bucket: name → the keys that differ from the flat ones. A channel's "
            "prefix is its name unless it says otherwise.",
            examples=[{"stable": {}, "nightly": {"subdirs": ["linux-64"]}}],
        ),
    ] = {}


def parse_config(raw: dict[str, Any], *, where: str) -> tuple[StackConfig, dict[str, ChannelConfig]]:
    """The config, and the keys of each channel by name (empty: the flat keys are the one channel).

    `where` names the file or stack in errors. Raises ConfigurationError.
    """
    schema = load(STACK_CONFIG)["$defs"]["config"]
    # Mappings that came as text are such before what a path says is put into them.
    document = coerce(placed(coerce(raw, schema), where=where), schema)
    try:
        config = msgspec.convert(document, StackConfig)
    except msgspec.ValidationError as error:
        # The schema's own validator words it better, with the nearest known key; it is slow to import.
        validate(document, STACK_CONFIG, where=where, part="config")
        raise ConfigurationError(str(error), where=where, remedy=f"chaninfra schema {STACK_CONFIG}") from error
    shared = {key: value for key, value in document.items() if key in _SHARED}
    channels = {
        name: msgspec.convert({"name": name, "prefix": name, **shared, **keys}, ChannelConfig)
        for name, keys in document.get("channels", {}).items()
    }
    for key in ("name", "prefix", "public-url"):
        if channels and document.get(key) is not None:
            raise ConfigurationError(
                f"`{key}` describes one channel, but `channels` describes {len(channels)}",
                where=where,
                key=(key,),
                remedy=f"move `{key}` into the channel that it is meant for",
            )
    return config, channels


CREDENTIALS = ("access-key-id", *SECRET_KEYS)
"""Keys of the stack config that are no arguments: the stack of the program has them, since a resource's inputs lie in
its state in clear."""

_ACCOUNT = "000000000000"

OUTPUT_PLACEHOLDERS: dict[tuple[str, str], str] = {
    ("aws", "kms-key-arn"): f"arn:aws:kms:us-east-1:{_ACCOUNT}:key/not-known-yet",
    ("aws", "log-bucket"): "not-known-yet",
    ("cdn", "certificate-arn"): f"arn:aws:acm:us-east-1:{_ACCOUNT}:certificate/not-known-yet",
    ("principal", "arn"): f"arn:aws:iam::{_ACCOUNT}:role/not-known-yet",
}
"""The arguments that may be outputs, as (definition of the stack config's schema, key) → what stands for one."""
