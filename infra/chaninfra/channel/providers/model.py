"""The columns of PROVIDERS: the facts about a store, each with its sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar
from urllib.parse import quote

from chaninfra.channel.location import Dialect, EtagForm, Location, join
from chaninfra.channel.providers.aws_partitions import dns_suffix
from chaninfra.channel.providers.templates import fill, names, needed

if TYPE_CHECKING:
    from chaninfra.channel.roles import Role

T = TypeVar("T", covariant=True)

Addressing = Literal["path", "virtual-host"]
Scheme = Literal["s3", "gcs"]
Backend = Literal["aws", "s3"]
Support = Literal["yes", "no", "unknown"]
LocationConstraint = Literal["region", "omitted"]
Checksums = Literal["when_required", "when_supported"]
Digest = Literal["checksum", "content-md5"]
PublicWay = Literal["bucket-policy", "acl", "by-hand"]
KeyWay = Literal[
    "aws-iam",
    "minio-admin",
    "versitygw-admin",
    "ceph-admin",
    "seaweedfs-iam",
    "garage-admin",
    "rustfs-admin",
    "by-hand",
]
BY_BUCKET_POLICY: frozenset[KeyWay] = frozenset({"versitygw-admin"})
"""The ways of making keys whose users have no policies: the bucket policy names their access keys."""
ALPHANUMERIC: frozenset[KeyWay] = frozenset({"seaweedfs-iam"})
"""The ways of making keys whose ids have letters and digits only."""
AT_ADMIN_URL: frozenset[KeyWay] = frozenset({"garage-admin"})
"""The ways whose API is not at the S3 endpoint: without `admin-url` in the stack config keys are made by hand."""
WHOLE_BUCKET: frozenset[KeyWay] = frozenset({"garage-admin"})
"""The ways, and the same stores by hand, of keys that may read, or read and write, a whole bucket and never a part."""
VersionRights = Literal["own", "with-object", "unknown"]
NotificationChange = Literal["whole-list", "by-id"]
PolicyPlace = Literal["own", "file-attribute"]
ObjectOwner = Literal["bucket", "writer"]
SettingsChanges = Literal["independent", "one-by-one", "unknown"]
OidcWay = Literal["aws-iam", "minio-openid", "versitygw-iam", "none"]

Capability = Literal[
    "bucket-policy",
    "acl",
    "public-access-block",
    "cors",
    "lifecycle-versions",
    "lifecycle-uploads",
    "versioning",
    "encryption",
    "tags",
    "conditional-create",
    "conditional-replace",
    "conditional-multipart",
    "conditional-copy",
    "conditional-versioned",
    "conditional-recreate",
    "notifications",
]

CAPABILITIES: dict[Capability, str] = {
    "bucket-policy": "PutBucketPolicy, enforced by the store",
    "acl": "PutBucketAcl",
    "public-access-block": "PutPublicAccessBlock",
    "cors": "PutBucketCors",
    "lifecycle-versions": "lifecycle rules that expire old versions",
    "lifecycle-uploads": "lifecycle rules that abort abandoned multipart uploads",
    "versioning": "PutBucketVersioning",
    "encryption": "PutBucketEncryption with SSE-S3 as the default encryption",
    "tags": "PutBucketTagging",
    "conditional-create": "PUT with If-None-Match: * fails if the key exists",
    "conditional-replace": "PUT with If-Match fails if the object has another ETag",
    "conditional-multipart": "CompleteMultipartUpload honours If-None-Match: * too",
    "conditional-copy": "CopyObject honours If-None-Match: * and x-amz-copy-source-if-match",
    "conditional-versioned": "conditional writes work in a versioned bucket too",
    "conditional-recreate": "PUT with If-None-Match: * creates an object again that was deleted in a versioned bucket",
    "notifications": "event notifications for new objects, set by PutBucketNotificationConfiguration",
}
"""Capability → the S3 API call or the behaviour that it stands for."""

# The variable of endpoint templates that follows from the region; it is no key of the stack config.
_DNS_SUFFIX = "dns-suffix"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from: a page of documentation, or a test."""

    title: str
    url: str | None = None
    """The page's URL; None for a test, and for a page whose address is not certain."""
    server: str | None = None
    """The server of our own on which the fact was tried, and its version: `Ceph 16.2.15`; None for a page."""
    tried: str | None = None
    """The day on which it was last tried there, as YYYY-MM-DD; None for a page."""


