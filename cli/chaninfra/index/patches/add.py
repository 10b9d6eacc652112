"""Patch packages: change what the index says of them, for good.

The patches are written into the document first, and then laid over the records by a commit. Rule: it commits also where
no record changes. A publisher that has read the document before may not commit later without having read it again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import msgspec

from chaninfra.channel.conda.filenames import PackageFileName, suffix_of
from chaninfra.channel.conda.patch import Patch
from chaninfra.channel.conda.shards import MAX_RECORD
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.conda.untrusted import UNWRITABLE, is_file_name
from chaninfra.channel.errors import ChaninfraError, ConfigurationError, RefusedError
from chaninfra.index.channel import Channel
from chaninfra.index.commit.adopting import commit_adopting
from chaninfra.index.commit.change import Change
from chaninfra.index.lines import check_reason_if_given
from chaninfra.index.patches.document import Patches, check_readable, patches_key, update_patches
from chaninfra.index.patches.opened import Known, OpenedSubdir, open_subdirs
from chaninfra.index.patches.valid import check_values
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.report import Report, SubdirReport
from chaninfra.index.select import choose
from chaninfra.index.times import now_text
from chaninfra.index.valid_records import why_invalid
from chaninfra.index.whole import check_writable

State = Literal["patched", "already", "yanked", "absent"]
"""`patched`: the record says it now. `already`: it did before. `yanked`: it will once the package is brought back.
`absent`: there is no such package, and the patch is kept until there is one."""


@dataclass(frozen=True, kw_only=True)
class PatchedPackage:
    """A package that was patched, as `<subdir>/<file>`."""

    package: str
    state: State
    before: Mapping[str, Any]
    """The values of the record that the patch changes, as they were; a key that is missing had no value."""
    after: Mapping[str, Any]
    """The same, as they are now."""


@dataclass(frozen=True, kw_only=True)
class Patching:
    """What `add` did."""

    packages: tuple[PatchedPackage, ...]
    report: Report


Wanted = Mapping[Subdir, Mapping[str, Patch]]
"""Subdir → file → the patch to add."""


def add(
    channel: Channel,
    words: Sequence[str],
    changes: Mapping[str, Any],
    *,
    revoke: bool = False,
    reason: str | None = None,
    progress: Progress = SILENT,
) -> Patching:
    """Patch the packages that the words select; see `select`. A word that is `<subdir>/<file>` may name a package that
    is not there yet.

    Raises ConfigurationError for a word that is no name, file or match spec, for changes that would make a record that
    clients cannot read, and for a reason that is not one line; ChaninfraError for a word that selects nothing;
    RefusedError for a package whose patch is being removed; and what `commit` raises.
    """
    why = check_reason_if_given(reason)
    opened = open_subdirs(channel)
    when = now_text(channel.runtime)
    wanted: dict[Subdir, dict[str, Patch]] = {}
    for subdir, file in _chosen(opened, words):
        known = opened[subdir].known(file)
        wanted.setdefault(subdir, {})[file] = Patch(
            sha256=known.sha256 if known else None, changes=dict(changes), revoke=revoke, when=when, reason=why
        )
    return add_all(opened, wanted, progress)


def add_all(opened: Mapping[Subdir, OpenedSubdir], wanted: Wanted, progress: Progress = SILENT) -> Patching:
    """Add these patches to those that are there, and commit. Raises as `add`; nothing is written if one is refused."""
    packages: list[PatchedPackage] = []
    for subdir, patches in wanted.items():
        check_writable(opened[subdir].subdir_index)
        packages += [_checked(opened[subdir], file, patch) for file, patch in patches.items()]
    progress.stage("indexing", len(wanted), unit="subdir")
    reports: list[SubdirReport] = []
    for subdir, patches in wanted.items():
        progress.begin(subdir)
        one = opened[subdir]
        update_patches(one.subdir_index, partial(_joined, one, patches))
        applied, report = commit_adopting(one.subdir_index, partial(Change, names=one.names(patches)), "now")
        patched = tuple(sorted({*report.patched, *applied.patched}))
        reports.append(dataclasses.replace(report, patched=patched))
        progress.done()
    return Patching(packages=tuple(packages), report=Report.of(reports))


def _joined(one: OpenedSubdir, new: Mapping[str, Patch], before: Patches) -> Patches:
    """The patches that are there with the new ones."""
    return {**before, **{file: _then(one, file, before.get(file), patch) for file, patch in new.items()}}


def _then(one: OpenedSubdir, file: str, old: Patch | None, new: Patch) -> Patch:
    if old is None:
        return new
    if old.removing:
        path = f"{one.subdir_index.subdir}/{file}"
        raise RefusedError(
            f"the patch of {path} is being removed, or its removal was stopped",
            where=patches_key(one.subdir_index),
            remedy=f"finish that first: `chaninfra patch rm {path}`",
        )
    both = old.then(new)
    # What was copied is of this channel once somebody patches it here.
    return old if old.says_the_same(both) and (both.reason, both.source) == (old.reason, old.source) else both


def _checked(one: OpenedSubdir, file: str, new: Patch) -> PatchedPackage:
    """What the patch does. Raises ConfigurationError where the record would be one that clients cannot read."""
    path, known = f"{one.subdir_index.subdir}/{file}", one.known(file)
    try:
        new.check()
        check_values(new.changes, v3=known is not None and known.v3)
        patch = _then(one, file, one.patches.get(file), new)
        check_readable(file, patch)
        before = known.record if known is not None else None
        after = patch.over(before or {})
        if before is not None:
            _check_record(before, after)
    except UNWRITABLE as error:
        raise ConfigurationError(
            f"the patch would make a record that clients cannot read: {error}",
            where=path,
            remedy="nothing was written; give another value",
        ) from error
    changed = {key for key in {*after, *(before or {})} if (before or {}).get(key) != after.get(key)}
    return PatchedPackage(
        package=path,
        state=_state(known, changed),
        before={key: before[key] for key in sorted(changed) if before and key in before},
        after={key: after[key] for key in sorted(changed) if key in after},
    )


def _check_record(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Raise ValueError where the patched record cannot be read, while the one before can."""
    data = msgspec.json.encode(after)
    if len(data) > MAX_RECORD:
        raise ValueError(f"it would have more than {MAX_RECORD >> 20} MiB")
    why = why_invalid(msgspec.Raw(data))
    if why is not None and why_invalid(msgspec.Raw(msgspec.json.encode(before))) is None:
        raise ValueError(why)


