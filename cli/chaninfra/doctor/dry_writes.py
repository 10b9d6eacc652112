"""Writes that the store must refuse: they show what these credentials may write, and change nothing.

Each is a PUT whose condition does not hold. Its object is one that no writer changes, and its body the bytes that the
object has already, so a store that ignores the condition changes nothing either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from chaninfra.channel.conda.filenames import is_package
from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.shard_index import read_shard_index
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import CredentialsError, DeniedError
from chaninfra.channel.objects import SMALL, Condition, IfAbsent, ObjectBody, ObjectStore, StoredObject, get_within
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.s3.conditional import NEVER_MATCHING, Verdict, put_that_must_fail

Outcome = Verdict | Literal["denied"]
"""`denied`: these credentials may not write the object, so the store did not look at the condition."""

_SMALL = 1 << 20
"""Largest object to write, in bytes."""
_LISTED = 1000
"""So many objects of a subdir are listed to find a small package: one page."""


@dataclass(frozen=True, kw_only=True)
class DryWrites:
    """The object that was written to, and the outcome of a PUT that creates it and of one that replaces it."""

    key: str
    object: StoredObject
    create: Outcome
    replace: Outcome

    @property
    def honoured(self) -> bool:
        """Whether the store honoured both conditions."""
        return (self.create, self.replace) == ("honoured", "honoured")


def try_writes(store: ObjectStore, descriptor: Descriptor, subdirs: Sequence[Subdir]) -> DryWrites | None:
    """Try both writes on a shard or a package of the subdirs; None if they have neither. Raises StorageError."""
    found = next(_immutable(store, descriptor, subdirs), None)
    if found is None:
        return None
    return DryWrites(
        key=found.entry.key,
        object=found,
        create=try_write(store, found.entry.key, found, IfAbsent()),
        replace=try_write(store, found.entry.key, found, NEVER_MATCHING),
    )


def try_write(store: ObjectStore, key: str, body: ObjectBody, condition: Condition) -> Outcome:
    """The outcome of a PUT whose condition does not hold. Raises StorageError if the answer does not tell it."""
    try:
        return put_that_must_fail(store, key, body, condition)
    except CredentialsError:
        raise
    except DeniedError:
        return "denied"


def small_package(store: ObjectStore, descriptor: Descriptor, subdir: Subdir) -> StoredObject | None:
    """The smallest package among the first objects of the subdir; None if there is none of at most 1 MiB."""
    try:
        listed = [*islice(store.list(descriptor.key(subdir)), _LISTED)]
    except DeniedError:
        return None
    small = [entry for entry in listed if is_package(entry.key) and entry.size <= _SMALL]
    return _get(store, min(small, key=lambda entry: entry.size).key, _SMALL) if small else None


def _immutable(store: ObjectStore, descriptor: Descriptor, subdirs: Sequence[Subdir]) -> Iterator[StoredObject]:
    """Small objects that no writer changes: shards, then packages."""
    for find in (_shard, small_package):
        for subdir in subdirs:
            found = find(store, descriptor, subdir)
            if found is not None:
                yield found


def _shard(store: ObjectStore, descriptor: Descriptor, subdir: Subdir) -> StoredObject | None:
    index = read_shard_index(store, descriptor.key(subdir, FILE_NAMES["shards"]))
    digest = next(iter(index.hashes.values()), None) if index else None
    return _get(store, descriptor.key(subdir, shard_key(digest)), SMALL) if digest else None


def _get(store: ObjectStore, key: str, most: int) -> StoredObject | None:
    found = get_within(store, key, most)
    return found if isinstance(found, StoredObject) else None