UNVERIFIED = Source("unverified")
"""The source of a fact that nobody has looked up or tried yet."""
HTTP = Source("RFC 9110, HTTP Semantics, section 8.8.3", "https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3")
"""The source of what a store does as HTTP has it, until it is known to do otherwise."""
PUT_NOTIFICATIONS = Source(
    "Amazon S3 API Reference, PutBucketNotificationConfiguration",
    "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html",
)
"""The source of what the call replaces, until a store is known to do otherwise."""


PUT_POLICY = Source(
    "Amazon S3 API Reference, PutBucketPolicy",
    "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html",
)
"""The source of how a policy that is too long is refused, until a store is known to do otherwise."""

OBJECT_OWNERSHIP = Source(
    "Amazon S3 User Guide, Controlling ownership of objects",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
)
"""The source of whose an object is in a new bucket, until a store is known to do otherwise."""


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """One fact about a store, with the source or the sources that say so."""

    value: T
    cited: Source | tuple[Source, ...]
    note: str | None = None
    """Limits of the fact, or advice."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources, also if there is only one."""
        return self.cited if isinstance(self.cited, tuple) else (self.cited,)

    @property
    def source(self) -> str:
        """The titles of the sources: `pixi's documentation, page S3; tested on …`."""
        return "; ".join(source.title for source in self.sources)


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """Instructions for what the store's S3 API cannot do: commands to run or where to click, in order.

    They are templates with the variables `{bucket}`, `{prefix}`, `{endpoint-url}`, `{region}` and `{public-host}` (the
    host of the public URL). Instructions for access keys also have `{user}`, a name for the key's owner, and
    `{rights}`, the command that prints the policy with the key's permissions. A variable is a whole word of a command,
    or the end of one, outside quotes: its value comes quoted.
    """

    bucket: tuple[str, ...] = ()
    """What to do with the bucket before all others, once; doing it again must do no harm."""
    public: tuple[str, ...] = ()
    """How to make the bucket public."""
    key: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    """Role → how to make an access key with its permissions."""


