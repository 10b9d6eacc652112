"""Yank packages: take them out of the index while their files stay, and bring them back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.errors import ConflictError
from chaninfra.channel.objects import Condition
from chaninfra.index.channel import Channel
from chaninfra.index.commit.adopting import commit_adopting
from chaninfra.index.commit.change import Applied, Change
from chaninfra.index.commit.new_yanks import with_record
from chaninfra.index.commit.yanked_json import Yanked, read_yanked
from chaninfra.index.contents import known_subdirs
from chaninfra.index.lasting import ATTEMPTS, joined, until_it_holds
from chaninfra.index.lines import check_reason_if_given
from chaninfra.index.old_records import records_back
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.report import LeftOut, Report, SubdirReport
from chaninfra.index.select import Candidate, choose
from chaninfra.index.signatures import Signatures
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.times import now_with_offset
from chaninfra.index.whole import Whole, check_writable, read_whole
from chaninfra.index.yanked_document import prove_writable
from chaninfra.index.yanks import yanks_of


@dataclass(frozen=True, kw_only=True)
class Yanking:
    """What `yank` or `unyank` did. Packages are `<subdir>/<file>`."""

    changed: tuple[str, ...]
    """Packages that were yanked or brought back."""
    already: tuple[str, ...]
    """Packages that were yanked before, and not by a mirror if this was by hand."""
    report: Report


@dataclass(frozen=True)
class Opened:
    """The subdirs of the channel, their indexes, and the packages that are chosen."""

    subdir_indexes: dict[Subdir, SubdirIndex]
    wholes: dict[Subdir, Whole]
    """The indexes, as they were read."""
    document: Yanked
    """yanked.json, and the condition for replacing it."""
    condition: Condition
    chosen: dict[Subdir, list[str]] = field(default_factory=dict)
    """Subdir → the chosen files in it; only subdirs with such files."""

    @property
    def paths(self) -> set[str]:
        """`<subdir>/<file>` of the selected packages."""
        return {f"{subdir}/{file}" for subdir, files in self.chosen.items() for file in files}

    def names(self, subdir: Subdir) -> set[str]:
        """The names of the packages of the chosen files, by the files' names and by their records."""
        files = self.chosen[subdir]
        found = {*map(package_name, files)}
        repodata = self.wholes[subdir].repodata
        recorded = [repodata.name_in(*place) for file in files if (place := repodata.find(file))]
        return found.union(name for name in recorded if name is not None)


def yank(channel: Channel, words: Sequence[str], reason: str | None, progress: Progress = SILENT) -> Yanking:
    """Take the packages that the words select out of the index; see `select`. What a mirror has yanked stays yanked
    from now on, with this reason.

    Raises ConfigurationError for a word that is not a name, file or match spec, and for a reason that is not one line;
    ChaninfraError for a word that selects nothing; and what `commit` raises.
    """
    why = check_reason_if_given(reason)
    opened = _chosen(open_indexes(channel), words, also_indexed=True)
    given = Yank(reason=why, when=now_with_offset(channel.runtime))
    return yank_chosen(channel, opened, lambda subdir, file: given, progress)


def yank_chosen(
    channel: Channel, opened: Opened, yank_of: Callable[[Subdir, str], Yank], progress: Progress = SILENT
) -> Yanking:
    """Take the chosen packages out of the index. `yank_of`: subdir and file → its yank, without a record. Raises what
    `commit` raises.
    """
    progress.stage("indexing", len(opened.chosen), unit="subdir")
    prove_writable(channel, opened.document, opened.condition, with_yanks(opened, yank_of))
    new: set[str] = set()

    def commit_to(subdir: Subdir, whole: Whole) -> SubdirReport:
        yanks = {file: yank_of(subdir, file) for file in opened.chosen[subdir]}
        change = Change(yanks=yanks, names=opened.names(subdir), over_mirrors=True)
        # Also where all are yanked: an earlier yank may have ended before the derived files were written.
        applied, report = _commit(opened.subdir_indexes[subdir], change)
        new.update(f"{subdir}/{file}" for file in applied.newly_yanked)
        return report

    report = _until_it_holds(channel, opened, commit_to, progress, yanked=True)
    return Yanking(changed=tuple(sorted(new)), already=tuple(sorted(opened.paths - new)), report=report)


def unyank(channel: Channel, words: Sequence[str], progress: Progress = SILENT) -> Yanking:
    """Bring the packages that the words select back into the index.

    Each gets the record that it had, if that fits the package's bytes; otherwise one made from the package. Packages
    that were deleted are skipped. Raises as `yank`; ConflictError for packages that others replace again and again.
    """
    return unyank_chosen(channel, _chosen(open_indexes(channel), words, also_indexed=False), progress)


def unyank_chosen(channel: Channel, opened: Opened, progress: Progress = SILENT) -> Yanking:
    """Bring the chosen packages back into the index, as `unyank`."""
    progress.stage("indexing", len(opened.chosen), unit="subdir")
    prove_writable(channel, opened.document, opened.condition)

    def commit_to(subdir: Subdir, whole: Whole) -> SubdirReport:
        return _bring_back(opened.subdir_indexes[subdir], whole, opened.chosen[subdir], opened.names(subdir))

    report = _until_it_holds(channel, opened, commit_to, progress, yanked=False)
    changed = opened.paths - {skipped.package for skipped in report.left_out}
    return Yanking(changed=tuple(sorted(changed)), already=(), report=report)


