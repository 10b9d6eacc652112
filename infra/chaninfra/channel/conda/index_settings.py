"""Settings of a channel's index: the stack config sets them, and channel.json passes them to every writer."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from chaninfra.channel import patterns
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.location import EtagForm

Format = Literal["json", "zst", "shards", "run_exports", "run_exports_zst"]
FORMATS: tuple[Format, ...] = ("json", "zst", "shards")
RUN_EXPORTS: tuple[Format, ...] = ("run_exports", "run_exports_zst")
"""What is written only where `index.run-exports` asks for it."""
Writers = Literal["many", "single"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class AtMostEvery(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """repodata.json and repodata.json.zst are written at most this often."""

    at_most_every: Annotated[
        str,
        Meta(
            description="The shortest time between two writes, from 10 seconds to 7 days: `90s`, `10m`, `6h` or `1d`.",
            pattern=patterns.DURATION,
            examples=["10m"],
        ),
    ]

    @property
    def seconds(self) -> int:
        """The time in seconds, from 10 to 604,800."""
        return seconds_in(self.at_most_every)


def seconds_in(duration: str) -> int:
    """The seconds in a time that matches `patterns.DURATION`."""
    return int(duration[:-1]) * _SECONDS[duration[-1]]


def duration(seconds: int) -> str:
    """A time of 10 to 604,800 seconds as `patterns.DURATION` has it, in the largest unit: `1d`, `90m`."""
    unit = next(unit for unit, size in reversed(_SECONDS.items()) if not seconds % size)
    return f"{seconds // _SECONDS[unit]}{unit}"


Overwrites = Literal["hold", "index"]


class Follow(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """What `chaninfra follow` does with what it finds."""

    overwrites: Annotated[
        Overwrites,
        Meta(
            description="What happens when a package gets other bytes under the name that it has. `hold`: the index "
            "keeps the record of the earlier bytes, with which clients refuse the new ones; the follower logs it, and "
            "`ls` and `doctor` show it, until the earlier bytes are back, the package is deleted, or `chaninfra "
            "reindex` takes the new ones. `index`: the new bytes are indexed at once."
        ),
    ] = "hold"


Monolith = Literal["each-commit", "never"] | AtMostEvery
"""When repodata.json and repodata.json.zst are written."""


@prepared
class IndexSettings(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """How the index files of the channel are written."""

    monolith: Annotated[
        Monolith,
        Meta(
            description="When the monolithic files repodata.json and repodata.json.zst are written. The shards (CEP "
            "16), which pixi reads first, are written by every commit. `each-commit`: they are written by every commit "
            "too, so that all clients find a package when `publish` ends, but for what they keep (`cache-control`). A "
            "mapping with `at-most-every`, a time such as `10m`: at most that often, by the next commit, `reindex` or "
            "a scheduled job. `never`: not at all, for pixi, rattler, conda from 26.3 and mamba from 2.6.",
            examples=["each-commit", {"at-most-every": "10m"}, "never"],
        ),
    ] = "each-commit"
    history_days: Annotated[
        int,
        Meta(
            description="Days for which `chaninfra gc` keeps old states of the index: all of the last day, then one an "
            "hour for a week, then one a day.",
            ge=1,
            le=3650,
            examples=[30],
        ),
    ] = 30
    compression_level: Annotated[
        int,
        Meta(
            description="The zstd level of the compressed index files. Higher levels save little and take much longer.",
            ge=1,
            le=22,
            examples=[1],
        ),
    ] = 1
    cache_control: Annotated[
        str,
        Meta(
            description="The Cache-Control header of the index files; shards never change and are sent as `immutable`. "
            "For as long as it says, clients keep the index that they have: a new package is found, and a yanked one "
            "no longer installed, only then. Default: five minutes, so that the solves of a sitting ask the store "
            "once, and a CDN answers most of them. `no-cache`: every change is seen at once, and each client asks "
            "for the index of each subdir at each solve.",
            pattern=patterns.HEADER,
            examples=["max-age=300", "no-cache"],
        ),
    ] = "max-age=300"
    writers: Annotated[
        Writers,
        Meta(
            description="`many`: publishers may write at once, by conditional writes. `single`: you make sure that "
            "only one command writes at a time (for a store without conditional writes)."
        ),
    ] = "many"

    # Earlier versions do not know it, so it is written only where it is set.
    follow: Annotated[
        Follow | UnsetType,
        Meta(
            description="Declares that `chaninfra follow` runs for this channel, or on AWS lets `pulumi up` make what "
            "follows: the index follows every upload and deletion, by whatever tool. With `writers: single` the "
            "follower is the one writer of the index: `publish` only uploads, and waits for it.",
            examples=[{"overwrites": "index"}],
        ),
    ] = UNSET
    run_exports: Annotated[
        bool | UnsetType,
        Meta(
            description="`true`: subdirs have run_exports.json and run_exports.json.zst (CEP 12): the run exports of "
            "the packages, for tools that build packages. They are written when repodata.json is; where `monolith` is "
            "`never`, by `reindex`, the hourly comparison of a follower, and scheduled jobs.",
            examples=[True],
        ),
    ] = UNSET

    channeldata: Annotated[
        bool | UnsetType,
        Meta(
            description="`true`: the channel has channeldata.json: what the packages of each name say of themselves, "
            "as conda-index writes it, for other tools. It is written after the commits of a command, when `monolith` "
            "writes repodata.json; where that is `never`, by `reindex`, the hourly comparison of a follower, and "
            "scheduled jobs. Publishers may write it.",
            examples=[True],
        ),
    ] = UNSET

    @property
    def has_channeldata(self) -> bool:
        """Whether the channel has channeldata.json."""
        return self.channeldata is True

    @property
    def overwrites(self) -> Overwrites:
        """What a follower does with packages that got other bytes."""
        return "hold" if isinstance(self.follow, UnsetType) else self.follow.overwrites

    @property
    def holds(self) -> bool:
        """Whether the record of a package that was overwritten stays, unless somebody re-indexes by hand."""
        return self.overwrites == "hold"

    @property
    def only_a_follower_commits(self) -> bool:
        """Whether publishers only upload, and a follower is the one writer of the index."""
        return self.writers == "single" and not isinstance(self.follow, UnsetType)

    @property
    def formats(self) -> tuple[Format, ...]:
        """The kinds of index files that are written, at each commit or later."""
        records: tuple[Format, ...] = ("shards",) if self.monolith == "never" else FORMATS
        return (*records, *RUN_EXPORTS) if self.run_exports is True else records

    @property
    def derived(self) -> tuple[Format, ...]:
        """Those of them that are made from the authoritative index."""
        return tuple(kind for kind in self.formats if kind != "shards")


def kept_seconds(cache_control: str) -> int:
    """The seconds for which clients keep a file with this Cache-Control header without asking again (RFC 9111)."""
    directives = [each.strip().lower() for each in cache_control.split(",")]
    if "no-cache" in directives or "no-store" in directives:
        return 0
    ages = [re.fullmatch(r"max-age=([0-9]{1,10})", each) for each in directives]
    return next((int(age[1]) for age in ages if age), 0)


# Earlier versions know neither `etags`, which is written only where they could not write at all, nor `copy`, which is
# written only where the table of providers does not say it.
class ConditionalWrites(
    Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True, omit_defaults=True
):
    """Which conditional writes the store honours, as a probe found."""

    create: Annotated[bool, Meta(description="PUT with If-None-Match: * is refused where the key exists.")]
    replace: Annotated[bool, Meta(description="PUT with If-Match is refused where the ETag is another.")]
    multipart: Annotated[bool, Meta(description="CompleteMultipartUpload honours If-None-Match: * too.")]
    etags: Annotated[
        EtagForm,
        Meta(
            description="The form of the ETag in If-Match that the store honours: with its quotes, as HTTP has it, or "
            "`unquoted` (Ceph 16)."
        ),
    ] = "quoted"
    copy: Annotated[
        bool | UnsetType,
        Meta(
            description="CopyObject honours If-None-Match: * and x-amz-copy-source-if-match. Where it is missing, the "
            "provider's facts apply."
        ),
    ] = UNSET
