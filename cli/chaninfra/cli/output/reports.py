"""What the index engine did, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chaninfra.channel.errors import ChaninfraError, LeftOutError
from chaninfra.channel.text import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaninfra.index.publish import Published, PublishedPackage
    from chaninfra.index.report import Report


_NAMED = 10
"""So many files are named; `--json` names all."""
_WHAT_DIFFERED = {
    "added": "new",
    "replaced": "uploaded again",
    "dropped": "gone",
    "yanked": "yanked",
    "files": "index files that were missing or did not agree",
}


def report_text(report: Report) -> str:
    """A line for each subdir, and below it what differed."""
    lines = []
    for each in report.subdirs:
        change = each.after - (each.before or 0)
        said = "no change" if each.before is not None and not change else f"{change:+,}"
        lines.append(f"{each.subdir}: {count(each.after, 'package')} ({'new index' if each.before is None else said})")
        # All files of a new index are.
        names = [
            name for name in _WHAT_DIFFERED if getattr(each, name) and (name != "files" or each.before is not None)
        ]
        lines += [f"  {_WHAT_DIFFERED[name]}: {_some(getattr(each, name))}" for name in names]
    return "\n".join(lines)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def report_json(report: Report) -> dict[str, Any]:
    """The report as a JSON document."""
    return {
        "subdirs": [
            {
                "subdir": each.subdir,
                "before": each.before,
                "after": each.after,
                **{name: [*getattr(each, name)] for name in _WHAT_DIFFERED},
            }
            for each in report.subdirs
        ],
        "left-out": [{"package": each.package, "reason": each.reason} for each in report.left_out],
    }


def published_text(published: Published) -> str:
    """A line for each package, then one for each subdir."""
    words = {"uploaded": "uploaded", "present": "already there", "replaced": "replaced"}
    lines = [f"{each.package.path_in_channel}: {words[each.outcome]}{_out(each)}" for each in published.packages]
    return "\n".join([*lines, report_text(published.report)])


def _out(package: PublishedPackage) -> str:
    if not package.yanked:
        return ""
    return f"; yanked, so not in the index: `chaninfra unyank {package.package.path_in_channel}` brings it back"


def published_json(published: Published) -> dict[str, Any]:
    """What was published as a JSON document."""
    packages = [
        {
            "file": str(each.package.path),
            "url": each.url,
            "outcome": each.outcome,
            "size": each.package.size,
            "sha256": each.package.sha256,
            "yanked": each.yanked,
        }
        for each in published.packages
    ]
    failed = [{"file": str(each.package.path), "reason": each.error.message} for each in published.failed]
    return {"packages": packages, "failed": failed, "index": report_json(published.report)}


def finish_check(report: Report) -> None:
    """Raises ChaninfraError where a check found something."""
    wrong = [each.subdir for each in report.subdirs if each.differed]
    if wrong:
        raise ChaninfraError(
            f"the index of {', '.join(wrong)} is not in line with the packages", remedy="run `chaninfra reindex`"
        )


def finish(report: Report, failed: ChaninfraError | None = None) -> None:
    """Raises `failed`, else a LeftOutError; either names the packages that were left out, where there are any."""
    if not report.left_out:
        if failed:
            raise failed
        return
    named = "\n  ".join(f"{each.package}: {each.reason}" for each in report.left_out)
    text = f"{count(len(report.left_out), 'package')} left out:\n  {named}"
    if failed:
        raise type(failed)(f"{failed.message}\n{text}", where=failed.where, remedy=failed.remedy)
    raise LeftOutError(text, remedy="publish them again with `--force`, or delete them; then `chaninfra reindex`")
