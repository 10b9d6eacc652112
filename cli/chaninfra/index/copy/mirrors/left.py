"""What has left the source of a mirror, and what is there again: a pure function of what both channels say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.text import MAX_REASON, one_line
from chaninfra.index.copy.mirrors.document import Copies
from chaninfra.index.locks import Lock


@dataclass(frozen=True, kw_only=True)
class InSource:
    """A package of the source."""

    sha256: str | None
    yanked: bool = False
    reason: str | None = None
    """Why it was yanked there."""


@dataclass(frozen=True, kw_only=True)
class Left:
    """What a mirror does with what it has copied into a subdir. All are file names."""

    yank: Mapping[str, str]
    """In the index here, and not in that of the source: → why."""
    back: Mapping[str, str]
    """Yanked here by the mirror, and in the index of the source: → sha256."""
    kept: Mapping[str, str]
    """Has left the source, and stays, since a lock file needs it: → the path of that."""
    forget: tuple[str, ...]
    """The mirror has nothing to do with them any more."""


def left(
    mirror: str,
    copies: Copies,
    indexed: Mapping[str, str | None],
    yanks: Mapping[str, Yank],
    source: Mapping[str, InSource],
    *,
    mirrors: Collection[str],
    wanted: Collection[str],
    unclear: Collection[str] = (),
    locks: Sequence[Lock] = (),
) -> Left:
    """What the mirror of this name does.

    `indexed`: file → sha256 by its record here; `yanks`: file → yank, of what is yanked here; `source`: what the source
    has of all these files; `mirrors`: the mirrors that the channel has; `wanted`: what the mirror copies now, of which
    alone something comes back; `unclear`: what the source has a record of that cannot be used.

    A package that others have yanked, deleted, or replaced by other bytes is theirs. So is one that the mirror has
    yanked and somebody has brought back: the mirror forgets what it yanks. One that another mirror has copied too
    stays, until it leaves the source of that one.
    """
    yank: dict[str, str] = {}
    kept: dict[str, str] = {}
    forget: list[str] = []
    for file, copied in sorted(copies.items()):
        if mirror not in copied.mirrors:
            continue
        here = file in indexed and indexed[file] == copied.sha256
        there = source.get(file)
        if there is None and file in unclear:
            continue
        if there is not None and not there.yanked:
            continue
        if not here or any(other != mirror and other in mirrors for other in copied.mirrors):
            if there is None:
                forget.append(file)
        elif (needed_by := next((lock.path for lock in locks if lock.needs(file, copied.sha256)), None)) is not None:
            kept[file] = needed_by
        else:
            yank[file] = why(mirror, there)
    back = {
        file: sha256
        for file, found in sorted(yanks.items())
        if found.mirror == mirror
        and file not in indexed
        and file in wanted
        and (there := source.get(file)) is not None
        and not there.yanked
        and (sha256 := there.sha256) is not None
        and sha256 == (found.record or {}).get("sha256")
    }
    return Left(yank=yank, back=back, kept=kept, forget=tuple(forget))


def why(mirror: str, there: InSource | None) -> str:
    """The reason of a yank by the mirror of this name. `there`: the package in the source, if it has it."""
    if there is None:
        return f"mirror {mirror}: it has left the source"
    given = f": {one_line(there.reason)}" if there.reason else ""
    return f"mirror {mirror}: the source has yanked it{given}"[:MAX_REASON]
