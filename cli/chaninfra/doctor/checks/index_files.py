"""The index: its files agree with each other and with the packages that are there, and nothing is left over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.errors import ChaninfraError, InvalidRepodataError
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import count
from chaninfra.doctor.examination import Case
from chaninfra.index.commit.yanked_json import read_yanked
from chaninfra.index.contents import folders
from chaninfra.index.gc import Garbage, collect_subdir
from chaninfra.index.report import SubdirReport

_NAMED = 5


def index(case: Case) -> Iterator[Finding]:
    """Each subdir has each file, and all of them say the same."""
    wrong = []
    for each in case.surveys:
        if each.error is not None:
            invalid = isinstance(each.error, InvalidRepodataError)
            remedy = _reindex(case, "--force") if invalid else each.error.remedy
            wrong.append(_failed("index", f"{each.error.where or each.subdir}: {each.error.message}", remedy))
        elif each.report is not None and each.report.files:
            wrong.append(
                _failed(
                    "index",
                    f"{each.subdir}: missing, or not of one piece with the others: {', '.join(each.report.files)}",
                    _reindex(case),
                )
            )
    yield from wrong
    if not wrong:
        subdirs = ", ".join(case.subdirs)
        yield Finding(name="index", state="ok", found=f"{', '.join(case.settings.formats)} agree in {subdirs}")


def packages(case: Case) -> Iterator[Finding]:
    """The index lists the packages that are there, and no others."""
    wrong, total = [], 0
    for report in _reports(case):
        total += report.after
        for files, what in (
            (report.added, "not in the index"),
            (report.replaced, "uploaded again with other bytes"),
            (report.dropped, "in the index, and not there"),
        ):
            if files:
                wrong.append(_failed("packages", f"{report.subdir}: {what}: {_some(files)}", _reindex(case)))
        wrong += [
            _failed(
                "packages",
                f"{each.package} cannot be read: {each.reason}",
                "publish it again with --force, or delete it; then run: " + _reindex(case),
            )
            for each in report.left_out
        ]
    yield from wrong
    if undeclared := sorted(folders(case.channel) & {*KNOWN_SUBDIRS} - {*case.subdirs}):
        yield Finding(
            name="packages",
            state="warning",
            found=f"there, and not declared, so that nobody indexes it: {', '.join(undeclared)}",
            remedy="add it to `subdirs` in the stack config, and run `pulumi up`; or delete it",
        )
    elif not wrong:
        yield Finding(name="packages", state="ok", found=f"{count(total, 'package')}, each in the index and there")


def yanks(case: Case) -> Iterator[Finding]:
    """What was yanked is in no index."""
    try:
        yanked = read_yanked(case.store, case.descriptor.key(YANKED_JSON))[0]
    except ChaninfraError as error:
        yield _failed("yanks", f"{error.where}: {error.message}", error.remedy)
        return
    back = [f"{report.subdir}/{file}" for report in _reports(case) for file in report.yanked]
    if back:
        yield _failed("yanks", f"yanked, and in the index again: {_some(back)}", _reindex(case))
    else:
        found = (
            f"{count(len(yanked.packages), 'package')} yanked, none in the index"
            if yanked.packages
            else "nothing is yanked"
        )
        yield Finding(name="yanks", state="ok", found=found)


def garbage(case: Case) -> Iterator[Finding]:
    """Nothing is there any more that `gc` would delete."""
    waiting = 0
    found: list[Garbage] = []
    for subdir in case.subdirs:
        collected = collect_subdir(case.target(subdir), "check")
        waiting += collected.waiting
        found += collected.garbage
    if found:
        named = _some([f"{each.key} ({each.why})" for each in found])
        yield _failed("garbage", f"{count(len(found), 'object')} overdue: {named}", case.remedies.run("gc"))
    else:
        more = f"; {count(waiting, 'shard')} to be deleted a week after `gc` marked them" if waiting else ""
        yield Finding(name="garbage", state="ok", found=f"nothing is overdue{more}")


def _reports(case: Case) -> list[SubdirReport]:
    return [each.report for each in case.surveys if each.report is not None]


def _reindex(case: Case, *arguments: str) -> str:
    return case.remedies.run("reindex", *arguments)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _failed(name: str, found: str, remedy: str | None) -> Finding:
    return Finding(name=name, state="failed", found=found, remedy=remedy)
