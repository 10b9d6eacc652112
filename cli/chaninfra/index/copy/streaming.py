"""Packages that pass through here: read from a source, checked and parsed on their way, and uploaded."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import chain
from tempfile import TemporaryFile

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.errors import ChecksumRequiredError
from chaninfra.channel.objects import IfAbsent, ObjectBody, is_etag_of
from chaninfra.index.channel import Channel
from chaninfra.index.copy.checked import bounded, read_checked, skipped
from chaninfra.index.copy.memory import Memory, share_what_is_freed
from chaninfra.index.copy.pipe import Uploading
from chaninfra.index.copy.rest import Rest
from chaninfra.index.copy.source import Source, SourcePackage
from chaninfra.index.large_upload import (
    CONTENT_TYPE,
    IN_ONE_PUT,
    PART,
    Advance,
    UploadedFile,
    goes_in_parts,
    put_large,
)
from chaninfra.index.package.archive import IndexedPackage, read_chunks
from chaninfra.index.package_reader import read_small
from chaninfra.index.stored import Content

_Put = Callable[[UploadedFile], str]
"""Uploads a file and returns its ETag."""
_IN_MEMORY = 48 << 20
"""Most bytes of packages that are in memory at the same time."""


class Streaming:
    """Streams packages of the source into the channel; several threads may do so. What is uploaded is what the record
    tells, or nothing.
    """

    def __init__(self, source: Source, target: Channel) -> None:
        self._source = source
        self._target = target
        self._memory = Memory(_IN_MEMORY)
        share_what_is_freed()
        self._checksums = target.descriptor.location.dialect.checksums

    def stream(self, package: SourcePackage, content: Content, advance: Advance) -> tuple[str, IndexedPackage]:
        """The ETag of the new object, and what the package says. Raises SkippedError; ConflictError if the key exists;
        StorageError.
        """
        if content.size is None or content.size > IN_ONE_PUT:
            # One at a time: its parts are uploaded at once.
            with self._memory.held(_IN_MEMORY):
                return self._of_any_size(package, content, advance)
        # Chunks of a package are joined.
        with self._memory.held(content.size if content.size <= PART else 2 * content.size):
            return self._small(package, content, b"".join(self._chunks(package, content)), advance)

    def _chunks(self, package: SourcePackage, content: Content) -> Iterator[bytes]:
        return bounded(package, self._source.url, content, self._source.chunks(package))

    def _small(
        self, package: SourcePackage, content: Content, data: bytes, advance: Advance
    ) -> tuple[str, IndexedPackage]:
        suffix = suffix_of(package.file) or ".conda"
        told = content.md5 if content.sha256 is not None else None
        made = read_checked(package, self._source.url, content, partial(read_small, data, suffix, told))
        etag = self._target.writer.put(self._key(package), ObjectBody(data=data, content_type=CONTENT_TYPE), IfAbsent())
        # The store has computed it too, unless it encrypts.
        if told is not None and not is_etag_of(etag, told) and _md5(data) != told:
            raise skipped(
                package,
                self._source.url,
                f"has another md5 than its record tells, {told}; its bytes, which have the sha256 of the record, were "
                "put, and are not in the index",
            )
        advance(len(data))
        return etag, made

    def _of_any_size(self, package: SourcePackage, content: Content, advance: Advance) -> tuple[str, IndexedPackage]:
        chunks = self._chunks(package, content)
        if content.size is None:
            first: deque[bytes] = deque()
            size = 0
            for chunk in chunks:
                first.append(chunk)
                size += len(chunk)
                if size > IN_ONE_PUT:
                    break
            else:
                return self._small(package, content, b"".join(first), advance)
            chunks = chain(_taken(first), chunks)
        try:
            return self._large(package, content, chunks, advance)
        except ChecksumRequiredError:
            if self._checksums:
                raise
            # The store took nothing; the package is read again from its start.
            self._checksums = True
            return self._large(package, content, self._chunks(package, content), advance)

    def _large(
        self, package: SourcePackage, content: Content, chunks: Iterator[bytes], advance: Advance
    ) -> tuple[str, IndexedPackage]:
        sent: list[int] = []

        def count(size: int) -> None:
            sent.append(size)
            advance(size)

        def put(file: UploadedFile) -> str:
            return put_large(self._target, self._key(package), file, IfAbsent(), count, checksums=self._checksums)

        try:
            way = self._in_parts if goes_in_parts(self._target) else self._by_disk
            return way(package, content, chunks, put)
        except BaseException:
            advance(-sum(sent))
            raise

    def _in_parts(
        self, package: SourcePackage, content: Content, chunks: Iterator[bytes], put: _Put
    ) -> tuple[str, IndexedPackage]:
        upload, last = Uploading(put), b""
        rest = Rest(partial(self._chunks, package, content))

        def passing() -> Iterator[bytes]:
            nonlocal last
            for chunk in chunks:
                if last:
                    upload.pipe.put(last)
                last = chunk
                yield chunk

        with upload, closing(rest):
            read = partial(read_chunks, passing(), suffix_of(package.file) or ".conda", again=rest.cut)
            made = read_checked(package, self._source.url, content, read)
            # Without its last bytes the upload was not completed.
            return upload.finish(last), made

    def _by_disk(
        self, package: SourcePackage, content: Content, chunks: Iterator[bytes], put: _Put
    ) -> tuple[str, IndexedPackage]:
        """In one PUT, for which a client reads the package twice."""
        with TemporaryFile() as file:

            def passing() -> Iterator[bytes]:
                for chunk in chunks:
                    file.write(chunk)
                    yield chunk

            def again(start: int, length: int) -> bytes:
                file.seek(start)
                return file.read(length)

            read = partial(read_chunks, passing(), suffix_of(package.file) or ".conda", again=again)
            made = read_checked(package, self._source.url, content, read)
            file.seek(0)
            return put(file), made

    def _key(self, package: SourcePackage) -> str:
        return self._target.descriptor.key(package.subdir, package.file)


def _taken(chunks: deque[bytes]) -> Iterator[bytes]:
    """The chunks, without keeping them."""
    while chunks:
        yield chunks.popleft()


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
