"""Reads what packages say of themselves, of many names at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from chaninfra.channel.conda.summary import MAX_SUMMARY, Summary, parse, summary_key
from chaninfra.channel.errors import ChaninfraError, CredentialsError, StorageError
from chaninfra.channel.objects import ObjectStore, StoredObject, get_within
from chaninfra.index.channel import Channel
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.runtime import run_all

_AT_ONCE = 256
"""So many are read before the next ones are begun."""


@dataclass(kw_only=True)
class Said:
    """The summaries that were read, and of how many names they could not be, with one of the errors."""

    summaries: dict[tuple[str, str], Summary] = field(default_factory=dict)
    """(subdir, name as clients look it up) → its summary."""
    unread: int = 0
    error: ChaninfraError | None = None


def read_summary(store: ObjectStore, key: str, name: str) -> Summary | None:
    """What the object with this key says of the package name; None: it is not there, or is no summary of this name.

    Raises StorageError.
    """
    found = get_within(store, key, MAX_SUMMARY)
    summary = parse(found.data) if isinstance(found, StoredObject) else None
    return summary if summary is not None and summary.name == name else None


def read_said(channel: Channel, wanted: Iterable[tuple[str, str]], progress: Progress = SILENT) -> Said:
    """The summaries of these (subdir, name). What cannot be read is no fault of the channel: one is no promise.

    Raises CredentialsError.
    """
    store, said = channel.store(), Said()
    keys = {each: key for each in wanted if (key := summary_key(each[1])) is not None}
    progress.stage("reading the summaries", len(keys))

    def read(place: tuple[str, str]) -> None:
        try:
            summary = read_summary(store, channel.descriptor.key(place[0], keys[place]), place[1])
        except CredentialsError:
            raise
        except StorageError as error:
            said.unread += 1
            said.error = error
            return
        finally:
            progress.done()
        if summary is not None:
            said.summaries[place] = summary

    places = [*keys]
    for start in range(0, len(places), _AT_ONCE):
        run_all(channel.runtime, [lambda place=place: read(place) for place in places[start : start + _AT_ONCE]])  # type: ignore[misc]
    return said
