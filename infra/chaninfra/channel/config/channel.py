"""The keys of one channel in the stack config."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from chaninfra.channel import patterns
from chaninfra.channel.access import Auth, Visibility
from chaninfra.channel.conda.index_settings import Follow, Format, IndexSettings
from chaninfra.channel.conda.mirrors import MIRRORS, Mirror, MirrorName
from chaninfra.channel.conda.retention import RETENTION, RetentionRule, RuleName
from chaninfra.channel.conda.snapshot_schedule import SnapshotSchedule
from chaninfra.channel.conda.subdirs import DEFAULT_SUBDIRS, Subdir
from chaninfra.channel.config.principals import PrincipalConfig, PromoterConfig

_Name = Annotated[str, Meta(pattern=patterns.NAME)]
Principals = dict[_Name, PrincipalConfig]


class FollowConfig(Follow, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """What a follower does with what it finds, and how the store tells it."""

    # No writer and no client needs it, so it is not in the descriptor.
    target: Annotated[
        Annotated[str, Meta(pattern=patterns.EVENT_TARGET)] | None,
        Meta(
            description="Where the bucket sends the events of packages and sidecars: the ARN of a target that the "
            "server's operator has set up, as the stack output `next-steps` says. `pulumi up` then sets the "
            "notifications of the bucket, and leaves others as they are. Not for AWS, and not for stores without this "
            "API.",
            examples=["arn:minio:sqs::chaninfra:webhook", "arn:aws:sns:default::chaninfra"],
        ),
    ] = None


class IndexConfig(IndexSettings, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """How the index files of the channel are written."""

    follow: Annotated[
        FollowConfig | UnsetType,
        Meta(
            description="Declares that `chaninfra follow` runs for this channel, or on AWS lets `pulumi up` make what "
            "follows: the index follows every upload and deletion, by whatever tool. With `writers: single` the "
            "follower is the one writer of the index: `publish` only uploads, and waits for it. Not on AWS, where "
            "several runs write.",
            examples=[{"overwrites": "index"}],
        ),
    ] = UNSET
    old_formats: Annotated[
        tuple[Format, ...] | None,
        Meta(
            description="Has no effect any more; remove it. `monolith` took its place.",
            examples=[["json", "zst", "shards"]],
            extra_json_schema={"deprecated": True},
        ),
    ] = field(default=None, name="formats")


class ChannelConfig(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """The keys of one channel."""

    name: Annotated[
        Annotated[str, Meta(pattern=patterns.CHANNEL)] | None,
        Meta(
            description="Name of the channel. Default: the last segment of `prefix`, else the bucket's name.",
            examples=["my-channel"],
        ),
    ] = None
    prefix: Annotated[
        Annotated[str, Meta(pattern=patterns.PREFIX_TO_TRIM)] | None,
        Meta(
            description="Folder of the channel in the bucket. Default: the whole bucket is the channel.",
            examples=["my-channel", "team/stable"],
        ),
    ] = None
    subdirs: Annotated[
        tuple[Annotated[Subdir, Meta(description="A conda subdir.")], ...],
        Meta(
            description="Subdirs (platforms) of the channel; noarch is always included.",
            examples=[["linux-64", "osx-arm64"]],
        ),
    ] = DEFAULT_SUBDIRS
    visibility: Annotated[
        Visibility,
        Meta(
            description="Who may read. `private`: the principals that the config names. `organization`: all principals "
            "of an AWS organization (`aws.organization-id`). `public`: everybody, over HTTPS."
        ),
    ] = "private"
    auth: Annotated[
        Auth | None,
        Meta(
            description="How clients authenticate; `chaninfra manifest` prints the settings for it. `aws`: with the "
            "credentials that AWS tools find. `pixi`: with pixi's credential store and s3-options. `public`: not at "
            "all, by an HTTPS URL. Default: `public` for a public channel, `aws` on AWS, else `pixi`."
        ),
    ] = None
    public_url: Annotated[
        Annotated[str, Meta(pattern=patterns.URL)] | None,
        Meta(
            description="HTTPS URL of a public channel, if the store assigns the bucket a domain or you use your own. "
            "Default: derived from the endpoint.",
            examples=["https://conda.example.com/my-channel"],
        ),
    ] = None
    index: Annotated[IndexConfig, Meta(description="How the index is written.")] = IndexConfig()
    page: Annotated[
        bool | None,
        Meta(
            description="Whether the channel has a page, `index.html`, which shows in a browser what the channel has, "
            "and whether publishing notes for it what each package says of itself (`<subdir>/summaries/`). `chaninfra "
            "browse` shows the same page of any channel. Default: true for a public channel, else false.",
        ),
    ] = None
    retention: Annotated[dict[RuleName, RetentionRule], RETENTION] = {}
    mirrors: Annotated[dict[MirrorName, Mirror], MIRRORS] = {}
    snapshots: Annotated[
        SnapshotSchedule | UnsetType,
        Meta(
            description="Snapshots of the channel that are made by the clock: by `chaninfra follow`, on AWS by what "
            "`index.follow` makes, or by a scheduled job. Default: they are made by hand alone.",
            examples=[{"every": "1d", "keep": 60}],
        ),
    ] = UNSET
    publishers: Annotated[
        Principals,
        Meta(
            description="Principals that may add packages: a name of your choice → the principal.",
            examples=[{"ci": {"github": {"repository": "acme/packages", "branch": "main"}}}, {"ci": {"key": {}}}],
        ),
    ] = {}
    readers: Annotated[
        Principals,
        Meta(
            description="Principals that may fetch packages: a name of your choice → the principal.",
            examples=[{"other-account": {"arn": "123456789012"}}, {"people": {"key": {}}}],
        ),
    ] = {}
    maintainers: Annotated[
        Principals,
        Meta(
            description="Principals that may also yank and delete packages and run `chaninfra gc`: a name of your "
            "choice → the principal.",
            examples=[{"keepers": {"github": {"repository": "acme/packages", "environment": "channel"}}}],
        ),
    ] = {}
    promoters: Annotated[
        dict[_Name, PromoterConfig],
        Meta(
            description="Publishers that may also patch, and read the channels that they promote from: a name of your "
            "choice → the principal.",
            examples=[
                {
                    "release": {
                        "github": {"repository": "acme/packages", "environment": "production"},
                        "from": ["s3://acme-staging/main"],
                    }
                }
            ],
        ),
    ] = {}
