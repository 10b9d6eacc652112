"""notices.json: what a channel tells its users, and conda, pixi and rattler-build show them (CEP 6).

The document is anybody's: of what other tools wrote, every key and every notice stays as it is. Written are the keys of
CEP 6; `expires_at` alone, since rattler's clients skip a notice that has conda's older `expired_at` beside it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from chaninfra.channel.conda.object_names import NOTICES_JSON
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import (
    ChaninfraError,
    ConfigurationError,
    ConflictError,
    StorageError,
    only_maintainers,
    remedy_if_denied,
)
from chaninfra.channel.objects import Condition, IfAbsent, IfMatch, ObjectBody, ObjectStore, TooLargeError
from chaninfra.channel.text import nearest, one_line, shown
from chaninfra.index.channel import Channel
from chaninfra.index.lines import check_line
from chaninfra.index.runtime import ATTEMPTS, Runtime

Level = Literal["info", "warning", "critical"]

CONTENT_TYPE = "application/json"
CACHE_CONTROL = "no-cache"
MAX_MESSAGE = 1000
"""Characters of a message: clients print it after other output, and CEP 6 means it to be as short as a tweet."""
MAX_BYTES = 1 << 20
"""Largest notices.json that rattler's clients read."""
_AT_ONCE = 20
_ID = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PERMIT = only_maintainers("write notices")