def _state(known: Known | None, changed: set[str]) -> State:
    if known is None:
        return "absent"
    if known.yanked:
        return "yanked"
    return "patched" if changed else "already"


def _chosen(opened: Mapping[Subdir, OpenedSubdir], words: Sequence[str]) -> list[tuple[Subdir, str]]:
    candidates = [each for one in opened.values() for each in one.candidates()]
    there = {each.path_in_channel for each in candidates}
    later = [path for word in words if word not in there and (path := _path(opened, word)) is not None]
    others = [word for word in words if word not in {f"{subdir}/{file}" for subdir, file in later}]
    try:
        found = choose(others, candidates) if others else []
    except ConfigurationError:
        raise
    except ChaninfraError as error:
        bare = next((word for word in others if suffix_of(word) and "/" not in word), None)
        later_too = "a package that is not there yet is named by its path, such as " + (
            f"noarch/{bare or 'my-package-1.0-0.conda'}"
        )
        raise ChaninfraError(error.message, remedy=f"{error.remedy}; {later_too}") from error
    by_name: dict[str, Subdir] = {subdir: subdir for subdir in opened}
    return [*((by_name[each.subdir], each.file) for each in found), *later]


def _path(opened: Mapping[Subdir, OpenedSubdir], word: str) -> tuple[Subdir, str] | None:
    """The subdir and the file, if the word is a path to a package. Raises ConfigurationError for another subdir."""
    name, slash, file = word.partition("/")
    if not slash or suffix_of(file) is None or not is_file_name(file):
        return None
    if not all(PackageFileName.parse(file)):
        raise ConfigurationError(
            "is not the name of a package: NAME-VERSION-BUILD.conda, or .tar.bz2",
            where=word,
            remedy=f"give all three, such as {name}/my-package-1.0-0.conda",
        )
    subdir = next((each for each in opened if each == name), None)
    if subdir is None and name in KNOWN_SUBDIRS:
        raise ConfigurationError(f"the channel has no subdir {name}", where=word, remedy=f"it has {', '.join(opened)}")
    return (subdir, file) if subdir is not None else None
