"""snapshots/index.json: the snapshots of a channel, and which states of the index each has.

A snapshot that is being made or removed is listed too. So whoever goes on after a kill makes it of the same states, and
nobody takes the rest of a removed one for the beginning of a new one. The first entry of its name that is written
decides what a snapshot is of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from chaninfra.channel.conda.commit_stamp import MAX_NUMBER
from chaninfra.channel.conda.object_names import SNAPSHOTS_JSON
from chaninfra.channel.conda.snapshots import NAME, NAME_RULE, is_snapshot_name
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import StorageError, only_maintainers
from chaninfra.channel.objects import Condition, ObjectStore
from chaninfra.channel.patterns import whole
from chaninfra.index.json_document import JsonDocument
from chaninfra.index.runtime import Runtime

MOST = 1000
"""Most snapshots of a channel: the entry of one takes up to 3 kB."""
MAX_BYTES = 8 << 20
"""Largest list of snapshots that is read or written."""
_REMOVE_ONE = "remove one first: `chaninfra snapshot rm NAME`"
_TIME = whole("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_REVISION = whole("[A-Za-z0-9._-]{1,128}")

Stage = Literal["creating", "ready", "removing"]


class SnapshotSubdir(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """The state of a subdir's index that a snapshot has."""

    commit: Annotated[int, Meta(ge=1, le=MAX_NUMBER, description="The number of the commit.", examples=[42, 1])]
    revision: Annotated[
        str, Meta(pattern=_REVISION, description="The revision of the commit.", examples=["3f2a9c0d4e5b6a798081"])
    ]
    packages: Annotated[int, Meta(ge=0, description="How many packages the index lists.", examples=[1200])]


class Snapshot(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """A snapshot."""

    at: Annotated[
        str,
        Meta(
            pattern=_TIME,
            description="The time of which it is: what the channel said then.",
            examples=["2026-11-01T12:00:00Z"],
        ),
    ]
    created: Annotated[str, Meta(pattern=_TIME, description="When it was made.", examples=["2026-11-02T08:30:00Z"])]
    stage: Annotated[
        Stage, Meta(description="`creating` and `removing`: not all of its files are there, perhaps for good.")
    ] = "ready"
    subdirs: Annotated[
        dict[Subdir, SnapshotSubdir],
        Meta(
            min_length=1,
            description="Its subdirs.",
            examples=[{"noarch": {"commit": 42, "revision": "3f2a9c0d4e5b6a798081", "packages": 1200}}],
        ),
    ]

    @property
    def packages(self) -> int:
        """How many packages it lists."""
        return sum(each.packages for each in self.subdirs.values())


def having_counts(snapshot: Snapshot, counts: Mapping[Subdir, int]) -> Snapshot:
    """The snapshot with these numbers of packages."""
    subdirs = {
        subdir: msgspec.structs.replace(each, packages=counts.get(subdir, each.packages))
        for subdir, each in snapshot.subdirs.items()
    }
    return msgspec.structs.replace(snapshot, subdirs=subdirs)


@prepared
class Snapshots(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """The document."""

    version: Annotated[Literal[1], Meta(description="The version of this format.")] = 1
    snapshots: Annotated[
        dict[Annotated[str, Meta(pattern=whole(NAME))], Snapshot],
        Meta(description="The snapshots, by name.", examples=[{}]),
    ] = {}

    def having(self, name: str, snapshot: Snapshot | None) -> Snapshots:
        """The document with this snapshot under the name; None: without one."""
        others = {each: kept for each, kept in self.snapshots.items() if each != name}
        return Snapshots(snapshots={**others, **({name: snapshot} if snapshot else {})})


def _check(document: Snapshots) -> None:
    for name in document.snapshots:
        if not is_snapshot_name(name):
            raise ValueError(f"{name[:80]!r} is not the name of a snapshot; it takes {NAME_RULE}")


_DOCUMENT = JsonDocument(
    model=Snapshots,
    name=SNAPSHOTS_JSON,
    max_bytes=MAX_BYTES,
    check=_check,
    # An error where it is damaged, since gc would take the shards of its snapshots for garbage.
    remedy="restore an older version of it. Or delete it: its snapshots stay, unlisted, until `chaninfra snapshot rm "
    "NAME` removes one",
    remedy_if_full=_REMOVE_ONE,
    remedy_if_denied=only_maintainers("make and remove snapshots"),
    sorted_key="snapshots",
)


def read_snapshots(store: ObjectStore, key: str) -> tuple[Snapshots, Condition]:
    """The document, and the condition for replacing it. Raises StorageError."""
    return _DOCUMENT.read(store, key)


def update_snapshots(
    store: ObjectStore, runtime: Runtime, key: str, change: Callable[[Snapshots], Snapshots]
) -> Snapshots:
    """Change the document, and return it. See `JsonDocument.update`; raises StorageError also where it would list more
    than `MOST`, and more than before.
    """

    def changed(before: Snapshots) -> Snapshots:
        after = change(before)
        if len(after.snapshots) > max(MOST, len(before.snapshots)):
            raise StorageError(
                f"the channel has {len(before.snapshots):,} snapshots, and may have no more",
                where=key,
                remedy=_REMOVE_ONE,
            )
        return after

    return _DOCUMENT.update(store, runtime, key, changed)
