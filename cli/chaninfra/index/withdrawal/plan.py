"""What a withdrawal would delete: found without a write."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec

from chaninfra.channel.conda.filenames import PackageFileName, package_name
from chaninfra.channel.conda.object_names import SNAPSHOTS_JSON, WITHDRAWN_JSON
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.sidecar_names import package_of
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.errors import ChaninfraError, ConflictError
from chaninfra.channel.text import count
from chaninfra.index.channel import Channel
from chaninfra.index.commit.laying import check_patches
from chaninfra.index.commit.replaced import read_replaced
from chaninfra.index.contents import known_subdirs
from chaninfra.index.patches.document import read_patches
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.runtime import run_all
from chaninfra.index.select import Candidate, nearest_to, select
from chaninfra.index.snapshots.document import read_snapshots
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.whole import Whole, check_writable, read_whole
from chaninfra.index.withdrawal.document import Withdrawn, is_path, read_withdrawn
from chaninfra.index.withdrawal.shards import Shards
from chaninfra.index.withdrawal.snapshots import naming
from chaninfra.index.yanks import Yanks, yanks_of

_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Doomed:
    """A package that is going to be deleted."""

    path: str
    """`<subdir>/<file>`."""
    listed: str
    """`in the index`, `yanked`, or `in no index`."""
    patched: bool
    """Whether there is a patch of it, also one that does not apply."""
    objects: Mapping[str, str]
    """Object key → ETag, of the file and its sidecars, as far as they are there."""
    sha256: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is deleted in one subdir."""

    target: SubdirIndex
    packages: tuple[Doomed, ...]
    names: frozenset[str]
    """The names of the packages, by their files, their records, and the shards that tell of them."""
    shards: Shards
    telling: int
    """How many shards say something of them."""
    snapshots: tuple[str, ...]
    """The snapshots that list one of them, as `snapshots/NAME`."""

    @property
    def files(self) -> frozenset[str]:
        """The file names."""
        return frozenset(each.path.partition("/")[2] for each in self.packages)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a withdrawal would delete, subdir by subdir."""

    parts: tuple[Part, ...]

    @property
    def packages(self) -> list[Doomed]:
        """The packages of all subdirs."""
        return [each for part in self.parts for each in part.packages]

    @property
    def snapshots(self) -> list[str]:
        """The snapshots that list one of them."""
        return sorted({each for part in self.parts for each in part.snapshots})


@dataclass
class _Subdir:
    target: SubdirIndex
    whole: Whole
    yanks: Yanks
    files: set[str] = field(default_factory=set)


def plan(channel: Channel, words: Sequence[str], progress: Progress = SILENT) -> Plan:
    """What the words name: packages that are indexed or yanked, as for `yank`; a withdrawal that is under way; and by
    `<subdir>/<file>` also a file of which only the bucket, a snapshot or the history knows.

    Raises ConfigurationError for a word that is not a name, file or match spec; ChaninfraError for one that names
    nothing; RefusedError where an index must not be written; StorageError.
    """
    subdirs = known_subdirs(channel)
    progress.stage("reading the index", len(subdirs), unit="subdir")
    read: dict[str, _Subdir] = {}
    for subdir in subdirs:
        progress.at(subdir)
        target = channel.subdir_index(subdir)
        whole = read_whole(target)
        read[subdir] = _Subdir(target, whole, yanks_of(target, whole))
        progress.done()
    document = read_withdrawn(channel.writer, channel.descriptor.key(WITHDRAWN_JSON))[0]
    candidates = [*_candidates(read), *_told(document, subdirs, ended=False)]
    chosen = select(words, candidates)
    unknown = [word for word, found in chosen.items() if not found]
    for found in chosen.values():
        for candidate in found:
            read[candidate.subdir].files.add(candidate.file)
    paths = [word for word in unknown if is_path(word) and word.partition("/")[0] in subdirs]
    for word in paths:
        read[word.partition("/")[0]].files.add(word.partition("/")[2])
    if len(paths) < len(unknown):
        raise _nothing([word for word in unknown if word not in paths], candidates, document)
    parts = []
    chosen_in = [each for each in read.values() if each.files]
    progress.stage("searching", len(chosen_in), unit="subdir")
    for each in chosen_in:
        progress.at(each.target.subdir)
        check_writable(each.target)
        parts.append(_part(each))
        progress.done()
    known = {each.path for each in document.packages}
    nowhere = [
        each.path
        for part in parts
        for each in part.packages
        if each.path in paths and not (each.objects or each.sha256 or part.telling or each.path in known)
    ]
    if nowhere:
        raise _nothing(nowhere, candidates, document)
    return Plan(parts=tuple(parts))


def _part(subdir: _Subdir) -> Part:
    target, files = subdir.target, frozenset(subdir.files)
    repodata = subdir.whole.repodata
    names = {package_name(file) for file in files}
    names |= {
        name for file in files if (place := repodata.find(file)) and (name := repodata.name_in(*place)) is not None
    }
    shards = Shards(target, files)
    telling = shards.find(without=other_shards(subdir.whole, names))
    names |= {each.name for each in telling.values()}
    objects = objects_of(target, files)
    # Damaged patches are an error: nobody would know whether they have an entry of it.
    patches = read_patches(target)[0]
    # Rule: nothing is deleted where a later step must fail, since it needs one of these documents. The commit makes the
    # shards of these names anew.
    check_patches(target, repodata, {file: patch for file, patch in patches.items() if file not in files}, names)
    read_replaced(target)
    read_snapshots(target.store, target.layout.key(SNAPSHOTS_JSON))
    packages = []
    for file in sorted(files):
        sha256 = {digest for each in telling.values() for digest in each.sha256([file])}
        listed = "in the index" if repodata.find(file) else "yanked" if file in repodata.removed else "in no index"
        packages.append(
            Doomed(
                path=f"{target.subdir}/{file}",
                listed=listed,
                patched=file in patches,
                objects=objects.get(file, {}),
                sha256=tuple(sorted(sha256)),
            )
        )
    return Part(
        target=target,
        packages=tuple(packages),
        names=frozenset(names),
        shards=shards,
        telling=len(telling),
        snapshots=tuple(naming(target, telling)) if telling else (),
    )


def other_shards(whole: Whole, names: Collection[str]) -> set[bytes]:
    """The shards of the index that are of other packages than these, and so say nothing of them."""
    index = whole.authority.index if whole.authority is not None and whole.authority.ours else None
    return {digest for name, digest in index.hashes.items() if name not in names} if index is not None else set()


def objects_of(target: SubdirIndex, files: Collection[str]) -> dict[str, dict[str, str]]:
    """File name → object key → ETag, of these files and their sidecars that are there now."""
    folder = target.layout.key(target.subdir)
    found: dict[str, dict[str, str]] = {}
    for entry in target.store.list(folder):
        name = entry.key.removeprefix(f"{folder}/")
        file = name if name in files else package_of(name)
        if file is not None and file in files:
            found.setdefault(file, {})[entry.key] = entry.etag
    return found


def check_same(part: Part) -> None:
    """Raise ConflictError where another file is there than was planned: somebody has published it meanwhile, and nobody
    was asked whether that one is to go.
    """
    target = part.target
    keys = {each.path: target.key(each.path.partition("/")[2]) for each in part.packages}
    there = run_all(target.runtime, [partial(target.store.head, key) for key in keys.values()])
    other = [
        each.path
        for each, entry in zip(part.packages, there, strict=True)
        if entry is not None and entry.etag != each.objects.get(keys[each.path])
    ]
    if other:
        raise ConflictError(
            f"{count(len(other), 'file')} {'was' if len(other) == 1 else 'were'} published meanwhile, and "
            f"{'was' if len(other) == 1 else 'were'} not deleted: {', '.join(other[:_SHOWN])}",
            where=target.layout.key(target.subdir),
            remedy="run the command again: it shows, and then deletes, what is there now",
        )


def _candidates(read: Mapping[str, _Subdir]) -> Iterator[Candidate]:
    """The packages in the index, and those that are yanked or listed as removed."""
    for subdir, each in read.items():
        repodata: Repodata = each.whole.repodata
        for file, table, key in repodata.files():
            yield Candidate(subdir, file, bytes(repodata.records[table][key]))
        for file in {*repodata.removed, *each.yanks.files}:
            yank = each.yanks.find(file) or Yank(when="")
            yield Candidate(subdir, file, msgspec.json.encode(yank.facts(file)))


def _told(document: Withdrawn, subdirs: Collection[str], *, ended: bool) -> Iterator[Candidate]:
    """The packages whose withdrawal has `ended`; or else those where it is under way, or was stopped."""
    for each in document.packages:
        if (each.stage is None) is ended and each.subdir in subdirs:
            yield Candidate(each.subdir, each.file, msgspec.json.encode(PackageFileName.parse(each.file).record()))


def _nothing(words: Sequence[str], candidates: Sequence[Candidate], document: Withdrawn) -> ChaninfraError:
    told = select(words, _told(document, KNOWN_SUBDIRS, ended=True))
    gone = {each.path_in_channel for found in told.values() for each in found}
    deleted = [each for each in document.packages if each.path in gone]
    if deleted:
        last = deleted[-1]
        return ChaninfraError(
            f"{last.path} was deleted on {last.when} already: {last.reason}",
            remedy=f"to search for what is left of it, name it by its path: {last.path}",
        )
    near = nearest_to(words, candidates)
    by_path = "Of a file that is in no index give the path, such as noarch/my-package-1.0-0.conda"
    return ChaninfraError(
        f"there is no such package: {', '.join(words)}",
        remedy=near if all(map(is_path, words)) else f"{near}. {by_path}",
    )
