"""follow.json: the mark that followers and scheduled jobs leave, so that others see whether they still run.

For each task it says when it last ended well, what ran it, and how often it is to run. `doctor` reads it, and nothing
else does. Several followers may write it: the last one counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from chaninfra.channel.conda.object_names import FOLLOW_JSON
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.conda.upkeep import Task
from chaninfra.channel.errors import ConflictError, CredentialsError, DeniedError, StorageError
from chaninfra.channel.objects import IfAbsent, IfMatch, ObjectBody, ObjectStore, StoredObject, get_within
from chaninfra.channel.patterns import whole
from chaninfra.index.channel import Channel
from chaninfra.index.json_document import check_version

By = Literal["process", "aws-lambda", "job"]
"""What ran it: `chaninfra follow`, the function in AWS Lambda, or a command that a schedule runs."""
Outcome = Literal["written", "recent", "denied", "newer"]
"""`recent`: the mark says so of less than half the time between two runs ago, or others wrote it meanwhile. `denied`:
these credentials may not write it. `newer`: it is of a later version of chaninfra, and stays as it is."""

NOT_WRITTEN: Mapping[str, tuple[str, str]] = {
    "denied": (
        f"these credentials may not write {FOLLOW_JSON}, so `doctor` cannot see that this runs",
        "use the key or role of a maintainer",
    ),
    "newer": (f"{FOLLOW_JSON} is of a later version of chaninfra, so it stays as it is", "upgrade chaninfra"),
}
"""Outcome → why the mark was not written, and what to do, where somebody should know of it."""
_ATTEMPTS = 5
_MAX_BYTES = 1 << 16
_LAST_MS = 253_402_300_799_999
"""The end of the year 9999."""
_GRACE_S = 600
"""A run may take so much longer than the one before."""


class Run(Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """The last run of a task that ended well. Keys of later versions are passed over."""

    at: Annotated[int, Meta(description="When it ended, in ms since 1970.", ge=0, le=_LAST_MS)]
    every: Annotated[int, Meta(description="The seconds from one run to the next.", ge=10, le=7 * 86_400)]
    by: Annotated[
        str,
        Meta(
            description="What ran it: `process` (`chaninfra follow`), `aws-lambda`, or `job` (a command that a "
            "schedule runs).",
            pattern=whole("[a-z][a-z0-9-]{0,31}"),
        ),
    ]
    chaninfra: Annotated[str, Meta(description="Its version of chaninfra.", pattern=whole("[0-9A-Za-z.+!-]{1,64}"))]

    function: Annotated[
        Annotated[str, Meta(pattern=whole("[A-Za-z0-9_-]{1,64}"))] | None,
        Meta(description="The name of the function of AWS Lambda, which is that of its queue, too."),
    ] = None

    def late(self, now_ms: int) -> bool:
        """Whether two runs are overdue."""
        return is_late(now_ms - self.at, self.every)


@prepared
class Mark(Struct, frozen=True, kw_only=True):
    """The document: task → its last run; None: it never ran. Tasks of later versions are passed over."""

    version: Annotated[Literal[1], Meta(description="The version of this format.")] = 1
    compare: Run | None = None
    reindex: Run | None = None
    gc: Run | None = None

    def runs(self) -> dict[Task, Run]:
        """Those that ran."""
        found: dict[Task, Run | None] = {"compare": self.compare, "reindex": self.reindex, "gc": self.gc}
        return {task: run for task, run in found.items() if run is not None}


def is_late(age_ms: int, every_s: int) -> bool:
    """Whether something that is to run every so many seconds, and last did so long ago, has missed two runs."""
    return age_ms > (2 * every_s + _GRACE_S) * 1000


class MarkError(StorageError):
    """The object is no mark."""


class NewerMarkError(StorageError):
    """The mark is of a later version of chaninfra."""


def read_mark(store: ObjectStore, key: str) -> Mark | None:
    """The mark; None: there is none. Raises MarkError, NewerMarkError and other StorageErrors."""
    found = get_within(store, key, _MAX_BYTES)
    return None if found is None else _parsed(found.data if isinstance(found, StoredObject) else None, key)


def write_mark(channel: Channel, task: Task, by: By, every_s: float, function: str | None = None) -> Outcome:
    """Say that the task has just ended well, and is to run every so many seconds. To be called last: that the mark
    cannot be written is no reason to do the task again. `function`: the name of the function of AWS Lambda that did it.

    Costs a GET, and a PUT where the mark says something else. An object that is no mark is replaced. Raises
    StorageError, but not for those who may not write it.
    """
    key = channel.descriptor.key(FOLLOW_JSON)
    run = Run(at=channel.runtime.now_ms(), every=round(every_s), by=by, chaninfra=_version(), function=function)
    for attempt in range(_ATTEMPTS):
        try:
            return _write(channel.writer, key, task, run)
        except ConflictError:
            channel.runtime.pause(attempt)
        except CredentialsError:
            raise
        except DeniedError:
            return "denied"
    return "recent"


def _version() -> str:
    # Imported here, since it takes a tenth of the program's start.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("chaninfra")
    except PackageNotFoundError:
        # Files of it that are on the path without being installed.
        return "unknown"


def _write(store: ObjectStore, key: str, task: Task, run: Run) -> Outcome:
    found = get_within(store, key, _MAX_BYTES)
    before = Mark()
    if found is not None:
        try:
            before = _parsed(found.data if isinstance(found, StoredObject) else None, key)
        except MarkError:
            # Nothing is lost: what runs says so again.
            pass
        except NewerMarkError:
            return "newer"
    known, half_ms = before.runs().get(task), run.every * 500
    if known is not None and msgspec.structs.replace(run, at=known.at) == known and 0 <= run.at - known.at < half_ms:
        return "recent"
    data = msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(before, **{task: run})), indent=2) + b"\n"
    entry = found.entry if isinstance(found, StoredObject) else found
    condition = IfAbsent() if entry is None else IfMatch(entry.etag)
    store.put(key, ObjectBody(data=data, content_type="application/json", cache_control="no-cache"), condition)
    return "written"


def _parsed(data: bytes | None, key: str) -> Mark:
    """The mark in an object; None: it is too large. Raises MarkError and NewerMarkError."""
    try:
        if data is None:
            raise ValueError(f"it is larger than {_MAX_BYTES >> 10} KiB")
        return msgspec.json.decode(data, type=Mark)
    except MALFORMED as error:
        if data is not None:
            _check_version(data, key)
        remedy = "delete it: what follows the channel writes it again"
        raise MarkError(f"is not valid: {error}", where=key, remedy=remedy) from error


def _check_version(data: bytes, key: str) -> None:
    try:
        check_version(data, key)
    except StorageError as newer:
        raise NewerMarkError(newer.message, where=key, remedy=newer.remedy) from None
