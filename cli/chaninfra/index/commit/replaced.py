"""Which shards stand, in old states of the index, for those that had records of withdrawn packages.

A state of the history is never changed. Where a package was withdrawn, `.chaninfra/replaced/<subdir>.json` names for
each shard that said something of it the shard that has the rest of its records; then the first one is deleted. Whoever
reads a state reads this document after it. So the time of a state stays that of its object.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from chaninfra.channel.conda.filenames import V3
from chaninfra.channel.conda.object_names import REPLACED_FOLDER
from chaninfra.channel.conda.revisions import KEY, with_v3
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.errors import only_maintainers
from chaninfra.channel.patterns import whole
from chaninfra.index.json_document import JsonDocument
from chaninfra.index.subdir_index import SubdirIndex

MAY_NOT_DELETE = only_maintainers("delete packages")
"""What to do where a write that a withdrawal makes is denied."""

_Digest = Annotated[str, Meta(pattern=whole("[0-9a-f]{64}"))]
_Count = Annotated[int, Meta(ge=0, le=10**9)]


class Replacement(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """What stands for a shard."""

    shard: _Digest | None
    """The sha256 of the shard that has the rest of its records; None: there is no rest."""
    packages: _Count = 0
    """How many records fewer that is."""
    v3: _Count = 0
    """How many of these were in tables below v3."""

    def then(self, later: Replacement) -> Replacement:
        """What stands for the shard after `later` stands for the one that this one names."""
        return Replacement(shard=later.shard, packages=self.packages + later.packages, v3=self.v3 + later.v3)


@prepared
class Replaced(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document; `shards` is sha256 of the shard that was deleted → Replacement."""

    version: Literal[1] = 1
    shards: dict[_Digest, Replacement] = {}

    def applied(self, index: ShardIndex) -> ShardIndex:
        """The index with the shards that stand for those that it names; its commit stamp counts the records anew."""
        if not self.shards:
            return index
        found = {
            name: self.shards[digest.hex()] for name, digest in index.hashes.items() if digest.hex() in self.shards
        }
        if not found:
            return index
        hashes = {
            name: bytes.fromhex(found[name].shard or "") if name in found else digest
            for name, digest in index.hashes.items()
            if name not in found or found[name].shard
        }
        stamp = index.stamp
        if stamp is not None:
            fewer = sum(each.packages for each in found.values())
            stamp = msgspec.structs.replace(stamp, count=max(0, stamp.count - fewer))
        known = (index.info.get(KEY) or {}).get(V3, {})
        count, v3 = known.get("n_packages"), sum(each.v3 for each in found.values())
        info = index.info
        if v3 and isinstance(count, int):
            times = [known[key] for key in ("oldest", "newest") if isinstance(known.get(key), int)]
            info = with_v3(info, count - v3, times)
        return dataclasses.replace(index, hashes=hashes, stamp=stamp, info=info)

    def having(self, new: Mapping[str, Replacement]) -> Replaced:
        """The document with these replacements, also of shards that stood for others. One that is there is not
        replaced by another one: two who withdraw packages of one name may meet.
        """
        shards = {
            old: there.then(new[there.shard]) if there.shard is not None and there.shard in new else there
            for old, there in self.shards.items()
        }
        for old, each in new.items():
            if old not in shards:
                shards[old] = each.then(shards[each.shard]) if each.shard in shards else each
        return Replaced(shards=shards)

    def without(self, unused: Mapping[str, Replacement]) -> Replaced:
        """The document without these entries, as far as they still say the same."""
        return Replaced(shards={old: each for old, each in self.shards.items() if unused.get(old) != each})


_DOCUMENT = JsonDocument(
    model=Replaced,
    name="it",
    # That of 100,000 shards.
    max_bytes=16 << 20,
    # An error where it is damaged, since states of the history would name shards that are not there any more.
    remedy="restore an older version of it. Or delete it: old states of the index, of before a package was withdrawn, "
    "then miss the shard of its name",
    remedy_if_full="run `chaninfra gc` twice, which thins the history and then forgets what only that needed, and try "
    "again",
    remedy_if_denied=MAY_NOT_DELETE,
    sorted_key="shards",
    indented=False,
    cache_control="no-store",
)


def replaced_key(subdir_index: SubdirIndex) -> str:
    """The object key of the document."""
    return subdir_index.layout.key(REPLACED_FOLDER, f"{subdir_index.subdir}.json")


def read_replaced(subdir_index: SubdirIndex) -> Replaced:
    """The document of a subdir. Raises StorageError."""
    return _DOCUMENT.read(subdir_index.store, replaced_key(subdir_index))[0]


def update_replaced(subdir_index: SubdirIndex, change: Callable[[Replaced], Replaced]) -> Replaced:
    """Change the document, and return it. See `JsonDocument.update`."""
    return _DOCUMENT.update(subdir_index.store, subdir_index.runtime, replaced_key(subdir_index), change)
