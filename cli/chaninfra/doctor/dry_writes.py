"""Writes that must be refused: what the store and these credentials would do, found without leaving anything behind.

Each is a PUT under a condition that does not hold. It is of an object that nobody ever changes, and of the very bytes
that are there, so that a store which writes all the same has changed nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from chaninfra.channel.conda.filenames import is_package
from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.shards import ShardIndex, shard_key
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import (
    ConflictError,
    CredentialsError,
    DeniedError,
    StorageError,
    UnsupportedError,
)
from chaninfra.channel.objects import Condition, IfMatch, ObjectBody, ObjectStore, StoredObject
from chaninfra.channel.outputs.descriptor import Descriptor

Outcome = Literal["honoured", "ignored", "unsupported", "denied"]
"""`honoured`: the store refused the write because the condition does not hold; `ignored`: it wrote all the same."""

NEVER_MATCHING = IfMatch('"00000000000000000000000000000000"')
_SMALL = 1 << 20
_LOOKED_AT = 1000


@dataclass(frozen=True, kw_only=True)
class DryWrites:
    """What became of the two writes, and the object that they were of."""

    key: str
    object: StoredObject
    create: Outcome
    replace: Outcome

    @property
    def honoured(self) -> bool:
        """Whether the store was seen to refuse both."""
        return (self.create, self.replace) == ("honoured", "honoured")


def try_writes(store: ObjectStore, descriptor: Descriptor, subdirs: Sequence[Subdir]) -> DryWrites | None:
    """The trial of these credentials; None where the channel has nothing to try it on."""
    found = next(_immutable(store, descriptor, subdirs), None)
    if found is None:
        return None
    return DryWrites(
        key=found.entry.key,
        object=found,
        create=try_write(store, found.entry.key, found, Condition.CREATE),
        replace=try_write(store, found.entry.key, found, NEVER_MATCHING),
    )


def try_write(store: ObjectStore, key: str, body: ObjectBody, condition: Condition | IfMatch) -> Outcome:
    """What becomes of a write whose condition does not hold. Raises StorageError where that is not known."""
    try:
        store.put(key, body, condition)
    except ConflictError:
        return "honoured"
    except CredentialsError:
        raise
    except DeniedError:
        return "denied"
    except UnsupportedError:
        return "unsupported"
    except StorageError as error:
        # 400 is what some stores say to a header that they do not know.
        if type(error) is StorageError and error.status == 400:
            return "unsupported"
        raise
    return "ignored"


def small_package(store: ObjectStore, descriptor: Descriptor, subdir: Subdir) -> StoredObject | None:
    """A small package of the subdir, where there is one among the first that are listed."""
    try:
        there = [*islice(store.list(descriptor.key(subdir)), _LOOKED_AT)]
    except DeniedError:
        return None
    small = [each for each in there if is_package(each.key) and each.size <= _SMALL]
    return store.get(min(small, key=lambda each: each.size).key) if small else None


def _immutable(store: ObjectStore, descriptor: Descriptor, subdirs: Sequence[Subdir]) -> Iterator[StoredObject]:
    """Small objects that nobody changes: shards, and packages where there are none."""
    for find in (_shard, small_package):
        for subdir in subdirs:
            found = find(store, descriptor, subdir)
            if found is not None:
                yield found


def _shard(store: ObjectStore, descriptor: Descriptor, subdir: Subdir) -> StoredObject | None:
    stored = store.get(descriptor.key(subdir, FILE_NAMES["shards"]))
    index = ShardIndex.parse(stored.data) if stored else None
    digest = next(iter(index.hashes.values()), None) if index else None
    return store.get(descriptor.key(subdir, shard_key(digest))) if digest else None
