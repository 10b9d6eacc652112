"""Writes the summaries of packages (`channel.conda.summary`), beside what a command does anyway.

A summary is of the newest package file of its name that somebody has read: by its timestamp, then by version and build
number. It is no promise. So a summary that cannot be written fails no command, and is told in one note.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from functools import partial
from threading import Lock

import msgspec

from chaninfra.channel.conda.filenames import package_name, suffix_of
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.record_facts import in_ms
from chaninfra.channel.conda.summary import MAX_SUMMARY, MoreAbout, Summary, dump, parse, summary_key
from chaninfra.channel.errors import ChaninfraError, ConflictError
from chaninfra.channel.objects import IfAbsent, IfMatch, ObjectBody, StoredObject, get_within
from chaninfra.channel.text import count
from chaninfra.index.package.about import JOINERS, About, line, text, urls, words
from chaninfra.index.package.index_json import IndexJson
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex

CONTENT_TYPE = "application/json"
_FILES = "summaries/*.json"

_ATTEMPTS = 20
"""Attempts before a summary is given up. One is lost only if another writer has written this summary, and who is older
than that stops."""
_LONGEST = 2
"""The attempt from which on the pauses between attempts do not get longer."""
_WAITING = 500
"""Summaries that wait for a newer one, at most: of a re-index the packages of a name are read one after the other."""
_AT_ONCE = 16


def summary_of(index: IndexJson, file: str, about: About) -> Summary | None:
    """What a package file says of itself; None for a name that no client asks for."""
    name = client_name(index.name)
    if summary_key(name) is None:
        return None
    summary = Summary(
        name=name,
        file=file,
        version=index.version,
        build_number=index.build_number,
        timestamp=in_ms(index.timestamp) or 0,
        summary=about.summary,
        description=about.description,
        license=about.license or line(index.license),
        home=about.home,
        documentation=about.doc_url,
        source=tuple(dict.fromkeys((*about.dev_url, *about.source_url)))[:4],
        more=_more(about),
    )
    # Readers read no more; what is left has a limit of its own.
    return summary if len(dump(summary)) <= MAX_SUMMARY else msgspec.structs.replace(summary, more=None)


def _more(about: About) -> MoreAbout | None:
    more = MoreAbout(
        dev_url=first(about.dev_url),
        doc_source_url=first(about.doc_source_url),
        source_url=first(about.source_url),
        source_git_url=first(about.source_git_url),
        recipe_origin=first(about.recipe_origin),
        identifiers=about.identifiers,
        keywords=about.keywords,
        tags=about.tags,
    )
    return None if more == MoreAbout() else more


def first(values: tuple[str, ...]) -> str | None:
    """The first of them, if there is one."""
    return values[0] if values else None


def _cleaned_more(more: MoreAbout | None) -> MoreAbout | None:
    if more is None:
        return None
    about = About(
        dev_url=urls(more.dev_url),
        doc_source_url=urls(more.doc_source_url),
        source_url=urls(more.source_url),
        source_git_url=urls(more.source_git_url),
        recipe_origin=urls(more.recipe_origin),
        identifiers=words(more.identifiers),
        keywords=words(more.keywords),
        tags=words(more.tags),
    )
    return _more(about)


def cleaned(summary: Summary, of: Summary) -> Summary:
    """What a summary of another channel says, as `summary_of` would have written it, of the file of `of`."""
    return Summary(
        name=of.name,
        file=of.file,
        version=of.version,
        build_number=of.build_number,
        timestamp=of.timestamp,
        summary=line(summary.summary, JOINERS),
        description=text(summary.description),
        license=line(summary.license),
        home=urls([*summary.home]),
        documentation=urls([*summary.documentation]),
        source=urls([*summary.source]),
        more=_cleaned_more(summary.more),
    )


class Summaries:
    """The summaries of a subdir that a command writes, in the background. Does nothing for a channel without them."""

    def __init__(self, target: SubdirIndex, *, new: bool = False) -> None:
        """`new`: the subdir had no index, so that its summaries are not looked for before a PUT fails."""
        self._target = target
        self._new = new
        self._waiting: dict[str, Summary] = {}
        self._to_write: deque[tuple[str, Callable[[], Summary | None]]] = deque()
        self._writers: deque[Callable[[], None]] = deque()
        self._at_work = 0
        self._lock = Lock()
        self._failed: set[str] = set()
        self._error: ChaninfraError | None = None

    def add(self, summary: Summary | None) -> None:
        """Have this summary written, unless a newer one of its name is there."""
        if summary is None or not self._target.layout.has_summaries:
            return
        other = self._waiting.get(summary.name)
        if other is None or replaces(summary, other):
            self._waiting[summary.name] = summary
        if len(self._waiting) > _WAITING:
            # Those that came first: no more of their names are to come.
            for name in [*self._waiting][: _WAITING // 2]:
                self._queue(self._waiting.pop(name))
            self._write_on()

    def add_told(self, name: str, tell: Callable[[], Summary | None]) -> None:
        """Have the summary of this name written that `tell` returns in the background; None: there is none."""
        if self._target.layout.has_summaries:
            self._to_write.append((name, tell))

    def start(self) -> None:
        """Start to write those that were added. Waits for nothing: it is called in a commit."""
        for summary in self._waiting.values():
            self._queue(summary)
        self._waiting = {}
        self._write_on()

    def hold_back(self) -> None:
        """Wait while many are to be written, so that who reads packages for hours does not gather them."""
        while len(self._to_write) > _WAITING and self._writers:
            self._writers.popleft()()

    def finish(self) -> tuple[str, ...]:
        """Write those that are left, and wait for all. Returns a note where some could not be written."""
        self.start()
        while self._writers:
            self._writers.popleft()()
        if self._error is None:
            return ()
        why = "; ".join(filter(None, (self._error.summary, self._error.remedy)))
        return (
            f"the summaries of {count(len(self._failed), 'package')} were not written "
            f"({self._target.subdir}/{_FILES}), so the page of the channel has earlier ones or none: {why}",
        )

    def _queue(self, summary: Summary) -> None:
        self._to_write.append((summary.name, lambda: summary))

    def _write_on(self) -> None:
        """Have threads work off the queue: not all that there are, since a commit needs some."""
        while True:
            with self._lock:
                if self._at_work >= min(_AT_ONCE, len(self._to_write)):
                    return
                self._at_work += 1
            self._writers.append(self._target.runtime.submit(self._work))

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._to_write:
                    self._at_work -= 1
                    return
                name, tell = self._to_write.popleft()
            self._write(name, tell)

    def _write(self, name: str, tell: Callable[[], Summary | None]) -> None:
        try:
            if self._error is None:
                summary = tell()
                if summary is not None:
                    _write(self._target, summary, new=self._new)
                return
        except ConflictError:
            # Others write it again and again: one of theirs is there.
            return
        except ChaninfraError as error:
            with self._lock:
                self._error = self._error or error
        with self._lock:
            self._failed.add(name)


def _write(target: SubdirIndex, summary: Summary, *, new: bool) -> None:
    """Write a summary if it is newer than what is there. Raises ConflictError where other writers won all attempts, and
    what the store raises.
    """
    key = _key(target, summary.name)
    data = dump(summary)
    body = ObjectBody(data=data, content_type=CONTENT_TYPE, cache_control=target.layout.index.cache_control)
    for attempt in range(_ATTEMPTS):
        found = None if new and attempt == 0 else get_within(target.store, key, MAX_SUMMARY)
        condition: IfAbsent | IfMatch = IfAbsent()
        if isinstance(found, StoredObject):
            other = parse(found.data)
            if found.data == data or (other is not None and not replaces(summary, other)):
                return
            condition = IfMatch(found.entry.etag)
        elif found is not None:
            condition = IfMatch(found.etag)
        try:
            target.store.put(key, body, condition)
        except ConflictError:
            target.runtime.pause(min(attempt, _LONGEST))
            continue
        return
    raise ConflictError("other writers changed it again and again", where=key)


def forget(target: SubdirIndex, files: Collection[str]) -> list[str]:
    """Delete the summaries that are of these package files, which were deleted; returns their keys.

    The next package that is read of such a name writes it again. Raises StorageError.
    """
    names = sorted({name for file in files if summary_key(name := package_name(file)) is not None})
    keys = [_key(target, name) for name in names]
    found: list[bool] = []
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        found += run_all(target.runtime, [partial(_is_of, target, key, files) for key in some])
    gone = [key for key, is_of in zip(keys, found, strict=True) if is_of]
    for start in range(0, len(gone), 1000):
        target.store.delete(gone[start : start + 1000])
    return gone


def _is_of(target: SubdirIndex, key: str, files: Collection[str]) -> bool:
    """Whether the summary is of one of the files. One that cannot be read may be."""
    found = get_within(target.store, key, MAX_SUMMARY)
    if found is None:
        return False
    summary = parse(found.data) if isinstance(found, StoredObject) else None
    return summary is None or summary.file in files


def _key(target: SubdirIndex, name: str) -> str:
    key = summary_key(name)
    if key is None:
        raise ValueError(name)
    return target.key(key)


def replaces(new: Summary, old: Summary) -> bool:
    """Whether a summary stands for another one: it is of the same file, whose bytes may be others now, or of a newer
    one. Of files that are equally new a `.conda` does, as for conda-index, and then the name decides, so that all
    writers leave the same one.
    """
    if new.file == old.file or new.name != old.name:
        return True
    if new.timestamp != old.timestamp:
        return new.timestamp > old.timestamp
    if new.version != old.version:
        # Imported here: it imports rattler.
        from chaninfra.index.prune.packages import order_of

        ours, theirs = order_of(new.version), order_of(old.version)
        if ours is None or theirs is None:
            return theirs is None
        if ours != theirs:
            return bool(ours > theirs)
    return _last_rank(new) > _last_rank(old)


def _last_rank(summary: Summary) -> tuple[int, bool, str]:
    return summary.build_number, suffix_of(summary.file) == ".conda", summary.file
