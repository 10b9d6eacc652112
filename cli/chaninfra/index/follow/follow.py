"""Follow: bring the records of named objects in line with the objects, without a listing.

A name is a hint and nothing more: what the store says of the object decides. So a hint may be doubled, late, out of
order or wrong. It costs one HEAD where the record is right, and together with the others one commit a subdir at most.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from chaninfra.channel.conda.object_names import LEFT_OUT_JSON
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import CredentialsError, DeniedError
from chaninfra.index.channel import Channel
from chaninfra.index.commit.authority import ForeignIndexError
from chaninfra.index.commit.change import Applied
from chaninfra.index.commit.commit import commit
from chaninfra.index.follow.keys import Named, named_in
from chaninfra.index.follow.look import EtagCache, Look, look_at
from chaninfra.index.left_out_json import (
    LeftOutPackage,
    left_out_package,
    read_to_follow,
    update_left_out,
)
from chaninfra.index.package.sidecars import sidecar_name
from chaninfra.index.report import SubdirReport
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.summaries import Summaries, forget_dropped

_ROUNDS = 5
"""How often packages are looked at that changed meanwhile, and how often an index of another tool is taken over, before
the rest is left to the next follow."""

Seen = dict[Subdir, EtagCache]
"""Packages whose ETag is not their md5, by subdir, see EtagCache: so that they are not read at each hint."""
Lost = Callable[[Subdir, int], None]
"""Told of a commit to a subdir that is tried again, and how often other writers were first."""


def quiet(subdir: Subdir, times: int) -> None:
    """Tell nobody."""


@dataclass(kw_only=True)
class Followed:
    """What a follow did. Packages are `<subdir>/<file>`."""

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)
    left_out: dict[str, LeftOutPackage] = field(default_factory=dict)
    newly_left_out: list[str] = field(default_factory=list)
    """Those that left-out.json did not have, or with another reason."""
    looked: int = 0
    """How many packages were looked at, each by a HEAD."""
    read: int = 0
    """How many packages were read."""
    commits: dict[Subdir, int] = field(default_factory=dict)
    """How many commits were made."""
    reindexed: list[SubdirReport] = field(default_factory=list)
    """Subdirs whose index was not ours, so that they were re-indexed."""
    others: int = 0
    """Keys that are none of a package or sidecar of the channel."""
    again: list[str] = field(default_factory=list)
    """Keys of packages that changed again and again: to be followed once more."""
    listed: int = 0
    """How many packages left-out.json lists."""
    listed_as_held: int = 0
    left_out_denied: bool = False
    """Whether these credentials may not write left-out.json."""
    notes: list[str] = field(default_factory=list)
    """What did not go as it should, and needs nothing."""

    @property
    def written(self) -> list[Subdir]:
        """The subdirs whose index was written."""
        return [*dict.fromkeys([*self.commits, *(report.subdir for report in self.reindexed)])]

    @property
    def needless(self) -> int:
        """How many looks found nothing to do: another follower was faster, or a hint came again."""
        return self.looked - self.read - len(self.dropped)

    @property
    def held(self) -> list[str]:
        """Packages that were overwritten, and whose record is that of the earlier bytes."""
        return [path for path, left in self.left_out.items() if left.kind == "held"]


def follow(channel: Channel, keys: Iterable[str], seen: Seen | None = None, lost: Lost = quiet) -> Followed:
    """Bring the records of the objects with these keys in line; `seen` is kept from one follow to the next. `lost` is
    told where that takes long, as others write.

    Keys that are none of a package or sidecar of the channel are passed over, and counted. Bytes that changed under a
    known name are indexed or held, see `index.follow.overwrites`. Raises RefusedError, ConflictError and StorageError
    as a re-index does; then some subdirs may be in line, and all keys are to be followed again.
    """
    named, others = named_in(channel.descriptor, keys)
    followed = Followed(others=others)
    if not named:
        return followed
    seen = {} if seen is None else seen
    key = channel.descriptor.key(LEFT_OUT_JSON)
    before = read_to_follow(channel.writer, key)[0].packages
    fine: set[str] = set()
    for subdir, files in named.items():
        # A follower is there for a long time, and reads few packages at once.
        subdir_index = dataclasses.replace(channel.subdir_index(subdir), workers=None, lost=partial(lost, subdir))
        one = _Following(subdir_index, before, seen.setdefault(subdir, {}), followed)
        one.run(files)
        fine |= one.fine
    _tell_left_out(channel, key, before, fine, followed)
    return followed


class _Following:
    """The follow of one subdir."""

    def __init__(
        self, subdir_index: SubdirIndex, before: Mapping[str, LeftOutPackage], seen: EtagCache, followed: Followed
    ) -> None:
        self.fine: set[str] = set()
        self._subdir_index = subdir_index
        self._folder = f"{subdir_index.subdir}/"
        self._before = {
            path.removeprefix(self._folder): left for path, left in before.items() if path.startswith(self._folder)
        }
        self._seen = seen
        self._followed = followed

    def run(self, named: Named) -> None:
        """Look at the packages, commit, and look again at those that changed meanwhile."""
        for _ in range(_ROUNDS):
            try:
                again = self._round(named)
            except ForeignIndexError:
                # Imported here, since it is seldom needed.
                from chaninfra.index.reindex import reindex_subdir

                hold = self._subdir_index.layout.index.holds
                self._followed.reindexed.append(reindex_subdir(self._subdir_index, hold=hold))
                continue
            if not again:
                return
            named = Named(packages=again)
        self._followed.again += [self._subdir_index.key(file) for file in sorted(named.packages)]
        self._followed.again += [self._subdir_index.key(sidecar_name(file)) for file in sorted(named.sidecars)]

    def _round(self, named: Named) -> set[str]:
        hold = self._subdir_index.layout.index.holds
        look = look_at(self._subdir_index, named, self._before, self._seen, hold=hold)
        self._followed.looked += len(named.packages)
        self._followed.read += look.read
        applied = self._commit(look) if look.differs else Applied()
        self._note(named, look, applied)
        return {*applied.superseded, *self._gone(applied)}

    def _commit(self, look: Look) -> Applied:
        summaries = Summaries(self._subdir_index)
        for summary in look.summaries:
            summaries.add(summary)
        summaries.start()
        done = commit(self._subdir_index, lambda: look.change, when="changed", shards=look.shards)
        self._followed.notes += summaries.finish()
        self._followed.notes += forget_dropped(self._subdir_index, done.applied.dropped)
        if done.written:
            subdir = self._subdir_index.subdir
            self._followed.commits[subdir] = self._followed.commits.get(subdir, 0) + 1
        return done.applied

    def _gone(self, applied: Applied) -> list[str]:
        """The packages that were added and are missing by now.

        Rule: a package is looked at again once its record was added. Who deleted it before that, and looked at the
        index, found no record to drop.
        """
        added = [*applied.added]
        heads = [partial(self._subdir_index.store.head, self._subdir_index.key(file)) for file in added]
        found = run_all(self._subdir_index.runtime, heads)
        return [file for file, entry in zip(added, found, strict=True) if entry is None]

    def _note(self, named: Named, look: Look, applied: Applied) -> None:
        followed = self._followed
        for kind in ("added", "replaced", "dropped", "signed"):
            getattr(followed, kind).extend(self._folder + file for file in sorted(getattr(applied, kind)))
        found = {self._folder + file: left for file, left in look.left_out.items()}
        now = self._subdir_index.runtime.now_ms()
        for broken in look.signatures.left_out():
            found[broken.package] = left_out_package(broken.reason, broken.remedy, "unreadable", now)
        signed = {sidecar_name(file) for file in look.change.signatures}
        # A sidecar without a package is no fault.
        orphans = {sidecar_name(file) for file in named.sidecars}
        fine = {self._folder + file for file in (*look.fine, *signed, *orphans)} - found.keys()
        self.fine = (self.fine - found.keys()) | fine
        for path in fine:
            followed.left_out.pop(path, None)
        followed.left_out.update(found)


def _tell_left_out(
    channel: Channel, key: str, before: Mapping[str, LeftOutPackage], fine: set[str], followed: Followed
) -> None:
    """Bring left-out.json in line, where it says something else."""
    found = followed.left_out
    followed.newly_left_out = sorted(
        path for path, left in found.items() if path not in before or before[path].fault != left.fault
    )
    listed = before
    if followed.newly_left_out or not before.keys().isdisjoint(fine):
        try:
            listed = update_left_out(channel.writer, channel.runtime, key, found, fine).packages
        except CredentialsError:
            raise
        except DeniedError:
            # Publishers may not write it. What is left out is in the log all the same.
            followed.left_out_denied = True
    followed.listed = len(listed)
    followed.listed_as_held = sum(left.kind == "held" for left in listed.values())
