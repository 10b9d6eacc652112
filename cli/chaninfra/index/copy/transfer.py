"""Brings packages of a source into a channel: by the store itself, or through here.

What comes to be there has the bytes that the source's record tells, or the package is not brought. What is there stays.
"""

from __future__ import annotations

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.errors import ConflictError, SkippedError, StorageError
from chaninfra.channel.objects import ObjectMeta
from chaninfra.channel.s3.error_codes import ARCHIVED, RESTORE
from chaninfra.index.channel import Channel
from chaninfra.index.copy.brought import Brought
from chaninfra.index.copy.checked import content_of, read_checked
from chaninfra.index.copy.source import Source, SourcePackage
from chaninfra.index.copy.streaming import Streaming
from chaninfra.index.copy.within import IN_ONE_COPY, CopiesWithin
from chaninfra.index.large_upload import PART, Advance
from chaninfra.index.package.archive import IndexedPackage, read_chunks
from chaninfra.index.stored import Content, look_for


class Transfer:
    """Brings packages; several threads may do so, and wait for each other where the memory has a limit."""

    def __init__(self, source: Source, target: Channel, most_in_one_copy: int = IN_ONE_COPY) -> None:
        """`most_in_one_copy`: the most bytes that the store copies by one request."""
        self._source = source
        self._target = target
        self._within = CopiesWithin(target, most_in_one_copy)
        self._streaming = Streaming(source, target)

    def bring(self, package: SourcePackage, advance: Advance, *, there: bool = False) -> Brought:
        """Bring the package, unless it is there; `advance` is called for its bytes in either case. `there`: it was
        when the copy was planned, so that is looked at first, and nothing is read of the source.

        Raises SkippedError where the package cannot be brought, and others can: it is not in the source, its bytes are
        not what the record tells, it cannot be indexed, is there and archived, or not any more; ConflictError where
        other bytes are there; StorageError.
        """
        content = content_of(package, self._source.url)
        try:
            if not there:
                return self._bring(package, content, advance)
            current = self._look(package, content)
        except ConflictError:
            # The object exists: our own, of which the answer was lost or a commit never came, or another one.
            current = self._look(package, content)
        if isinstance(current, ObjectMeta):
            return self._present(package, content, current, advance)
        if current == "differs":
            raise self._taken(package)
        if there:
            # Rule: what somebody has deleted since the copy was planned does not come back by it.
            raise SkippedError(
                "its file is not there any more, as it was when the copy was planned",
                where=f"{self._target.descriptor.url}/{package.path_in_channel}",
                remedy="if it was not deleted on purpose: `chaninfra reindex`, then copy it again",
            )
        try:
            # It was deleted meanwhile, or the source has changed while the store copied it.
            return self._stream(package, content, advance)
        except ConflictError as error:
            if self._look(package, content) != "absent":
                raise self._taken(package) from error
            from chaninfra.channel.s3.recreation import recreation_refused

            target = self._target.descriptor
            raise recreation_refused(
                target.location, self._target.credentials, target.key(package.path_in_channel)
            ) from error

    def _bring(self, package: SourcePackage, content: Content, advance: Advance) -> Brought:
        # A package that nobody else tells the patches of must be read.
        copied = self._source.s3_object(package) if self._source.tells_patches else None
        if copied is not None:
            key = self._target.descriptor.key(package.path_in_channel)
            etag = self._within.copy(copied, key, content)
            if etag is not None:
                advance(content.size or 0)
                return Brought(package=package, way="copied", etag=etag)
        return self._stream(package, content, advance)

    def _stream(self, package: SourcePackage, content: Content, advance: Advance) -> Brought:
        etag, made = self._streaming.stream(package, content, advance)
        return Brought(package=package, way="streamed", etag=etag, made=made)

    def _present(self, package: SourcePackage, content: Content, entry: ObjectMeta, advance: Advance) -> Brought:
        made = None if self._source.tells_patches else self._read_there(package, content, entry)
        advance(entry.size)
        return Brought(package=package, way="present", etag=entry.etag, made=made)

    def _read_there(self, package: SourcePackage, content: Content, entry: ObjectMeta) -> IndexedPackage:
        def part(start: int, length: int) -> bytes:
            return self._target.writer.get_range(entry.key, entry.etag, start, length)

        def read() -> IndexedPackage:
            parts = (part(start, PART) for start in range(0, entry.size, PART))
            return read_chunks(parts, suffix_of(package.file) or ".conda", part)

        return read_checked(package, self._target.descriptor.url, content, read)

    def _look(self, package: SourcePackage, content: Content) -> ObjectMeta | str:
        try:
            return look_for(self._target, package.path_in_channel, content)
        except StorageError as error:
            if error.code != ARCHIVED:
                raise
            raise SkippedError(
                "is there already, but archived, so that nobody can read it",
                where=self._target.url(package.path_in_channel),
                remedy=f"{RESTORE}, then copy it again",
            ) from error

    def _taken(self, package: SourcePackage) -> ConflictError:
        return ConflictError(
            "is already there with other bytes",
            where=self._target.url(package.path_in_channel),
            remedy="two packages cannot have one name: leave it out with `--exclude`; or delete the one that is there "
            "with `chaninfra delete`, which breaks lock files that have its hash",
        )
