"""A channel as the commands use it: its descriptor, and credentials for its store."""

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
    """A channel and the credentials for its store."""

    descriptor: Descriptor
    credentials: Credentials | None
    """None: requests are anonymous."""
    origin: Origin = "descriptor"
    """`descriptor`: the descriptor was read; `assumed`: it was made from flags and the provider's facts, and its
    subdirs are a guess."""
    dry_run: bool = False
    """Whether writes are kept in memory, see `dry_run`."""
    of_stack: bool = False
    """Whether a stack named the channel, so that its config declares it. False: that is not known."""

    def store(self) -> S3Store:
        """The store of the channel."""
        from chaninfra.channel.s3.object_store import S3Store

        return S3Store(self.descriptor.location, self.credentials)

    @cached_property
    def writer(self) -> ObjectStore:
        """The store for writes. Raises ConfigurationError where several writers are declared and the store has no
        conditional writes.
        """
        from chaninfra.index.commit.conditional_store import conditional_store

        store = conditional_store(self.store(), self.descriptor)
        if not self.dry_run:
            return store
        from chaninfra.index.dry_run import DryStore

        return DryStore(store)

    @cached_property
    def runtime(self) -> Runtime:
        """The runtime of this process; all operations on the channel share its thread pool."""
        from chaninfra.index.runtime import Threads

        return Threads()

    def subdir_index(self, subdir: Subdir, access: Literal["read", "write"] = "write") -> SubdirIndex:
        """The index of a subdir. With `write`, raises ConfigurationError as `writer` does."""
        from chaninfra.channel.conda.layout import ChannelLayout
        from chaninfra.index.subdir_index import SubdirIndex
        from chaninfra.index.workers import Workers

        described = self.descriptor
        layout = ChannelLayout(described.prefix, described.subdirs, described.index, described.has_summaries)
        return SubdirIndex(
            store=self.writer if access == "write" else self.store(),
            layout=layout,
            subdir=subdir,
            runtime=self.runtime,
            urls=tuple(url for url in (described.url, described.public_url) if url),
            # Worker processes have a store of their own, which a dry run must not write to.
            workers=None if self.dry_run else Workers(described.location, self.credentials, layout, subdir),
        )

    def client(self) -> S3Client:
        """A boto3 client, for what the store lacks: multipart uploads, a listing of one page."""
        from chaninfra.channel.s3.boto import s3_client

        return s3_client(self.descriptor.location, self.credentials)

    def url(self, *parts: str) -> str:
        """The s3:// URL of an object of the channel, for messages."""
        return f"s3://{self.descriptor.bucket}/{self.descriptor.key(*parts)}"
