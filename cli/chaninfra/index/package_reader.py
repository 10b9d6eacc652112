"""Reading packages out of a store: many at a time, each once, in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from threading import Lock

from chaninfra.channel.errors import ConflictError
from chaninfra.channel.objects import ObjectMeta
from chaninfra.index.commit.change import IndexRecord
from chaninfra.index.package.archive import IndexedPackage, UnreadablePackageError, read_chunks, read_data
from chaninfra.index.package.index_json import IndexJson, Suffix, suffix_of
from chaninfra.index.subdir_index import SubdirIndex

PART = 8 << 20
"""A larger package is read in parts of this size: a request has a time limit, and its answer is held in memory."""
_AT_ONCE = 16
_TOGETHER = 16
_ATTEMPTS = 5
_TURNS = 64 << 10
"""Smaller ones are taken apart one at a time: it is mostly Python, and threads that wait for the interpreter's lock at
each step of it take longer than those that wait once."""
_turn = Lock()


@dataclass(frozen=True, kw_only=True)
class Read:
    """A package as it lies in the store: its record, or why it has none (`wrong`); the digests are hex."""

    file: str
    etag: str
    md5: str
    sha256: str
    packaged: IndexRecord | None = None
    wrong: str = ""


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A package that is not there any more."""

    file: str


def read_packages(
    target: SubdirIndex, packages: Iterable[tuple[str, ObjectMeta]], advance: Callable[[int], None]
) -> Iterator[Read | Missing]:
    """The packages, in order. `advance` is told of the size of each that was read, from several threads.

    Raises StorageError and its kinds, ConflictError for one that is replaced again and again, and what `packages` does.
    """
    waiting: deque[Callable[[], list[Read | Missing]]] = deque()
    try:
        for group in _groups(packages):
            waiting.append(target.means.go(partial(_read_all, target, group, advance)))
            if len(waiting) == _AT_ONCE:
                yield from waiting.popleft()()
        while waiting:
            yield from waiting.popleft()()
    finally:
        # After an error: nothing may go on behind it.
        for each in waiting:
            try:
                each()
            except Exception:  # noqa: S112 (the first one was raised)
                continue


def _groups(packages: Iterable[tuple[str, ObjectMeta]]) -> Iterator[list[tuple[str, ObjectMeta]]]:
    """The packages, in order; small ones together where there are many, since to start a call costs as much as one."""
    group: list[tuple[str, ObjectMeta]] = []
    size = 0
    for number, (file, entry) in enumerate(packages):
        group.append((file, entry))
        size += entry.size
        if len(group) >= min(_TOGETHER, 1 + number // (4 * _AT_ONCE)) or size > PART:
            yield group
            group, size = [], 0
    if group:
        yield group


def _read_all(
    target: SubdirIndex, packages: Iterable[tuple[str, ObjectMeta]], advance: Callable[[int], None]
) -> list[Read | Missing]:
    return [_read(target, file, entry, advance) for file, entry in packages]


def _read(target: SubdirIndex, file: str, entry: ObjectMeta, advance: Callable[[int], None]) -> Read | Missing:
    there: ObjectMeta | None = entry
    for _ in range(_ATTEMPTS):
        if there is None:
            break
        try:
            found = _read_once(target, file, there)
        except ConflictError:
            there = target.store.head(entry.key)
            continue
        advance(entry.size)
        return found
    if there is None:
        advance(entry.size)
        return Missing(file=file)
    raise ConflictError(f"{entry.key} is replaced again and again", remedy="try again when that has ended")


def _read_once(target: SubdirIndex, file: str, entry: ObjectMeta) -> Read | Missing:
    if entry.size <= PART:
        stored = target.store.get(entry.key)
        if stored is None:
            return Missing(file=file)
        etag, read = stored.entry.etag, partial(_read_small, stored.data)
    else:
        etag, read = entry.etag, partial(read_chunks, _parts(target, entry))
    try:
        package = read(suffix_of(file) or ".conda")
    except UnreadablePackageError as error:
        return Read(file=file, etag=etag, md5=error.md5, sha256=error.sha256, wrong=str(error))
    wrong = _misplaced(target, file, package.index)
    packaged = None if wrong else package.packaged(file, target.subdir, etag)
    return Read(file=file, etag=etag, md5=package.md5, sha256=package.sha256, packaged=packaged, wrong=wrong)


def _read_small(data: bytes, suffix: Suffix) -> IndexedPackage:
    if len(data) > _TURNS:
        return read_data(data, suffix)
    with _turn:
        return read_data(data, suffix)


def _parts(target: SubdirIndex, entry: ObjectMeta) -> Iterator[bytes]:
    for start in range(0, entry.size, PART):
        yield target.store.get_range(entry.key, entry.etag, start, PART)


def _misplaced(target: SubdirIndex, file: str, index: IndexJson) -> str:
    """What is wrong with the package's place, if anything."""
    if not index.named_in(file):
        return f"is named like another package: inside is {index.label()}"
    # One that says nothing is of the folder that it lies in, as for conda.
    if index.subdir not in (None, target.subdir):
        return f"is for the subdir {index.subdir}, and lies in {target.subdir}"
    return ""
