"""A channel that can be worked with: what it is, and whose credentials reach it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from chaninfra.channel.outputs.descriptor import Descriptor

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from chaninfra.channel.conda.subdirs import Subdir
    from chaninfra.channel.objects import ObjectStore
    from chaninfra.channel.s3.credentials import Credentials
    from chaninfra.channel.s3.object_store import S3Store
    from chaninfra.index.runtime import Runtime
    from chaninfra.index.subdir_index import SubdirIndex

Origin = Literal["descriptor", "assumed"]


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A descriptor and credentials; `credentials` None: requests are anonymous.

    `origin` says whether a descriptor was read, or made from flags and a provider's row: its subdirs are a guess then.
    """

    descriptor: Descriptor
    credentials: Credentials | None
    origin: Origin = "descriptor"

    def store(self) -> S3Store:
        """The store that the channel lies in."""
        from chaninfra.channel.s3.object_store import S3Store

        return S3Store(self.descriptor.location, self.credentials)

    @cached_property
    def writer(self) -> ObjectStore:
        """The store for writes. Raises ConfigurationError where it must not be written to as is declared."""
        from chaninfra.index.commit.conditional_store import conditional_store

        return conditional_store(self.store(), self.descriptor)

    @cached_property
    def means(self) -> Runtime:
        """The means of this process; its threads are shared by all that is done to the channel."""
        from chaninfra.index.runtime import Threads

        return Threads()

    def target(self, subdir: Subdir, access: Literal["read", "write"] = "write") -> SubdirIndex:
        """A subdir to be read, or to be written to: then raises ConfigurationError as `writer` does."""
        from chaninfra.channel.conda.layout import ChannelLayout
        from chaninfra.index.subdir_index import SubdirIndex

        described = self.descriptor
        return SubdirIndex(
            store=self.writer if access == "write" else self.store(),
            layout=ChannelLayout(prefix=described.prefix, subdirs=described.subdirs, index=described.index),
            subdir=subdir,
            means=self.means,
            urls=tuple(url for url in (described.url, described.public_url) if url),
        )

    def client(self) -> S3Client:
        """A boto3 client, for what the store's interface does not do: multipart uploads."""
        from chaninfra.channel.s3.boto import s3_client

        return s3_client(self.descriptor.location, self.credentials)

    def url(self, *parts: str) -> str:
        """The s3:// URL of an object of the channel, for messages."""
        return f"s3://{self.descriptor.bucket}/{self.descriptor.key(*parts)}"
