"""Our channels merged into a list of channels that people keep: only what must differ changes.

A client takes a package from the first channel that has one of its name. So a channel to which strangers may publish
must not come before ours.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.request import CONDA_FORGE

# Channels in a bucket or a local folder. A channel of any other list entry, by name or by https, may be public.
_PRIVATE = re.compile(r"(?:s3|gcs|file):.*|\.{0,2}[/\\].*|\.{1,2}|~.*|[A-Za-z]:[/\\].*", re.DOTALL)

# A channel below a folder of one of these names is a mirror, wherever it is. `pkgs` holds Anaconda's defaults.
_MIRRORED = {CONDA_FORGE, "anaconda", "bioconda", "defaults", "nvidia", "pkgs", "pytorch", "robostack"}
# A file URL with a host is another machine's folder.
_OF_ANOTHER_HOST = re.compile(r"file://(?!localhost/)[^/\\]", re.IGNORECASE)


def merged(
    listed: Sequence[Any], channels: Sequence[ClientChannel], *, added: bool = True, least: int | None = None
) -> list[Any]:
    """`listed` with our channels in their order, before all channels that may be public.

    Another URL of the same channel is replaced where it stands. If our channels are in order already, no entry moves.
    conda-forge is not added, since somebody may have removed it on purpose. Unless `added`, only those of our channels
    count that the list has. With `least`, ours get at least this priority of pixi.
    """
    ours = urls(channels)
    renamed = {other: access.url for access in channels for other in access.other_urls}
    entries = [_with_name(entry, renamed[name]) if (name := name_of(entry)) in renamed else entry for entry in listed]
    entries = _each_once(entries, ours)
    if least is not None:
        entries = [_with_priority(entry, least) if name_of(entry) in ours else entry for entry in entries]
    by_name = {name_of(entry): entry for entry in entries}
    wanted = [url for url in ours if added or url in by_name]
    read = in_order(entries)
    if [name for name in map(name_of, read) if name in ours] == wanted and not is_behind(read, ours):
        return entries
    new = [by_name.get(url, url if least is None else _with_priority(url, least)) for url in wanted]
    return [*new, *(entry for entry in entries if name_of(entry) not in ours)]


def with_others(listed: Sequence[Any], wanted: Sequence[str]) -> list[Any]:
    """`listed` with those of the channels `wanted` at its end that it does not have. conda-forge is not added, since
    somebody may have removed it on purpose.
    """
    names = {CONDA_FORGE, *map(name_of, listed)}
    return [*listed, *(name for name in wanted if name_of(name) not in names)]


def urls(channels: Sequence[ClientChannel]) -> list[str]:
    """The URLs of our channels, each once."""
    return list(dict.fromkeys(access.url for access in channels))


def in_order(entries: Sequence[Any]) -> list[Any]:
    """The entries in the order in which pixi reads them: by priority, then by place."""
    return sorted(entries, key=lambda entry: -priority(entry))


def is_behind(entries: Sequence[Any], ours: Collection[str]) -> bool:
    """Whether a channel that may be public is read before one of ours.

    `entries` are in the order in which they are read. If a channel is listed more than once, its first entry counts.
    """
    public = False
    seen: set[str] = set()
    for name in map(name_of, entries):
        if name not in ours:
            public = public or may_be_public(name)
        elif public and name not in seen:
            return True
        seen.add(name)
    return False


def may_be_public(name: str) -> bool:
    """Whether strangers may publish to the channel: not if it is in a bucket or a folder, unless it is a mirror."""
    parts = re.split(r"[/\\?#]+", unquote(name).lower())
    return (
        _PRIVATE.fullmatch(name) is None
        or _OF_ANOTHER_HOST.match(name) is not None
        or any(part in _MIRRORED or part.startswith(f"{CONDA_FORGE}-") for part in parts)
    )


def name_of(entry: Any) -> str:
    """The channel of an entry, which is a string, or a table {channel = "...", priority = 1} of pixi."""
    name = entry.get("channel") if isinstance(entry, Mapping) else entry
    return name.rstrip("/") if isinstance(name, str) else repr(name)


def priority(entry: Any) -> int:
    """pixi's priority of an entry; the highest is read first."""
    found = entry.get("priority", 0) if isinstance(entry, Mapping) else 0
    return found if isinstance(found, int) else 0


def _each_once(entries: Sequence[Any], ours: Collection[str]) -> list[Any]:
    """The entries without repetitions of our channels. The one stays that pixi reads first."""
    best: dict[str, int] = {}
    for place, entry in enumerate(entries):
        name = name_of(entry)
        if name not in best or priority(entry) > priority(entries[best[name]]):
            best[name] = place
    return [entry for place, entry in enumerate(entries) if (name := name_of(entry)) not in ours or best[name] == place]


def _with_name(entry: Any, name: str) -> Any:
    return {**entry, "channel": name} if isinstance(entry, Mapping) else name


def _with_priority(entry: Any, least: int) -> Any:
    if priority(entry) >= least:
        return entry
    return {**(entry if isinstance(entry, Mapping) else {"channel": entry}), "priority": least}