def _until_it_holds(
    channel: Channel,
    opened: Opened,
    commit_to: Callable[[Subdir, Whole], SubdirReport],
    progress: Progress,
    *,
    yanked: bool,
) -> Report:
    def commit_again(subdir: Subdir, attempt: int) -> SubdirReport:
        whole = read_whole(opened.subdir_indexes[subdir]) if attempt else opened.wholes[subdir]
        return commit_to(subdir, whole)

    names = {subdir: opened.names(subdir) for subdir in opened.chosen}
    wanted = {subdir: dict.fromkeys(files, yanked) for subdir, files in opened.chosen.items()}
    return Report.of(until_it_holds(channel, opened.subdir_indexes, names, wanted, commit_again, progress))


def _bring_back(subdir_index: SubdirIndex, whole: Whole, files: Sequence[str], names: Collection[str]) -> SubdirReport:
    known = yanks_of(subdir_index, whole)
    # A file with a record is not yanked, whatever yanked.json says.
    yanks = {file: known.find(file) for file in files if not whole.has_record(file)}
    reports: list[SubdirReport] = []
    for attempt in range(ATTEMPTS):
        found, left_out = records_back(subdir_index, yanks)
        records = {file: dataclasses.replace(record, kept=record.patched) for file, record in found.items()}
        signatures = Signatures(subdir_index)
        change = Change(
            records=records,
            names=names,
            back=[*yanks],
            signatures=signatures.lookups(records),
        )
        applied, report = _commit(subdir_index, change, left_out)
        reports.append(dataclasses.replace(report, left_out=(*report.left_out, *signatures.left_out())))
        yanks = {file: yanks[file] for file in applied.superseded}
        if not yanks:
            return joined(reports)
        subdir_index.runtime.pause(attempt)
    raise ConflictError(
        "others replace the package again and again",
        where=subdir_index.key(next(iter(yanks))),
        remedy="try again when that has ended",
    )


def _commit(
    subdir_index: SubdirIndex, change: Change, left_out: Sequence[LeftOut] = ()
) -> tuple[Applied, SubdirReport]:
    applied, report = commit_adopting(subdir_index, lambda: change, "now")
    skipped = {package.package for package in left_out}
    return applied, dataclasses.replace(
        report,
        added=tuple(sorted({*report.added, *applied.added})),
        yanked=tuple(sorted({*report.yanked, *applied.yanked})),
        left_out=(*left_out, *(package for package in report.left_out if package.package not in skipped)),
    )


def open_indexes(channel: Channel) -> Opened:
    """Read the indexes of the channel; nothing is chosen yet. Raises what `read_whole` raises."""
    subdir_indexes = {subdir: channel.subdir_index(subdir) for subdir in known_subdirs(channel)}
    wholes = {subdir: read_whole(subdir_index) for subdir, subdir_index in subdir_indexes.items()}
    document, condition = read_yanked(channel.writer, channel.descriptor.key(YANKED_JSON))
    return Opened(subdir_indexes, wholes, document, condition)


def _chosen(opened: Opened, words: Sequence[str], *, also_indexed: bool) -> Opened:
    """Select among the yanked packages; `also_indexed`: and among those that have a record. Raises as `choosing`."""
    indexes = {subdir: whole.repodata for subdir, whole in opened.wholes.items() if whole.exists}
    indexed, yanked = _indexed(indexes), _yanked_candidates(opened.document, indexes)
    chosen = choose(words, [*indexed, *yanked]) if also_indexed else choose(words, yanked, indexed)
    return choosing(opened, ((candidate.subdir, candidate.file) for candidate in chosen))


def choosing(opened: Opened, packages: Iterable[tuple[str, str]]) -> Opened:
    """With these packages (subdir, file) chosen. Raises RefusedError where an index of one must not be written."""
    by_subdir: dict[str, list[str]] = {}
    for subdir, file in packages:
        by_subdir.setdefault(subdir, []).append(file)
    chosen = {subdir: by_subdir[subdir] for subdir in opened.subdir_indexes if subdir in by_subdir}
    for subdir in chosen:
        check_writable(opened.subdir_indexes[subdir])
    return dataclasses.replace(opened, chosen=chosen)


def with_yanks(opened: Opened, yank_of: Callable[[Subdir, str], Yank]) -> Yanked:
    """yanked.json with the yanks that are going to be made."""
    new: dict[str, Yank] = {}
    for subdir, files in opened.chosen.items():
        repodata = opened.wholes[subdir].repodata
        for file in files:
            new[f"{subdir}/{file}"] = with_record(yank_of(subdir, file), repodata, file)
    return msgspec.structs.replace(opened.document, packages={**new, **opened.document.packages})


def _indexed(indexes: Mapping[Subdir, Repodata]) -> Iterable[Candidate]:
    for subdir, repodata in indexes.items():
        for file, table, key in repodata.files():
            yield Candidate(subdir, file, bytes(repodata.records[table][key]))


def _yanked_candidates(yanked: Yanked, indexes: Mapping[Subdir, Repodata]) -> list[Candidate]:
    """The packages in yanked.json, and those that another tool put into `removed`."""
    yanks = dict(yanked.packages)
    for subdir, repodata in indexes.items():
        for file in repodata.removed:
            yanks.setdefault(f"{subdir}/{file}", Yank(when=""))
    candidates = []
    for path, yank in yanks.items():
        subdir_name, _, file = path.partition("/")
        candidates.append(Candidate(subdir_name, file, msgspec.json.encode(yank.facts(file))))
    return candidates
