"""What of a channel is shown: its index. Neither packages nor what chaninfra keeps for itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from chaninfra.channel.conda.filenames import PACKAGE_SUFFIXES
from chaninfra.channel.conda.index_files import FILE_NAMES, MAX_SHARD, MAX_SHARD_INDEX
from chaninfra.channel.conda.name_rules import unreadable
from chaninfra.channel.conda.object_names import NOTICES_JSON, SNAPSHOTS_FOLDER, SNAPSHOTS_JSON, SUMMARIES_FOLDER
from chaninfra.channel.conda.shards import is_shard
from chaninfra.channel.conda.snapshots import NAME, is_snapshot_name
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.conda.summary import MAX_SUMMARY, summary_key
from chaninfra.index.notices import MAX_BYTES as MAX_NOTICES
from chaninfra.index.snapshots.document import MAX_BYTES as MAX_SNAPSHOTS

_DOCUMENTS = {NOTICES_JSON: MAX_NOTICES, SNAPSHOTS_JSON: MAX_SNAPSHOTS}
_IN_A_SUBDIR = re.compile(rf"(?:{SNAPSHOTS_FOLDER}/({NAME})/)?({'|'.join(KNOWN_SUBDIRS)})/([A-Za-z0-9._/-]{{1,200}})")
_SUMMARY = re.compile(rf"{SUMMARIES_FOLDER}/([^/]+)\.json")
_PACKAGE = re.compile(rf"({'|'.join(KNOWN_SUBDIRS)})/([^/]{{1,255}}(?:{'|'.join(map(re.escape, PACKAGE_SUFFIXES))}))")


def _is_summary(name: str) -> bool:
    found = _SUMMARY.fullmatch(name)
    return found is not None and summary_key(found[1]) == name


_KINDS: tuple[tuple[Callable[[str], bool], int], ...] = (
    (FILE_NAMES["shards"].__eq__, MAX_SHARD_INDEX),
    (is_shard, MAX_SHARD),
    (_is_summary, MAX_SUMMARY),
)
"""Whether a name in a subdir is that of a file of this kind, and the most bytes of one."""


@dataclass(frozen=True)
class Shown:
    """An object that is shown: its key, relative to the channel, and the most bytes that are read of it."""

    key: str
    most: int


def shown(path: str) -> Shown | None:
    """The object that a path, as it stands in a request, names after its first slash; None: it is not shown.

    A path with a percent sign names none: no key that is shown needs one.
    """
    if path in _DOCUMENTS:
        return Shown(path, _DOCUMENTS[path])
    found = _IN_A_SUBDIR.fullmatch(path)
    if found is None or (found[1] is not None and not is_snapshot_name(found[1])):
        return None
    return next((Shown(path, most) for is_kind, most in _KINDS if is_kind(found[3])), None)


def package(path: str) -> str | None:
    """The package that a path names, as `<subdir>/<file>`; None: it names none."""
    if len(path) > 1000:
        return None
    plain = unquote(path)
    found = _PACKAGE.fullmatch(plain)
    return plain if found is not None and unreadable(found[2]) is None else None
