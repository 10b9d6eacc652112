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
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import ConflictError, StorageError, only_maintainers, remedy_if_denied
from chaninfra.channel.objects import Condition, IfAbsent, IfMatch, ObjectBody, ObjectStore, TooLargeError
from chaninfra.channel.patterns import whole
from chaninfra.index.commit.derived_files import ATTEMPTS
from chaninfra.index.commit.yanked_json import check_version
from chaninfra.index.runtime import Runtime

CONTENT_TYPE = "application/json"
CACHE_CONTROL = "no-cache"
MOST = 1000
"""Most snapshots of a channel: the entry of one takes up to 3 kB."""
_MAX_BYTES = 8 << 20
_PERMIT = only_maintainers("make and remove snapshots")
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


def read_snapshots(store: ObjectStore, key: str) -> tuple[Snapshots, Condition]:
    """The document, and the condition for replacing it. Raises StorageError."""
    try:
        stored = store.get(key, _MAX_BYTES)
    except TooLargeError as error:
        raise _invalid(key, error.message) from error
    if stored is None:
        return Snapshots(), IfAbsent()
    try:
        document = msgspec.json.decode(stored.data, type=Snapshots)
        for name in document.snapshots:
            if not is_snapshot_name(name):
                raise ValueError(f"{name[:80]!r} is not the name of a snapshot; it takes {NAME_RULE}")
    except MALFORMED as error:
        check_version(stored.data, key)
        # An error, since gc would take the shards of its snapshots for garbage.
        raise _invalid(key, f"is not valid: {error}") from error
    return document, IfMatch(stored.entry.etag)


def _invalid(key: str, message: str) -> StorageError:
    return StorageError(
        message,
        where=key,
        remedy="restore an older version of it. Or delete it: its snapshots stay, unlisted, until `chaninfra snapshot "
        "rm NAME` removes one",
    )


def update_snapshots(
    store: ObjectStore, runtime: Runtime, key: str, change: Callable[[Snapshots], Snapshots]
) -> Snapshots:
    """Change the document by If-Match, and return it; nothing is written if the change changes nothing.

    `change` may be called again with what another writer wrote meanwhile, or this one, whose answer was lost. Raises
    what it raises; ConflictError where other writers won all attempts; StorageError.
    """
    for attempt in range(ATTEMPTS):
        before, condition = read_snapshots(store, key)
        after = change(before)
        if after == before:
            return before
        ordered = msgspec.structs.replace(after, snapshots=dict(sorted(after.snapshots.items())))
        data = msgspec.json.format(msgspec.json.encode(ordered), indent=2) + b"\n"
        if len(data) > _MAX_BYTES or (len(after.snapshots) > MOST and len(after.snapshots) > len(before.snapshots)):
            raise StorageError(
                f"the channel has {len(before.snapshots):,} snapshots, and may have no more",
                where=key,
                remedy="remove one first: `chaninfra snapshot rm NAME`",
            )
        try:
            with remedy_if_denied(_PERMIT):
                store.put(key, ObjectBody(data=data, content_type=CONTENT_TYPE, cache_control=CACHE_CONTROL), condition)
        except ConflictError:
            runtime.pause(attempt)
            continue
        return after
    raise ConflictError(
        f"other writers changed {SNAPSHOTS_JSON} first, {ATTEMPTS} times", where=key, remedy="try again"
    )
