"""Reads packages from a store: many at a time, each once, in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock

from chaninfra.channel.conda.filenames import Suffix, suffix_of
from chaninfra.channel.conda.summary import Summary
from chaninfra.channel.errors import (
    ConflictError,
    CredentialsError,
    DeniedError,
    StorageError,
    WrongRegionError,
)
from chaninfra.channel.objects import ObjectMeta, TooLargeError
from chaninfra.channel.s3.error_codes import ARCHIVED
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.package.archive import IndexedPackage, UnreadablePackageError, read_chunks, read_data
from chaninfra.index.package.index_json import IndexJson
from chaninfra.index.report import RELEASE, THAW
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.summaries import summary_of
from chaninfra.index.workers import MANY

PART = 8 << 20
"""Packages larger than this (bytes) are read in parts of this size: a request has a time limit, and its answer is held
in memory."""
_GROUPS_AT_ONCE = 16
_GROUP = 16
"""Most packages that one background call reads."""
_SMALL = 256 << 10
"""Packages up to this size (bytes) are read by worker processes where there are many."""
_IN_MEMORY = 48 << 20
"""Most bytes of packages that are in memory at the same time."""
_ATTEMPTS = 5
_ONE_AT_A_TIME = 64 << 10
"""Packages up to this size (bytes) are parsed by one thread at a time: parsing them is mostly Python code, and threads
that compete for the GIL take longer than threads that wait for the lock."""
_parsing = Lock()
_BAD_REQUEST = 400
"""S3's status for objects that need another key of encryption than the request has, or one that is gone."""


