"""What a row of PROVIDERS says of a store, and how it says it: facts, each with where it is from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar
from urllib.parse import quote

from chaninfra.channel.location import Location, join
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
KeyWay = Literal["aws-iam", "minio-admin", "versitygw-admin", "by-hand"]
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
    "conditional-versioned",
    "notifications",
]

CAPABILITIES: dict[Capability, str] = {
    "bucket-policy": "PutBucketPolicy, enforced by the store",
    "acl": "PutBucketAcl",
    "public-access-block": "PutPublicAccessBlock",
    "cors": "PutBucketCors",
    "lifecycle-versions": "lifecycle rules that expire old versions",
    "lifecycle-uploads": "lifecycle rules that end abandoned multipart uploads",
    "versioning": "PutBucketVersioning",
    "encryption": "PutBucketEncryption with SSE-S3 as the default",
    "tags": "PutBucketTagging",
    "conditional-create": "PUT with If-None-Match: * is refused where the key exists",
    "conditional-replace": "PUT with If-Match is refused where the ETag is another",
    "conditional-multipart": "CompleteMultipartUpload honours If-None-Match: * too",
    "conditional-versioned": "all of these in a versioned bucket too",
    "notifications": "the store tells of new objects, by the S3 API's notification configuration",
}

UNVERIFIED = "unverified"
"""The source of a fact that nobody has looked up or tried yet."""

# Follows from the region, so nobody gives it.
_DNS_SUFFIX = "dns-suffix"


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """One thing that is known of a store; `source` names a page or a test, or is `unverified`."""

    value: T
    source: str
    note: str | None = None
    """The limits of it, where it has some."""


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """What a person does where the store's S3 API cannot: commands, or where to click, one after the other.

    They are templates: `{bucket}`, `{prefix}`, `{endpoint-url}`, `{region}`, `{public-host}` (of the public URL); those
    of a key also `{user}`, a name for its owner, and `{rights}`, the command that prints the policy of its rights.
    """

    public: tuple[str, ...] = ()
    key: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One store. Each field that is a Fact is a column; `capabilities` is one column a capability."""

    name: str
    title: str
    backend: Backend
    endpoint: Fact[str | None]
    """A template whose `{names}` are keys of the stack config and whose `[…]` is left out when unset; None: the store
    has no endpoint of its own, `endpoint-url` must be given."""
    region: Fact[str | None]
    """The region that requests are signed with when none is given; None: it must be given."""
    addressing: Fact[Addressing]
    scheme: Fact[Scheme]
    """The scheme of the URLs that pixi has for it alone, read with the store's own credentials; `s3`: it has none."""
    location_constraint: Fact[LocationConstraint]
    """What CreateBucket says of the place: the region, or nothing."""
    checksums: Fact[Checksums]
    """What boto3's `request_checksum_calculation` must be."""
    digest: Fact[Digest]
    """How the calls that need a digest of their body (DeleteObjects, PutBucketCors, …) give it: by the newer
    x-amz-checksum headers, or only by Content-MD5."""
    public: Fact[PublicWay]
    """How a bucket becomes readable by everybody."""
    public_url: Fact[str | None]
    """The https URL of a public bucket: `{bucket-url}` is its URL at the S3 endpoint, `{bucket}` its name; None: the
    store gives it a domain that must be said as `public-url`."""
    keys: Fact[KeyWay]
    """How an access key that may do one thing only is made."""
    oidc: Fact[OidcWay]
    """How the store lets in those who come with a token of an OIDC issuer."""
    capabilities: Mapping[Capability, Fact[Support]]
    by_hand: ByHand = ByHand()

    def can(self, capability: Capability) -> bool:
        """Whether the store is known to do it, or nothing is known; the store itself then answers."""
        return self.capabilities[capability].value != "no"

    def facts(self) -> dict[str, Fact[Any]]:
        """Every fact by the name of its column, in the order of the columns."""
        columns = {field.name.replace("_", "-"): getattr(self, field.name) for field in fields(self)}
        found = {name: fact for name, fact in columns.items() if isinstance(fact, Fact)}
        return {**found, **{name: self.capabilities[name] for name in CAPABILITIES}}

    @property
    def variables(self) -> tuple[str, ...]:
        """The names that the endpoint template needs or takes, in order, `region` among them."""
        return _known(names(self.endpoint.value or ""))

    @property
    def needed(self) -> tuple[str, ...]:
        """The names without which there is no endpoint."""
        return _known(needed(self.endpoint.value or ""))

    def endpoint_url(self, values: Mapping[str, str]) -> str | None:
        """The endpoint with `values` put in, or None where a needed one is missing."""
        if self.endpoint.value is None or any(name not in values for name in self.needed):
            return None
        return fill(self.endpoint.value, {_DNS_SUFFIX: dns_suffix(values.get("region", "")), **values})

    def public_channel_url(self, location: Location, prefix: str) -> str | None:
        """The https URL of a public channel, or None where only its owner knows the domain."""
        if self.public_url.value is None:
            return None
        base = fill(self.public_url.value, {"bucket-url": location.bucket_url, "bucket": location.bucket})
        return join(base, quote(prefix))


def _known(found: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in found if name != _DNS_SUFFIX)
