"""The stack config: the keys of chaninfra in `Pulumi.<stack>.yaml`. The schema `stack-config` is generated from it.

`parse_config` gets the keys without their namespace. `pulumi config set` writes strings, so values are converted to the
types of the schema before they are validated.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chaninfra.channel import patterns
from chaninfra.channel.config.aws import AwsConfig
from chaninfra.channel.config.cdn import CdnConfig
from chaninfra.channel.config.channel import ChannelConfig
from chaninfra.channel.config.coercion import coerce, expand_paths
from chaninfra.channel.config.schema import STACK_CONFIG, load, validate
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import check_endpoint
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.roles import ROLES

Encryption = Literal["sse-s3"]

SHARED = ("subdirs", "visibility", "auth", "index", "page", "retention", "snapshots", *ROLES.values())
"""Top-level keys that are the defaults of every channel in `channels`."""
OF_ONE = ("name", "prefix", "public-url", "mirrors")
"""Those that describe one channel, and are refused beside `channels`."""

MAX_TAGS = 50
"""The tags that a bucket or a role can have (Amazon S3 and IAM, quotas)."""

SECRET_KEYS = ("secret-access-key", "session-token", "admin-token")
"""Keys with encrypted values. The program never reads them; the dynamic resources ask the Pulumi engine."""


class StackConfig(ChannelConfig, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """The stack config. The keys of a channel at the top level describe the only channel, or are the defaults of all
    channels in `channels`."""

    provider: Annotated[
        str | None,
        Meta(
            description="The store. Default: `custom` if `endpoint-url` is set, else `aws`.",
            extra_json_schema={"enum": [*PROVIDERS, None]},
        ),
    ] = None
    bucket: Annotated[
        str,
        Meta(
            description="Name of the bucket: 3 to 63 lower-case letters, digits, dots and hyphens.",
            pattern=patterns.BUCKET,
            examples=["my-bucket"],
        ),
    ]
    region: Annotated[
        Annotated[str, Meta(pattern=patterns.REGION)] | None,
        Meta(
            description="Region of the bucket. Default: the store's default region; on AWS `aws:region` or AWS_REGION.",
            examples=["eu-central-1", "us-east-1"],
        ),
    ] = None
    endpoint_url: Annotated[
        Annotated[str, Meta(pattern=patterns.ENDPOINT_TO_TRIM)] | None,
        Meta(
            description="URL of the store's S3 API, without the bucket. Required if the store has no fixed endpoint "
            "(minio, custom).",
            examples=["https://minio.example.com"],
        ),
    ] = None
    admin_url: Annotated[
        Annotated[str, Meta(pattern=patterns.ENDPOINT_TO_TRIM)] | None,
        Meta(
            description="Garage only: URL of its admin API, by which `pulumi up` makes the access keys of principals. "
            "Default: keys are made by hand, as the output `next-steps` says.",
            examples=["http://garage.example.com:3903"],
        ),
    ] = None
    admin_token: Annotated[
        str | None,
        Meta(
            description="Token of the admin API at `admin-url`. Default: the variable GARAGE_ADMIN_TOKEN. Set it with "
            "`pulumi config set --secret`, never unencrypted."
        ),
    ] = None
    account_id: Annotated[
        Annotated[str, Meta(pattern=patterns.WORD)] | None,
        Meta(
            description="Cloudflare R2 only: the account ID, which is part of the endpoint.",
            examples=["0123456789abcdef0123456789abcdef"],
        ),
    ] = None
    jurisdiction: Annotated[
        Annotated[str, Meta(pattern=patterns.WORD)] | None,
        Meta(
            description="Cloudflare R2 only: for example `eu`, if the bucket was created in a jurisdiction.",
            examples=["eu"],
        ),
    ] = None
    location: Annotated[
        Annotated[str, Meta(pattern=patterns.WORD)] | None,
        Meta(description="Hetzner only: the location code in the endpoint, for example `fsn1`.", examples=["fsn1"]),
    ] = None
    force_path_style: Annotated[
        bool | None,
        Meta(
            description="true: https://HOST/BUCKET, false: https://BUCKET.HOST. Default: the provider's addressing "
            "style."
        ),
    ] = None
    profile: Annotated[
        Annotated[str, Meta(pattern=patterns.TEXT)] | None,
        Meta(
            description="Profile of the AWS configuration files whose credentials are used.",
            examples=["my-profile"],
        ),
    ] = None
    access_key_id: Annotated[
        Annotated[str, Meta(pattern=patterns.KEY_ID)] | None,
        Meta(
            description="ID of the access key for the store. Default: from the environment or the profile.",
            examples=["AKIAIOSFODNN7EXAMPLE"],
        ),
    ] = None
    secret_access_key: Annotated[
        str | None,
        Meta(description="Secret of the access key. Set it with `pulumi config set --secret`, never unencrypted."),
    ] = None
    session_token: Annotated[
        str | None,
        Meta(description="Session token of temporary credentials. Set it with `pulumi config set --secret`."),
    ] = None
    adopt: Annotated[
        bool,
        Meta(
            description="Use a bucket that already exists. Pulumi never deletes the bucket or its packages, and does "
            "not change anything else in it. On AWS, roles of the channel's principals and OIDC providers that exist "
            "are taken over."
        ),
    ] = False
    whole_bucket_listing: Annotated[
        bool,
        Meta(
            description="Let everybody who may read list the names of all objects in an adopted bucket, those that are "
            "not in a channel too, and get all of them if the channel is the whole bucket. Required if `adopt` is set "
            "and `visibility` is public or organization, since S3 answers 403 for missing files without the "
            "permission to list, and pixi stops there."
        ),
    ] = False
    force_destroy: Annotated[
        bool,
        Meta(
            description="Let `pulumi destroy` delete the packages too. Run `pulumi up` after setting it, since destroy "
            "reads the setting from the state."
        ),
    ] = False
    protect: Annotated[
        bool, Meta(description="Pulumi's resource option protect on the bucket: `pulumi destroy` fails at once.")
    ] = False
    versioning: Annotated[
        bool | None,
        Meta(
            description="Whether the store keeps old versions of objects. Default: yes on AWS; elsewhere the setting "
            "of the store is not changed."
        ),
    ] = None
    encryption: Annotated[
        Encryption | None,
        Meta(
            description="Encryption of objects, unless the upload requests another. `sse-s3`: with keys of the store. "
            "Default: `sse-s3` on AWS, unless `aws.kms-key-arn` is set; elsewhere the setting of the store is not "
            "changed."
        ),
    ] = None
    old_versions_days: Annotated[
        Annotated[int, Meta(ge=1, le=36500)] | None,
        Meta(
            description="Days after which old versions of objects are deleted. Default: 90 on AWS, elsewhere never.",
            examples=[30],
        ),
    ] = None
    open_uploads_days: Annotated[
        Annotated[int, Meta(ge=1, le=365)] | None,
        Meta(
            description="Days after which unfinished multipart uploads are deleted. Default: 7 on AWS; elsewhere the "
            "setting of the store is not changed.",
            examples=[7],
        ),
    ] = None
    cors_origins: Annotated[
        tuple[Annotated[str, Meta(pattern=patterns.ORIGIN)], ...],
        Meta(
            description="Web pages of these origins may read the channels (CORS); one `*` in an origin stands for any "
            "text.",
            examples=[["https://docs.example.com"]],
        ),
    ] = ()
    tags: Annotated[
        dict[Annotated[str, Meta(pattern=patterns.TAG_KEY)], Annotated[str, Meta(pattern=patterns.TAG_VALUE)]],
        Meta(
            description="Tags of the bucket, and on AWS also of the IAM roles: at most 50, keys of at most 128 and "
            "values of at most 256 letters, digits, spaces and _.:/=+-@; no key begins with aws:.",
            max_length=MAX_TAGS,
            examples=[{"team": "platform"}],
        ),
    ] = {}
    aws: Annotated[AwsConfig, Meta(description="Settings for AWS only: bucket, IAM roles and OIDC providers.")] = (
        AwsConfig()
    )
    cdn: Annotated[
        CdnConfig | None,
        Meta(
            description="Amazon CloudFront in front of the bucket. The bucket stays private, and everybody reads the "
            "channels over HTTPS from CloudFront, so `visibility` must be public. `{}` uses the distribution's own "
            "domain name.",
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
        dict[Annotated[str, Meta(pattern=patterns.CHANNEL)], ChannelConfig],
        Meta(
            description="Several channels in the bucket: name → its keys, which override those at the top level. The "
            "default `prefix` of a channel is its name.",
            examples=[{"stable": {}, "nightly": {"subdirs": ["linux-64"]}}],
        ),
    ] = {}


def parse_config(raw: dict[str, Any], *, where: str) -> tuple[StackConfig, dict[str, ChannelConfig]]:
    """The stack config, and name → config of each entry of `channels` (empty if the top-level keys are the channel).

    `raw` are the keys without their namespace; a key may be a dotted path (`index.monolith`), and a value may be a
    string where the schema has another type. `where` names the file or stack in errors. Raises ConfigurationError.
    """
    schema = load(STACK_CONFIG)["$defs"]["config"]
    # Coerced before the paths are expanded, since a path can lead into a mapping that is written as JSON text, and
    # again afterwards, since only then the schema of the value of a path is known.
    document = coerce(expand_paths(coerce(raw, schema), where=where), schema)
    try:
        config = msgspec.convert(document, StackConfig)
    except msgspec.ValidationError as error:
        if isinstance(endpoint := document.get("endpoint-url"), str):
            # It says what to write instead; the schema has a pattern alone.
            check_endpoint(endpoint, where)
        # The validator of the schema gives better messages, with the nearest known key. It is slow to import.
        validate(document, STACK_CONFIG, where=where, part="config")
        raise ConfigurationError(str(error), where=where, remedy=f"chaninfra schema {STACK_CONFIG}") from error
    shared = {key: value for key, value in document.items() if key in SHARED}
    channels = {
        name: msgspec.convert({"name": name, "prefix": name, **shared, **keys}, ChannelConfig)
        for name, keys in document.get("channels", {}).items()
    }
    for key in OF_ONE:
        if channels and document.get(key) is not None:
            raise ConfigurationError(
                f"`{key}` describes one channel, but `channels` describes {len(channels)}",
                where=where,
                key=(key,),
                remedy=f"move `{key}` into one of the channels",
            )
    return config, channels


CREDENTIALS = ("access-key-id", *SECRET_KEYS)
"""Keys of the stack config that are not arguments of the components: the state contains the inputs of a resource
unencrypted."""

_ACCOUNT = "000000000000"

OUTPUT_PLACEHOLDERS: dict[tuple[str, str], str] = {
    ("aws", "kms-key-arn"): f"arn:aws:kms:us-east-1:{_ACCOUNT}:key/not-known-yet",
    ("aws", "log-bucket"): "not-known-yet",
    ("follower", "alarm-topic"): f"arn:aws:sns:us-east-1:{_ACCOUNT}:not-known-yet",
    ("cdn", "certificate-arn"): f"arn:aws:acm:us-east-1:{_ACCOUNT}:certificate/not-known-yet",
    ("principal", "arn"): f"arn:aws:iam::{_ACCOUNT}:role/not-known-yet",
    ("promoter", "arn"): f"arn:aws:iam::{_ACCOUNT}:role/not-known-yet",
}
"""The arguments of components that may be outputs: (definition in the schema, key) → the valid value that is used for
checks until the output is known."""
