"""What is wrong with the snapshots of a channel, for the doctor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from chaninfra.channel.conda.index_files import MAX_SHARD_INDEX
from chaninfra.channel.conda.object_names import SNAPSHOTS_FOLDER
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.snapshots import snapshot_folder
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.objects import StoredObject, get_within
from chaninfra.channel.text import count
from chaninfra.index.channel import Channel
from chaninfra.index.commit.shard_reader import listed_shards
from chaninfra.index.snapshots.document import Snapshot, Stage
from chaninfra.index.snapshots.files import key_of
from chaninfra.index.snapshots.remove import list_snapshots

Kind = Literal["unfinished", "unlisted", "broken"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with a snapshot."""

    name: str
    kind: Kind
    """`unfinished`: its making or removal was stopped, or is under way. `unlisted`: it has files and no entry."""
    found: str
    stage: Stage = "ready"
    """That of its entry."""


def faults(channel: Channel) -> tuple[Mapping[str, Snapshot], list[Fault]]:
    """The snapshots that are listed, and what is wrong with them. Raises StorageError."""
    listed = list_snapshots(channel)
    shards: dict[Subdir, set[bytes]] = {}
    found = [
        Fault(name=name, kind="unlisted", found=f"{snapshot_folder(name)}/ has files, and is not listed")
        for name in listed.unlisted
    ]
    keys = {entry.key for entry in channel.store().list(channel.descriptor.key(SNAPSHOTS_FOLDER))}
    for name, snapshot in listed.snapshots.items():
        if snapshot.stage != "ready":
            what = "being made" if snapshot.stage == "creating" else "being removed"
            text = f"the snapshot {name} is {what}, or that was stopped"
            found.append(Fault(name=name, kind="unfinished", found=text, stage=snapshot.stage))
            continue
        found += (
            Fault(name=name, kind="broken", found=each) for each in _broken(channel, name, snapshot, keys, shards)
        )
    return listed.snapshots, found


def _broken(
    channel: Channel, name: str, snapshot: Snapshot, keys: set[str], shards: dict[Subdir, set[bytes]]
) -> Iterator[str]:
    """What is wrong with the files of a snapshot, subdir by subdir. `shards`: those that are there, as far as read."""
    for subdir in snapshot.subdirs:
        target = channel.subdir_index(subdir, "read")
        key = key_of(target, name, "shards")
        stored = get_within(target.store, key, MAX_SHARD_INDEX) if key in keys else None
        index = ShardIndex.parse(stored.data) if isinstance(stored, StoredObject) else None
        if index is None:
            yield f"{key} is {'damaged' if key in keys else 'missing'}"
            continue
        if index.hashes and subdir not in shards:
            shards[subdir] = listed_shards(target)
        lost = {digest for digest in index.hashes.values() if digest not in shards[subdir]} if index.hashes else set()
        if lost:
            are = "is" if len(lost) == 1 else "are"
            yield f"{count(len(lost), 'shard')} that the snapshot {name} needs in {subdir} {are} missing"