@dataclass(frozen=True, kw_only=True)
class Events:
    """How the operator of a server lets it send its events to `chaninfra follow --listen 127.0.0.1:8765`.

    `SECRET` stands for the follower's secret, as `next-steps` says. The variables of the templates are those of ByHand,
    `{target-id}`, a name for the target, and `{port}`, that of the follower.
    """

    settings: tuple[str, ...]
    """Commands, lines of the server's settings, and what to do with them, in order."""
    target: str | None = None
    """Template of the ARN of the target, with `{target-id}` and `{region}`; None: the server sends the events of
    all buckets to one URL."""
    every: str | None = None
    """How often the follower lists beside, with a server that sends an event once and does not try again."""


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One store. Each field that is a Fact is a column; `capabilities` has one column per capability."""

    name: str
    title: str
    backend: Backend
    endpoint: Fact[str | None]
    """A template, see `templates`: `{names}` are keys of the stack config, `[…]` is optional. None: the store runs on
    hosts of its users, so that `endpoint-url` must be given."""
    region: Fact[str | None]
    """The default of the region that requests are signed with; None: `region` must be given."""
    addressing: Fact[Addressing]
    scheme: Fact[Scheme]
    """The URL scheme with which pixi reads the store with its native credentials (`gcs`); `s3`: there is no other."""
    location_constraint: Fact[LocationConstraint]
    """The LocationConstraint that CreateBucket sends: the region, or none."""
    checksums: Fact[Checksums]
    """Whether each PUT has an x-amz-checksum header (`when_supported`), or only one of which the store says that it
    wants it, as a bucket with Object Lock does; in the words of boto3's `request_checksum_calculation`."""
    digest: Fact[Digest]
    """The digest header that the store accepts on calls that require one (DeleteObjects, PutBucketCors, …): the newer
    x-amz-checksum-*, or only Content-MD5."""
    public: Fact[PublicWay]
    """How a bucket is made public."""
    public_url: Fact[str | None]
    """Template of the https URL of a public bucket: `{bucket-url}` is its URL at the S3 endpoint, `{bucket}` its name.
    None: the URL has a domain that the store or the user chooses, so that `public-url` must be given."""
    keys: Fact[KeyWay]
    """How an access key with limited permissions is made."""
    oidc: Fact[OidcWay]
    """How the store exchanges a token of an OIDC issuer for credentials."""
    capabilities: Mapping[Capability, Fact[Support]]
    etags: Fact[EtagForm] = Fact("quoted", HTTP)
    """The form of the ETag that If-Match of a PUT honours: with its quotes, or only without them."""
    version_rights: Fact[VersionRights] = Fact("unknown", UNVERIFIED)
    """Whether reading an old version of an object needs a permission of its own (`s3:GetObjectVersion`), or the one to
    read the object is enough, so that the policies deny old versions."""
    notification_change: Fact[NotificationChange] = Fact("whole-list", PUT_NOTIFICATIONS)
    """What PutBucketNotificationConfiguration replaces: all notifications of the bucket, so that those of others are
    read and written back; or only those of the same ids, and each is deleted by its own."""
    policy_place: Fact[PolicyPlace] = Fact("own", PUT_POLICY)
    """Where the store keeps the policy of a bucket. `file-attribute`: as an extended attribute of a file, which is not
    large on some file systems, and a longer one is an error that does not say so; `own`: anywhere else."""
    object_owner: Fact[ObjectOwner] = Fact("bucket", OBJECT_OWNERSHIP)
    """Whose an object is. `writer`: the one's who wrote it, and the owner of the bucket may read it only if a policy
    says so; `bucket`: the owner of the bucket may read it."""
    index_document: Fact[Support] = Fact("unknown", UNVERIFIED)
    """Whether the URL of a public channel, with a slash at its end, answers with its `index.html`."""
    settings_changes: Fact[SettingsChanges] = Fact("unknown", UNVERIFIED)
    """What becomes of several settings of a bucket (versioning, lifecycle, CORS, tags, policy) that are changed at the
    same time: `independent`: all stay; `one-by-one`: all are answered with success, and one may be lost."""
    by_hand: ByHand = ByHand()
    events: Events | None = None
    """How the server is told where to send its events; None: it is not known to send any."""

    @property
    def dialect(self) -> Dialect:
        """How PUTs are written for the store."""
        return Dialect(checksums=self.checksums.value == "when_supported", etags=self.etags.value)

    def can(self, capability: Capability) -> bool:
        """False if the store is known to lack the capability. If nothing is known, the store's answer decides."""
        return self.capabilities[capability].value != "no"

    def facts(self) -> dict[str, Fact[Any]]:
        """Name of the column in kebab-case → fact, in the order of the columns; capabilities last."""
        columns = {field.name.replace("_", "-"): getattr(self, field.name) for field in fields(self)}
        facts = {name: fact for name, fact in columns.items() if isinstance(fact, Fact)}
        return {**facts, **{name: self.capabilities[name] for name in CAPABILITIES}}

    @property
    def variables(self) -> tuple[str, ...]:
        """The config keys in the endpoint template, required and optional, in order: `account-id`, `jurisdiction`."""
        return _config_keys(names(self.endpoint.value or ""))

    @property
    def needed(self) -> tuple[str, ...]:
        """The config keys that the endpoint template requires."""
        return _config_keys(needed(self.endpoint.value or ""))

    def endpoint_url(self, values: Mapping[str, str]) -> str | None:
        """The endpoint filled with `values` (config key → value); None if a required value is missing."""
        if self.endpoint.value is None or any(name not in values for name in self.needed):
            return None
        return fill(self.endpoint.value, {_DNS_SUFFIX: dns_suffix(values.get("region", "")), **values})

    @property
    def endpoint_form(self) -> str:
        """What to put in for the endpoint, with its variable parts in capitals: `https://HOST`."""
        template = self.endpoint.value or "https://{host}"
        return fill(template, {name: name.upper() for name in needed(template)})

    def public_channel_url(self, location: Location, prefix: str) -> str | None:
        """The https URL of a public channel; None if its domain does not follow from the row."""
        if self.public_url.value is None:
            return None
        base = fill(self.public_url.value, {"bucket-url": location.bucket_url, "bucket": location.bucket})
        return join(base, quote(prefix))


def _config_keys(variables: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in variables if name != _DNS_SUFFIX)
