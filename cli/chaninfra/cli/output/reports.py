"""The reports of publish, reindex and yank, as text and as JSON."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from chaninfra.channel.errors import ChaninfraError, SkippedError
from chaninfra.channel.text import count, few, one_line
from chaninfra.cli.output import streams
from chaninfra.index.report import MOVE, PUT_BACK, RELEASE, RENAME, REPLACE, RESIGN, STALE_READERS, THAW, UNPATCH_AGAIN

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from chaninfra.doctor.remedies import Remedies
    from chaninfra.index.published import Published, PublishedPackage
    from chaninfra.index.report import Report, SubdirReport


_MAX_NAMES = 10
"""The text report names at most this many files per line; `--json` names all."""
# Field of SubdirReport → its label in the text report.
_DIFFERENCES = {
    "added": "new",
    "replaced": "replaced",
    "remade": "records remade",
    "dropped": "removed",
    "yanked": "yanked",
    "signed": "other attestations",
    "patched": "patched",
    "files": "index files that were missing or out of date",
}


def report_text(report: Report, replaced: Sequence[str] = ()) -> str:
    """One line per subdir, with its number of packages; below it the files that differed.

    `replaced`: the subdirs of packages that were overwritten and that the report does not name, one for each package.
    """
    lines = []
    for each in report.subdirs:
        overwritten = len(each.replaced) + replaced.count(each.subdir)
        lines.append(f"{each.subdir}: {count(each.after, 'package')} ({_change(each, overwritten)})")
        # All files of a new index were missing, so they are not listed.
        names = [name for name in _DIFFERENCES if getattr(each, name) and (name != "files" or each.before is not None)]
        lines += [f"  {_DIFFERENCES[name]}: {few(getattr(each, name), _MAX_NAMES)}" for name in names]
    return "\n".join(lines)


def _change(report: SubdirReport, overwritten: int) -> str:
    if report.before is None:
        return "new index"
    change = report.after - report.before
    gone = len(report.dropped) + len(report.yanked)
    numbers = [f"{change:+,}"] if change else [f"+{gone:,}", f"-{gone:,}"] if gone else []
    return ", ".join([*numbers, *([f"{overwritten:,} replaced"] if overwritten else [])]) or "as before"


def report_json(report: Report) -> dict[str, Any]:
    """The report as a JSON document."""
    return {
        "subdirs": [
            {
                "subdir": each.subdir,
                "before": each.before,
                "after": each.after,
                **{name: [*getattr(each, name)] for name in _DIFFERENCES},
            }
            for each in report.subdirs
        ],
        "left-out": [{"package": each.package, "reason": each.reason} for each in report.left_out],
        "invalid-records": [{"package": each.package, "reason": each.reason} for each in report.invalid],
        "stale": [*report.stale],
        "odd-names": [{"package": each.package, "rule": each.rule} for each in report.odd_names],
        "many-streams": [*report.many_streams],
    }


DRY_RUN = "Nothing was written: this is what a run without --dry-run does."


def published_text(published: Published, remedies: Remedies, *, force: bool = False, dry_run: bool = False) -> str:
    """One line per package, then the report of the index. `force`: packages of other bytes were to be overwritten;
    `dry_run`: nothing of it was done.
    """
    would = "would be " if dry_run else ""
    present = "already there, with the same bytes" if force else "already there"
    words = {"uploaded": f"{would}uploaded", "present": present, "replaced": f"{would}replaced"}
    lines = [
        one_line(f"{each.package.path_in_channel}: {words[each.outcome]}{_notes(each, remedies)}")
        for each in published.packages
    ]
    replaced = [each.package.subdir for each in published.packages if each.outcome == "replaced"]
    return "\n".join([*lines, report_text(published.report, replaced), *([DRY_RUN] if dry_run else [])])


def _notes(package: PublishedPackage, remedies: Remedies) -> str:
    if package.yanked:
        return (
            f"; yanked, so not in the index. To add it: `{remedies.command('unyank', package.package.path_in_channel)}`"
        )
    if package.patch is None:
        return ""
    if package.patch == "applied":
        return f"; patched, see `{remedies.command('patch ls')}`"
    path = package.package.path_in_channel
    return (
        "; its patch is of other bytes and does not apply to these. To patch these too: "
        f"`{remedies.command('patch add', path, '...')}`; to forget it: `{remedies.command('patch rm', path)}`"
    )


def published_json(published: Published, *, dry_run: bool = False) -> dict[str, Any]:
    """The published packages and the report of the index, as a JSON document. `dry_run`: nothing of it was done."""
    packages = [
        {
            "file": str(each.package.path),
            "url": each.url,
            "outcome": each.outcome,
            "size": each.package.size,
            "sha256": each.package.sha256,
            "yanked": each.yanked,
            "patch": each.patch,
        }
        for each in published.packages
    ]
    failed = [{"file": str(each.package.path), "reason": each.error.message} for each in published.failed]
    return {"dry-run": dry_run, "packages": packages, "failed": failed, "index": report_json(published.report)}


def _warn(report: Report, reindex: str, gc: str) -> None:
    """Warn of names that CEP 26 does not allow, of records and packages that clients cannot read, and of files of an
    earlier indexer.
    """
    if odd := report.odd_names:
        shown = [f"{each.package}: {each.rule}" for each in odd[:_MAX_NAMES]]
        more = [f"and {len(odd) - _MAX_NAMES:,} more"] if len(odd) > _MAX_NAMES else []
        text = "\n  ".join([f"{count(len(odd), 'name')} that CEP 26 does not allow:", *map(one_line, [*shown, *more])])
        streams.warning(ChaninfraError(text, remedy=f"clients may not find {_them(odd)}: {RENAME}"))
    if invalid := report.invalid:
        shown = [f"{each.package}: {each.reason}" for each in invalid[:_MAX_NAMES]]
        more = [f"and {len(invalid) - _MAX_NAMES:,} more"] if len(invalid) > _MAX_NAMES else []
        what = f"{count(len(invalid), 'record')} of another tool that clients cannot read, or no shard can hold:"
        text = "\n  ".join([what, *map(one_line, [*shown, *more])])
        streams.warning(
            ChaninfraError(text, remedy=f"`{reindex}` makes {_them(invalid)} again from the packages that are readable")
        )
    if many := report.many_streams:
        text = (
            f"{count(len(many), 'package')} in several bzip2 streams, which pixi cannot unpack: {few(many, _MAX_NAMES)}"
        )
        remedy = "publish it as .conda, too, which all clients prefer: `cph transmute FILE .conda`"
        streams.warning(ChaninfraError(text, remedy=remedy))
    for note in report.notes:
        streams.note(note)
    if report.stale:
        them = _them(report.stale)
        text = (
            f"{count(len(report.stale), 'file')} of an earlier indexer, which nothing updates: "
            f"{few(report.stale, _MAX_NAMES)}. Clients that read {them} ({STALE_READERS}) install old and yanked "
            "packages"
        )
        streams.warning(ChaninfraError(text, remedy=f"run `{gc}` as a maintainer, which deletes {them}"))


def _them(things: Sequence[object]) -> str:
    return "it" if len(things) == 1 else "them"


def finish_check(report: Report, remedies: Remedies) -> None:
    """Raise ChaninfraError if the index of a subdir does not match its packages."""
    subdirs = [each.subdir for each in report.subdirs if each.differed]
    if subdirs:
        _warn(report, remedies.command("reindex"), remedies.command("gc"))
        raise ChaninfraError(
            f"the index of {', '.join(subdirs)} does not match the packages",
            remedy=f"run `{remedies.command('reindex')}`",
        )


def finish(
    report: Report,
    failed: ChaninfraError | None = None,
    *,
    remedy: str | None = None,
    reindex: str = "chaninfra reindex",
    gc: str = "chaninfra gc",
) -> None:
    """Warn of what was found besides. Then raise `failed` if given, else SkippedError with `remedy` if there are
    skipped packages; the message of either lists them. `reindex` and `gc` are the commands that do so with the channel.
    """
    _warn(report, reindex, gc)
    if not report.left_out:
        if failed:
            raise failed
        return
    skipped = "\n  ".join(one_line(f"{each.package}: {each.reason}") for each in report.left_out)
    noun = "file" if any(each.remedy in (RESIGN, MOVE) for each in report.left_out) else "package"
    text = f"{count(len(report.left_out), noun)} skipped:\n  {skipped}"
    if failed:
        # A copy keeps the class, and so the exit code, and the key or status of the error.
        both = copy(failed)
        both.message = f"{failed.message}\n{text}"
        raise both
    raise SkippedError(text, remedy=_remedy({each.remedy for each in report.left_out}, remedy, reindex))


def _remedy(kinds: Set[str], replace: str | None, reindex: str) -> str | None:
    """What to do with files of these kinds, each on a line; `replace`: with one that is no valid package."""
    parts = [replace] if replace and kinds & {REPLACE, RENAME} else []
    if RENAME in kinds:
        parts.append(f"if the name is the reason, {RENAME}" if parts else RENAME)
    others = {MOVE: "if its key is the reason", THAW: "archived", RELEASE: "not given by the store", RESIGN: "`.sigs`"}
    if found := [f"{label}: {kind}" for kind, label in others.items() if kind in kinds]:
        parts += [*found[:-1], f"{found[-1]}, then run `{reindex}`"]
    parts += [kind for kind in (UNPATCH_AGAIN, PUT_BACK) if kind in kinds]
    return "\n  ".join(parts) or None


def replace_skipped(remedies: Remedies) -> str:
    """The remedy for files in the bucket that are skipped because they are not valid packages of their subdir."""
    return (
        f"replace each with a valid package (`{remedies.command('publish', '--force', 'FILE')}`), or delete it and run "
        f"`{remedies.command('reindex')}`"
    )


def publish_unyanked(remedies: Remedies) -> str:
    """The remedy for packages that `unyank` skips because their file was deleted or is not a valid package."""
    return (
        "publish each file again if you need it; the package is no longer yanked "
        f"(`{remedies.command('publish', '--force', 'FILE')}`)"
    )