@prepared
class Notice(Struct, frozen=True, kw_only=True):
    """A notice as it is written. Clients ignore the key `chaninfra_yanked`, which CEP 6 has not."""

    id: str
    message: str
    level: Level
    created_at: str
    """ISO 8601 with `+00:00`: conda under Python before 3.11 reads no `Z`."""
    expires_at: str
    chaninfra_yanked: tuple[str, ...] | UnsetType = UNSET
    """`<subdir>/<file>` of the packages that it was written for when they were yanked."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A notice of the document, whoever wrote it."""

    raw: Raw
    """The JSON, as it stays."""
    fields: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its id as conda reads it; "": it has none."""
        return _text(self.fields.get("id"))

    @property
    def has_plain_id(self) -> bool:
        """Whether the id is one as chaninfra gives it: anybody may have written another one, such as `--region`."""
        return _ID.fullmatch(self.id) is not None

    @property
    def message(self) -> str:
        """Its message; "": it has none."""
        return _text(self.fields.get("message"))

    @property
    def level(self) -> str:
        """Its level; conda takes `info` where there is none."""
        return _text(self.fields.get("level")) or "info"

    @property
    def created(self) -> str:
        """When it was written, in its words."""
        return _text(self.fields.get("created_at"))

    @property
    def expires(self) -> str:
        """Until when it holds, in its words; "": it does not say."""
        return _text(self.fields.get("expires_at", self.fields.get("expired_at")))

    @property
    def yanked(self) -> tuple[str, ...]:
        """The packages that it was written for when they were yanked."""
        given = self.fields.get("chaninfra_yanked")
        return tuple(each for each in given if isinstance(each, str)) if isinstance(given, list) else ()

    def is_expired(self, now_ms: int) -> bool:
        """Whether its time is over; never, where it says none that can be read."""
        try:
            until = datetime.fromisoformat(self.expires)
            return (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() * 1000 <= now_ms
        except (ValueError, OverflowError):
            return False


@dataclass(frozen=True, kw_only=True)
class Notices:
    """The document: its notices in order, and the other keys that it has."""

    entries: tuple[Entry, ...] = ()
    others: Mapping[str, Raw] = field(default_factory=dict)

    def having(self, notice: Notice) -> Notices:
        """The document with this notice as its first: conda shows the first five that its user has not seen.

        Raises ConflictError where there is one of this id: clients show no id twice.
        """
        if any(each.id == notice.id for each in self.entries):
            raise ConflictError(
                f"there is a notice {notice.id} already, and clients do not show an id again",
                where=NOTICES_JSON,
                remedy=f"give another --id; `chaninfra notice rm {notice.id}` removes the one that is there",
            )
        new = Entry(raw=Raw(msgspec.json.encode(notice)), fields=msgspec.to_builtins(notice))
        return replace(self, entries=(new, *self.entries))

    def without(self, ids: Collection[str]) -> Notices:
        """The document without the notices of these ids."""
        return replace(self, entries=tuple(each for each in self.entries if each.id not in ids))

    def encoded(self) -> bytes:
        """The document as JSON; without the spaces where clients could not read it with them."""
        data = msgspec.json.encode({**self.others, "notices": [each.raw for each in self.entries]})
        spaced = msgspec.json.format(data, indent=2) + b"\n"
        return spaced if len(spaced) <= MAX_BYTES else msgspec.json.format(data, indent=-1)


def check_id(id_: str) -> None:
    """Raise ConfigurationError for what is no id here: conda keeps those that were seen as lines of a file."""
    if not _ID.fullmatch(id_):
        raise ConfigurationError(
            f"{shown(id_)} is not an id",
            where="--id",
            remedy="it takes letters, digits, `.`, `-` and `_`, at most 64, a letter or digit first",
        )


def check_message(message: str, where: str, most: int = MAX_MESSAGE) -> None:
    """Raise ConfigurationError for a text that must not be shown on the terminals of others."""
    since = ", since clients print it below the output of every command on the channel"
    check_line(message, where, most, what="the text of the notice", since=since)


def new_notice(message: str, level: Level, *, now: datetime, until: datetime, id_: str | None = None) -> Notice:
    """A notice with this text. Raises ConfigurationError for a text, an id or a time that is not possible."""
    check_message(message, "TEXT")
    if id_ is not None:
        check_id(id_)
    if until <= now:
        raise ConfigurationError(
            f"{in_utc(_time(until))} is over", where="--expires", remedy="give a time to come: 30d, or 2027-01-31"
        )
    return Notice(
        id=id_ or str(uuid.uuid4()), message=message, level=level, created_at=_time(now), expires_at=_time(until)
    )


def read_notices(store: ObjectStore, key: str) -> tuple[Notices, Condition]:
    """The document, and the condition for replacing it. Raises StorageError."""
    try:
        stored = store.get(key, MAX_BYTES)
    except TooLargeError as error:
        raise _invalid(key, f"{error.message}, and rattler's clients read no more") from error
    if stored is None:
        return Notices(), IfAbsent()
    try:
        others = msgspec.json.decode(stored.data, type=dict[str, Raw])
        raws = msgspec.json.decode(others.pop("notices", b"[]"), type=list[Raw])
        fields = [msgspec.json.decode(raw, type=dict[str, Any]) for raw in raws]
        # They are written again: they must be JSON, too.
        for raw in others.values():
            msgspec.json.decode(raw)
    except MALFORMED as error:
        # An error, since an empty document instead would lose the notices that somebody can still mend.
        raise _invalid(key, f"is not valid: {error}") from error
    entries = tuple(Entry(raw=Raw(bytes(raw)), fields=each) for raw, each in zip(raws, fields, strict=True))
    return Notices(entries=entries, others={name: Raw(bytes(raw)) for name, raw in others.items()}), IfMatch(
        stored.entry.etag
    )


def _invalid(key: str, message: str) -> StorageError:
    return StorageError(
        message,
        where=key,
        remedy="restore an older version of it; or delete it: clients show no notices then, and `chaninfra notice add "
        "TEXT` writes a new one",
    )


def update_notices(
    store: ObjectStore, runtime: Runtime, key: str, change: Callable[[Notices], Notices]
) -> tuple[Notices, Notices]:
    """Change the document by If-Match; what it was before, and is now. Nothing is written if nothing changes.

    `change` may be called again, with what another writer wrote meanwhile. Raises what it raises; ConflictError where
    other writers won all attempts; StorageError, also for a document that clients would not read.
    """
    for attempt in range(ATTEMPTS):
        before, condition = read_notices(store, key)
        after = change(before)
        if after == before:
            return before, before
        data = after.encoded()
        if len(data) > MAX_BYTES:
            raise StorageError(
                f"would be larger than {MAX_BYTES >> 20} MiB, and rattler's clients read no more",
                where=key,
                remedy="remove old notices first; `chaninfra notice ls` lists them",
            )
        try:
            with remedy_if_denied(_PERMIT):
                store.put(key, ObjectBody(data=data, content_type=CONTENT_TYPE, cache_control=CACHE_CONTROL), condition)
        except ConflictError:
            runtime.pause(attempt)
            continue
        return before, after
    raise ConflictError(f"other writers changed {NOTICES_JSON} first, {ATTEMPTS} times", where=key, remedy="try again")


def list_notices(channel: Channel) -> tuple[Entry, ...]:
    """The notices of the channel. Raises StorageError."""
    return read_notices(channel.store(), channel.descriptor.key(NOTICES_JSON))[0].entries


def add(channel: Channel, notice: Notice) -> Notices:
    """Add the notice; the document as it is then. Raises as `Notices.having` and `update_notices`."""
    key = channel.descriptor.key(NOTICES_JSON)
    fields = msgspec.to_builtins(notice)

    def change(old: Notices) -> Notices:
        # The answer to a write may have been lost.
        return old if any(each.fields == fields for each in old.entries) else old.having(notice)

    return update_notices(channel.writer, channel.runtime, key, change)[1]


def remove(channel: Channel, ids: Sequence[str]) -> Notices:
    """Remove the notices of these ids; the document as it is then.

    Raises ChaninfraError for an id that no notice has, and removes none then; StorageError.
    """
    key = channel.descriptor.key(NOTICES_JSON)
    removed: set[str] = set()

    def change(old: Notices) -> Notices:
        there = {each.id for each in old.entries}
        missing = [each for each in ids if each not in there | removed]
        if missing:
            raise ChaninfraError(
                f"there is no notice {one_line(shown(missing[0]))}",
                where=channel.url(NOTICES_JSON),
                remedy=nearest(missing[0], there) if there else "the channel has no notices",
            )
        # If the answer to the write is lost, the next attempt finds them removed.
        removed.update(ids)
        return old.without(ids)

    return update_notices(channel.writer, channel.runtime, key, change)[1]


def expired(entries: Sequence[Entry], now_ms: int) -> list[str]:
    """The ids of those whose time is over, for a command: at most 20, and none that a command could misunderstand."""
    return [each.id for each in entries if each.has_plain_id and each.is_expired(now_ms)][:_AT_ONCE]


def in_utc(time: str) -> str:
    """A time of a notice as all other times are printed: with `Z`."""
    return f"{time.removesuffix('+00:00')}Z" if time.endswith("+00:00") else time


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds")


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else str(value)
