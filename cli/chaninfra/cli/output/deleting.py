"""What `delete` would do and did, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Any

from chaninfra.channel.text import count, one_line
from chaninfra.cli.output.reports import DRY_RUN
from chaninfra.index.withdrawal.delete import Deleted
from chaninfra.index.withdrawal.document import Withdrawal, Withdrawn
from chaninfra.index.withdrawal.plan import Doomed, Plan
from chaninfra.index.withdrawal.versions import Purged


def question(planned: Plan, *, versions: bool) -> str:
    """What is asked before it."""
    number = len(planned.packages)
    old = f" and {'its' if number == 1 else 'their'} old versions" if versions else ""
    return f"Delete {count(number, 'package')}{old} for good? This cannot be undone."


@dataclass(frozen=True)
class DeletionText:
    """The texts about one run. `before` is withdrawn.json as it was before the run, `reason` the one that is given."""

    planned: Plan
    before: Withdrawn
    reason: str
    _: KW_ONLY
    versions: bool

    def plan(self) -> str:
        """What would be deleted."""
        lines = [one_line(f"{each.path}: {self._gone(each) or _what(each)}") for each in self.planned.packages]
        these = "this package" if len(self.planned.packages) == 1 else "these packages"
        if telling := sum(part.telling for part in self.planned.parts):
            shards = f"{count(telling, 'shard')} of the index, its history and snapshots"
            lines += [f"to be deleted too: {shards} with entries of {these}", "  new shards keep the other entries"]
        if self.versions:
            lines.append(
                f"to be deleted too: old versions of {these}, of attestations, and of index files with entries"
            )
        if self.planned.snapshots:
            lines.append(f"snapshots that will no longer list {these}: {', '.join(self.planned.snapshots)}")
        return "\n".join(lines)

    def dry_run(self) -> str:
        """The same, for `--dry-run`."""
        return f"{self.plan()}\n{DRY_RUN}"

    def done(self, done: Deleted, purged: Purged | None) -> str:
        """What was deleted."""
        lines = [one_line(f"{each.path}: {self._gone(each) or 'deleted'}") for each in self.planned.packages]
        counted = [count(len(done.objects), "file"), count(len(done.shards), "shard")]
        if done.index_files:
            counted.append(count(len(done.index_files), "old index file"))
        lines.append(f"{', '.join(counted)} deleted; {count(len(done.snapshots), 'snapshot')} changed")
        lines += [one_line(f"{key}: of another tool, rewritten without them") for key in done.changed]
        if purged is not None:
            lines.append(f"{count(purged.deleted, 'old version')} deleted")
        return "\n".join(lines)

    def kept_reasons(self) -> Iterator[str]:
        """Notes about the packages whose entry in withdrawn.json keeps another reason than the one that is given."""
        for each in self.planned.packages:
            entry = self._entry(each)
            if entry.reason != self.reason:
                yield one_line(f"{each.path}: withdrawn.json keeps the reason of {entry.when}: {entry.reason}")

    def _entry(self, each: Doomed) -> Withdrawal:
        """The entry that the deletion has in withdrawn.json: a new one, or the one that it goes on with."""
        new = Withdrawal(path=each.path, sha256=[*each.sha256], when="", reason=self.reason, stage="deleting")
        return self.before.begun(new).under_way(each.path) or new

    def _gone(self, each: Doomed) -> str | None:
        """What is said of a package that was deleted before, and of which nothing was found."""
        entry = self._entry(each)
        telling = any(part.telling for part in self.planned.parts if each in part.packages)
        if not entry.when or self.before.under_way(each.path) or each.objects or each.patched or telling:
            return None
        return f"already deleted on {entry.when}; nothing is left of it" if each.listed == "in no index" else None


def _what(each: Doomed) -> str:
    sidecars = len([key for key in each.objects if not key.endswith(each.path)])
    there = len(each.objects) > sidecars
    signed = f", {count(sidecars, 'file')} of attestations" if sidecars else ""
    return f"{each.listed}{', patched' if each.patched else ''}{'' if there else ', no file'}{signed}"


def plan_json(planned: Plan, *, versions: bool) -> dict[str, Any]:
    """What `--dry-run --json` prints."""
    return {
        "dry-run": True,
        "packages": _packages_json(planned),
        "shards": sum(part.telling for part in planned.parts),
        "snapshots": planned.snapshots,
        "with-versions": versions,
    }


def deleted_json(planned: Plan, done: Deleted, purged: Purged | None) -> dict[str, Any]:
    """What `--json` prints."""
    left = [{"key": each.key, "version": each.version_id, "why": each.why} for each in purged.left] if purged else []
    return {
        "dry-run": False,
        "packages": _packages_json(planned),
        "objects": done.objects,
        "shards": done.shards,
        "index-files": done.index_files,
        "index-files-changed": done.changed,
        "snapshots": sorted(done.snapshots),
        "published-again": done.back,
        "unreadable": sorted(done.unreadable),
        "versions": None if purged is None else {"deleted": purged.deleted, "left": left},
    }


def _packages_json(planned: Plan) -> list[dict[str, Any]]:
    return [
        {
            "path": each.path,
            "listed": each.listed,
            "patched": each.patched,
            "objects": [*each.objects],
            "sha256": [*each.sha256],
        }
        for each in planned.packages
    ]
