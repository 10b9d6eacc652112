"""How clients read a channel: access methods, kinds of store, and the URL and settings that follow from both.

pixi reads S3 in two ways (pixi's documentation, page "S3"): with the credentials of the AWS tools, or, for a bucket
with `s3-options`, with the access key in its own credential store. Since 0.67, if that credential store has no key for
a bucket with s3-options, pixi uses the credentials of the AWS tools. So `aws` also works for stores that need an
endpoint URL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import AddressingStyle, join
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.providers import PROVIDERS
from chaninfra.manifest.names import ACCESS_METHODS, AccessMethod

StoreKind = Literal["aws", "s3", "gcs"]
"""`aws`: AWS S3. `gcs`: Google Cloud Storage, for which pixi also has gcs:// URLs. `s3`: any other store."""
STORE_KINDS: tuple[StoreKind, ...] = get_args(StoreKind)


@dataclass(frozen=True)
class ClientChannel:
    """A channel and the method by which a client reads it."""

    descriptor: Descriptor
    method: AccessMethod
    subdirs_known: bool = True
    """Whether the subdirs of the descriptor are those of the channel; False: no channel.json was read."""
    snapshot: str | None = None
    """The name of a snapshot, which the client reads in place of the channel."""

    @property
    def store_kind(self) -> StoreKind:
        """The kind of store that holds the channel."""
        return store_kind(self.descriptor)

    @property
    def url(self) -> str:
        """The URL in a list of channels: s3://, gcs:// or https://, by the access method; that of the snapshot, if it
        is one.
        """
        if not self.snapshot:
            return self.living_url
        # Imported here: it imports what reads index files.
        from chaninfra.channel.conda.snapshots import snapshot_folder

        return f"{self.living_url.rstrip('/')}/{snapshot_folder(self.snapshot)}"

    @property
    def living_url(self) -> str:
        """The URL of the channel itself."""
        descriptor = self.descriptor
        match self.method:
            case "public":
                return descriptor.public_url or descriptor.url
            case "gcs":
                return f"gcs://{join(descriptor.bucket, descriptor.prefix)}"
        return descriptor.url

    @property
    def other_urls(self) -> tuple[str, ...]:
        """The URLs of the same channel by the other access methods. A snapshot stands for its channel, so those of the
        channel are among them.
        """
        methods = [method for method in ACCESS_METHODS if method != "gcs" or self.store_kind == "gcs"]
        each = [replace(self, method=method) for method in methods]
        urls = [url for access in each for url in (access.url, access.living_url)]
        return tuple(dict.fromkeys(url for url in urls if url != self.url))

    @property
    def s3_bucket_url(self) -> str:
        """The bucket's URL, as `pixi auth login` takes it: s3://BUCKET."""
        return f"s3://{self.descriptor.bucket}"

    @property
    def has_login(self) -> bool:
        """Whether `pixi auth login` keeps a key where pixi finds it: not for a bucket name with exactly one dot.

        rattler's `get_url` (rattler/src/cli/auth.rs) writes a `*.` before such a name; keys of buckets are not looked
        up so.
        """
        return self.descriptor.bucket.count(".") != 1

    @property
    def has_s3_options(self) -> bool:
        """Whether pixi needs s3-options for the bucket: always for its own credential store, else for all but AWS."""
        return self.method == "pixi" or (self.method == "aws" and self.store_kind != "aws")

    @property
    def addressing_style(self) -> AddressingStyle:
        """The value for `--addressing-style` and S3_ADDRESSING_STYLE of rattler-build and `pixi upload s3`."""
        return self.descriptor.location.addressing_style


def store_kind(descriptor: Descriptor) -> StoreKind:
    """The kind of store that holds the channel; `s3` for a provider that this version does not know."""
    row = PROVIDERS.get(descriptor.provider)
    if row is None:
        return "s3"
    return "aws" if row.backend == "aws" else row.scheme.value


def client_channel(
    descriptor: Descriptor, method: AccessMethod | None, *, subdirs_known: bool = True, snapshot: str | None = None
) -> ClientChannel:
    """The channel, or a snapshot of it, with the given access method (default: the descriptor's `auth`).

    Raises ConfigurationError for `public` if the channel has no public URL, and for `gcs` on any other store.
    """
    chosen = method or descriptor.auth
    if chosen == "public" and descriptor.public_url is None:
        raise ConfigurationError(
            f"the channel has no public https URL (its `visibility` is `{descriptor.visibility}`)",
            where=descriptor.url,
            remedy="use --auth aws or --auth pixi; or set `visibility` to public in its stack config and run "
            "`pulumi up`",
        )
    if chosen == "gcs" and store_kind(descriptor) != "gcs":
        raise ConfigurationError(
            "gcs:// URLs work only for buckets of Google Cloud Storage",
            where=f"{descriptor.url}, provider {descriptor.provider}",
            remedy=f"leave out --auth to use the channel's own method, {descriptor.auth}",
        )
    return ClientChannel(descriptor, chosen, subdirs_known, snapshot)


def by_bucket(channels: Sequence[ClientChannel]) -> dict[str, ClientChannel]:
    """Bucket name → its first channel, in the order of `channels`."""
    first: dict[str, ClientChannel] = {}
    for access in channels:
        first.setdefault(access.descriptor.bucket, access)
    return first
