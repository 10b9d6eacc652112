"""Brings yanked.json in line with the index, whose shards decide what is yanked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.errors import ChaninfraError, ConflictError, only_maintainers, remedy_if_denied
from chaninfra.channel.objects import Condition
from chaninfra.index.channel import Channel
from chaninfra.index.commit.authority import ForeignIndexError
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.commit.yanked_json import Yanked, check_size, read_yanked, write_yanked
from chaninfra.index.runtime import ATTEMPTS
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.yanks import committed_yanks

_MAINTAINERS = only_maintainers("yank")

Names = Mapping[Subdir, Collection[str]]
"""Package names by subdir."""
Decided = Mapping[Subdir, Mapping[str, Yank]]
"""Subdir → file name → yank, as the index says."""


def prove_writable(channel: Channel, document: Yanked, condition: Condition, after: Yanked | None = None) -> None:
    """Write yanked.json as it was read: whoever may not write it may not yank, and learns so before a commit.

    `after`: the document that is to be written later. Raises StorageError, also if that would be too large.
    """
    key = channel.descriptor.key(YANKED_JSON)
    if after is not None:
        check_size(key, after)
    # Where another writer was faster, the store has not said that this one may not write.
    with suppress(ConflictError), remedy_if_denied(_MAINTAINERS):
        write_yanked(channel.writer, key, document, condition)


def bring_in_line(channel: Channel, subdir_indexes: Mapping[Subdir, SubdirIndex], names: Names) -> Decided:
    """Make yanked.json say of the packages of these names what the index says, and return that; without the subdirs
    where another tool has written the index meanwhile.

    Raises ConflictError where other writers won all attempts; StorageError.
    """
    readers = {subdir: ShardReader(subdir_indexes[subdir]) for subdir in names}
    key = channel.descriptor.key(YANKED_JSON)
    for attempt in range(ATTEMPTS):
        before, condition = read_yanked(channel.writer, key)
        after, decided = before, dict[Subdir, Mapping[str, Yank]]()
        for subdir, reader in readers.items():
            with suppress(ForeignIndexError):
                decided[subdir] = committed_yanks(subdir_indexes[subdir], reader, names[subdir])
                after = after.with_names(subdir, names[subdir], decided[subdir])
        # Rule: done only once the index and the document were found to say the same, after the last write. Another
        # yanker may commit between the read of the index here and the write, and find the document right before that.
        if after == before:
            return decided
        try:
            write_yanked(channel.writer, key, after, condition)
        except ConflictError:
            channel.runtime.pause(attempt)
    raise ConflictError(
        f"other writers changed it first, {ATTEMPTS} times", where=channel.url(YANKED_JSON), remedy="try again"
    )


def after_commit(channel: Channel, subdir_indexes: Mapping[Subdir, SubdirIndex], names: Names) -> Decided:
    """`bring_in_line`, whose errors say that the index was changed."""
    try:
        return bring_in_line(channel, subdir_indexes, names)
    except ChaninfraError as error:
        raise type(error)(
            f"{error.message}; the index was changed, but {YANKED_JSON} does not show it",
            where=error.where,
            remedy="run `chaninfra reindex` as a maintainer",
        ) from error


def differing(document: Yanked, subdir_index: SubdirIndex, removed: Collection[str]) -> list[str]:
    """The files of which the document says something else than the index; `removed`: those that the index has removed.

    Raises ForeignIndexError where the index is not ours.
    """
    written = document.of(subdir_index.subdir)
    names = {*map(package_name, removed), *map(package_name, written)}
    decided = committed_yanks(subdir_index, ShardReader(subdir_index), names)
    return sorted(file for file in {*written, *decided} if written.get(file) != decided.get(file))
