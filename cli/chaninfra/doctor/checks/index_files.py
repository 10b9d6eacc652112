"""The index: its files agree with each other and with the packages, and nothing is overdue for deletion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import count, few
from chaninfra.doctor.checks import agreement
from chaninfra.index.commit.yanked_json import read_yanked
from chaninfra.index.contents import subdir_folders
from chaninfra.index.place import how_to_declare
from chaninfra.index.report import RENAME, SubdirReport
from chaninfra.index.standing import standing
from chaninfra.index.yanked_document import differing

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_SHOWN = 5


def index(exam: Examination) -> Iterator[Finding]:
    """Each subdir has every index file that the settings ask for, and they agree with each other."""
    for check in exam.subdir_checks:
        yield from agreement.findings(exam, check)


def packages(exam: Examination) -> Iterator[Finding]:
    """The index lists exactly the packages in the bucket."""
    wrong, total = [], 0
    for report in _reports(exam):
        total += report.after
        for files, what in (
            (report.added, "not in the index"),
            (report.replaced, "replaced by a file with other content"),
            (report.remade, "with another record than the package, or another tool's, says"),
            (report.patched, "without the patch that `patch ls` lists"),
            (report.dropped, "in the index, but missing in the bucket"),
            (report.signed, "with other attestations than the index or a copy of them says"),
        ):
            if files:
                found = f"{report.subdir}: {what}: {few(files, _SHOWN)}"
                wrong.append(Finding(state="failed", found=found, remedy=_reindex(exam)))
        wrong += [
            Finding(
                state="failed",
                found=f"{unreadable.package} cannot be read: {unreadable.reason}",
                remedy=f"{unreadable.remedy}; then run: {_reindex(exam)}",
            )
            for unreadable in report.left_out
        ]
        if odd := report.odd_names:
            rules = few([f"{each.package} ({each.rule})" for each in odd], _SHOWN)
            wrong.append(Finding(state="warning", found=f"names that CEP 26 does not allow: {rules}", remedy=RENAME))
    yield from wrong
    if undeclared := sorted(subdir_folders(exam.channel, besides=exam.subdirs)):
        yield Finding(
            state="warning",
            found=f"not declared as subdirs, so their packages are not indexed: {', '.join(undeclared)}",
            remedy=f"{how_to_declare(exam.channel, undeclared)}; or delete them",
        )
    elif not wrong:
        yield Finding(state="ok", found=f"{count(total, 'package')}, all of them in the index and in the bucket")


def yanks(exam: Examination) -> Iterator[Finding]:
    """No yanked package is in the index, and yanked.json says of each package what the index says."""
    document = read_yanked(exam.store, exam.descriptor.key(YANKED_JSON))[0]
    listed = [f"{report.subdir}/{file}" for report in _reports(exam) for file in report.yanked]
    if listed:
        yield Finding(state="failed", found=f"yanked, but in the index: {few(listed, _SHOWN)}", remedy=_reindex(exam))
        return
    others = [
        f"{report.subdir}/{file}"
        for report in _reports(exam)
        for file in differing(document, exam.subdir_index(report.subdir), report.yanks)
    ]
    if others:
        found = f"{YANKED_JSON} says something else than the index, which decides, of: {few(others, _SHOWN)}"
        more = "; `reindex` by a maintainer writes it again"
        yield Finding(state="failed", found=f"{found}{more}", remedy=_reindex(exam))
    elif document.packages:
        yield Finding(state="ok", found=f"{count(len(document.packages), 'package')} yanked, none in the index")
    else:
        yield Finding(state="ok", found="no package is yanked")


def garbage(exam: Examination) -> Iterator[Finding]:
    """No object is overdue for deletion by `gc`."""
    found = [standing(exam.subdir_index(subdir)) for subdir in exam.subdirs]
    overdue = [item for each in found for item in each.overdue]
    waiting = sum(each.waiting for each in found)
    late = sum(each.late for each in found)
    states, size = sum(each.states for each in found), sum(each.size for each in found)
    history = f"{count(states, 'state')} of the index ({size / 10**6:,.1f} MB)"
    gc = exam.remedies.command("gc")
    if overdue:
        named = few([f"{item.key} ({item.why})" for item in overdue], _SHOWN)
        what = f"{count(len(overdue), 'object')} overdue for deletion: {named}"
        yield Finding(state="failed", found=what, remedy=gc)
    if late:
        what = f"{history} are kept; `gc` would have deleted {late:,} of them more than a week ago"
        yield Finding(state="warning", found=what, remedy=gc)
    if not overdue and not late:
        more = f"; {count(waiting, 'object')} marked by `gc`, which deletes them after a week" if waiting else ""
        kept = f"; {history} kept" if states else ""
        yield Finding(state="ok", found=f"nothing is overdue for deletion{kept}{more}")


def _reports(exam: Examination) -> list[SubdirReport]:
    return [check.report for check in exam.subdir_checks if check.report is not None]


def _reindex(exam: Examination, *arguments: str) -> str:
    return exam.remedies.command("reindex", *arguments)