@dataclass(frozen=True, kw_only=True)
class Read:
    """A package that was read; hex digests."""

    file: str
    etag: str
    md5: str
    sha256: str
    record: IndexRecord | None = None
    """None: it cannot be indexed, for `reason`."""
    reason: str = ""
    streams: int = 1
    """See IndexedPackage."""
    summary: Summary | None = None
    """What it says of itself; only of a channel with summaries."""


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A package that was deleted since it was listed."""

    file: str


@dataclass(frozen=True, kw_only=True)
class Unread:
    """A package that the store does not give, by the answer to this one request."""

    file: str
    error: StorageError
    record: None = None

    @property
    def reason(self) -> str:
        """Why it cannot be indexed, completing "the package …"."""
        if self.error.code == ARCHIVED:
            return "is archived, so that nobody can read it"
        return f"cannot be read, while others can ({self.error.code or self.error.status})"

    @property
    def remedy(self) -> str:
        """What to do before the next re-index."""
        return THAW if self.error.code == ARCHIVED else RELEASE


def read_packages(
    subdir_index: SubdirIndex, packages: Iterable[tuple[str, ObjectMeta]], advance: Callable[[int], None]
) -> Iterator[Read | Missing | Unread]:
    """Read the packages, given as (file name, object), in order. `advance` is called with the size in bytes of each
    package that was read, from several threads.

    Raises StorageError and its subclasses; ConflictError for a package that is replaced again and again; and what
    `packages` raises.
    """
    reading: deque[_Reading] = deque()
    workers = subdir_index.workers
    held = small = 0
    try:
        for group in _groups(packages):
            size = max(min(entry.size, PART) for _, entry in group)
            small += len(group) if size <= _SMALL else 0
            if workers is not None and small >= MANY:
                workers.start()
            most = _GROUPS_AT_ONCE + (workers.calls_at_once if workers is not None else 0)
            while reading and (held + size > _IN_MEMORY or len(reading) >= most):
                held -= reading[0].size
                yield from reading.popleft().result()
            held += size
            reading.append(_Reading(_start(subdir_index, group, advance, small=size <= _SMALL), size))
        while reading:
            yield from reading.popleft().result()
    finally:
        if workers is not None and reading:
            # After an error.
            workers.close()
        # Wait for the calls that still run.
        for each in reading:
            try:
                each.result()
            except Exception:  # noqa: S112 (the first error is raised)
                continue


def read_files(subdir_index: SubdirIndex, files: Sequence[str]) -> Iterator[Read | Missing | Unread]:
    """Read the packages with these file names, without those that are not there. Raises as `read_packages`."""
    heads = run_all(subdir_index.runtime, [partial(subdir_index.store.head, subdir_index.key(file)) for file in files])
    there = ((file, entry) for file, entry in zip(files, heads, strict=True) if entry is not None)
    yield from read_packages(subdir_index, there, lambda _: None)


@dataclass(frozen=True)
class _Reading:
    """A group that is being read; `size` are the bytes in memory at most."""

    result: Callable[[], list[Read | Missing | Unread]]
    size: int


def _start(
    subdir_index: SubdirIndex, group: list[tuple[str, ObjectMeta]], advance: Callable[[int], None], *, small: bool
) -> Callable[[], list[Read | Missing | Unread]]:
    if not small:
        # Most of the time goes into hashing, which other threads do not wait for.
        return subdir_index.runtime.submit(partial(_read_group, subdir_index, group, advance))
    result = subdir_index.submit(_read_group, group)

    def advancing() -> list[Read | Missing | Unread]:
        read = result()
        for _, entry in group:
            advance(entry.size)
        return read

    return advancing


def _groups(packages: Iterable[tuple[str, ObjectMeta]]) -> Iterator[list[tuple[str, ObjectMeta]]]:
    """The packages in order, in groups for one background call each. Small packages share a call if there are many,
    since starting a call takes as long as reading one.
    """
    group: list[tuple[str, ObjectMeta]] = []
    size = 0
    for number, (file, entry) in enumerate(packages):
        group.append((file, entry))
        size += entry.size
        if len(group) >= min(_GROUP, 1 + number // (4 * _GROUPS_AT_ONCE)) or size > PART:
            yield group
            group, size = [], 0
    if group:
        yield group


def _read_group(
    subdir_index: SubdirIndex,
    packages: Iterable[tuple[str, ObjectMeta]],
    advance: Callable[[int], None] = lambda _: None,
) -> list[Read | Missing | Unread]:
    return [_read(subdir_index, file, entry, advance) for file, entry in packages]


def _read(
    subdir_index: SubdirIndex, file: str, entry: ObjectMeta, advance: Callable[[int], None]
) -> Read | Missing | Unread:
    current: ObjectMeta | None = entry
    for _ in range(_ATTEMPTS):
        if current is None:
            break
        try:
            read: Read | Missing | Unread = _read_once(subdir_index, file, current)
        except ConflictError:
            current = subdir_index.store.head(entry.key)
            continue
        except StorageError as error:
            if not is_about_the_object(error):
                raise
            read = Unread(file=file, error=error)
        advance(entry.size)
        return read
    if current is None:
        advance(entry.size)
        return Missing(file=file)
    raise ConflictError(f"{entry.key} is replaced again and again", remedy="try again when that has ended")


def _read_once(subdir_index: SubdirIndex, file: str, entry: ObjectMeta) -> Read | Missing:
    if entry.size <= PART:
        try:
            stored = subdir_index.store.get(entry.key, PART)
        except TooLargeError as error:
            raise ConflictError(f"{entry.key} was replaced by a larger file meanwhile") from error
        if stored is None:
            return Missing(file=file)
        etag, read = stored.entry.etag, partial(read_small, stored.data)
    else:
        again = partial(subdir_index.store.get_range, entry.key, entry.etag)
        etag, read = entry.etag, partial(read_chunks, _parts(subdir_index, entry), again=again)
    try:
        package = read(suffix_of(file) or ".conda")
    except UnreadablePackageError as error:
        return Read(file=file, etag=etag, md5=error.md5, sha256=error.sha256, reason=str(error))
    reason = misplaced(subdir_index.subdir, file, package.index)
    record = None if reason else package.index_record(file, subdir_index.subdir, etag)
    return Read(
        file=file,
        etag=etag,
        md5=package.md5,
        sha256=package.sha256,
        record=record,
        reason=reason,
        streams=package.streams,
        summary=summary_of(package.index, file, package.about)
        if subdir_index.layout.has_summaries and record
        else None,
    )


def read_small(data: bytes, suffix: Suffix, md5: str | None = None) -> IndexedPackage:
    """As `archive.read_data`, where several threads read packages."""
    if len(data) > _ONE_AT_A_TIME:
        return read_data(data, suffix, md5)
    with _parsing:
        return read_data(data, suffix, md5)


def _parts(subdir_index: SubdirIndex, entry: ObjectMeta) -> Iterator[bytes]:
    for start in range(0, entry.size, PART):
        yield subdir_index.store.get_range(entry.key, entry.etag, start, PART)


def is_about_the_object(error: StorageError) -> bool:
    """Whether other objects may be readable all the same. Who was refused for another reason could not list the folder,
    or read the index, either; a request that failed may succeed later.
    """
    if isinstance(error, CredentialsError | WrongRegionError):
        return False
    return isinstance(error, DeniedError) or error.code == ARCHIVED or error.status == _BAD_REQUEST


def misplaced(subdir: str, file: str, index: IndexJson) -> str:
    """Why the package must not have this file name or be in this subdir; "" if it may."""
    if not index.named_in(file):
        return f"has the file name of another package; the package inside is {index.dist}"
    # A package without a subdir belongs to the folder that it is in, as for conda.
    if index.subdir not in (None, subdir):
        return f"is for the subdir {index.subdir}, but is in the folder {subdir}"
    return ""
