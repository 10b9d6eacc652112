"""channeldata.json, where the channel has it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from chaninfra.channel.conda.index_settings import AtMostEvery
from chaninfra.channel.conda.object_names import CHANNELDATA_JSON
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import count
from chaninfra.index.channeldata.document import numbers_in
from chaninfra.index.channeldata.unasked import unasked_channeldata
from chaninfra.index.commit.authority import read_authority

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_DAILY = timedelta(hours=25)
"""Longer than between two runs of a daily job."""


def channeldata(exam: Examination) -> Iterator[Finding]:
    """channeldata.json is there, and has all commits that it should have. No client needs it to install."""
    if not exam.settings.has_channeldata:
        yield _unasked(exam)
        return
    remedy = exam.remedies.command("reindex")
    # Rule: before the indexes, so that it is of no later commit than they are.
    entry = exam.store.head(exam.descriptor.key(CHANNELDATA_JSON))
    if entry is None:
        yield Finding(state="warning", found=f"{CHANNELDATA_JSON} is missing", remedy=remedy)
        return
    numbers = numbers_in(entry.metadata)
    if numbers is None:
        found = f"{CHANNELDATA_JSON} was written by another tool, or the object's metadata were lost"
        yield Finding(state="warning", found=found, remedy=remedy)
        return
    behind: dict[str, int] = {}
    for subdir in exam.subdirs:
        authority = read_authority(exam.channel.subdir_index(subdir, "read"))
        if authority is not None and authority.ours:
            behind[subdir] = authority.stamp.number - numbers.get(subdir, 0)
    late = {subdir: commits for subdir, commits in behind.items() if commits}
    monolith = exam.settings.monolith
    allowed = timedelta()
    if monolith == "never":
        allowed = _DAILY
    elif isinstance(monolith, AtMostEvery):
        allowed = timedelta(seconds=2 * monolith.seconds)
    now = datetime.fromtimestamp(exam.channel.runtime.now_ms() / 1000, UTC)
    told = ", ".join(f"{count(commits, 'commit')} in {subdir}" for subdir, commits in late.items())
    if late and now - entry.modified > allowed:
        written = f"{entry.modified.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        found = f"{CHANNELDATA_JSON} lacks {told}, and was last written {written}"
        yield Finding(state="warning", found=found, remedy=remedy)
    else:
        yield Finding(state="ok", found=f"{CHANNELDATA_JSON} {f'lacks {told}' if late else 'has all commits'}")


def _unasked(exam: Examination) -> Finding:
    """Where the channel does not ask for it."""
    unasked = "`index.channeldata` does not ask for it"
    if unasked_channeldata(exam.store, exam.descriptor) is not None:
        found = f"{CHANNELDATA_JSON} is there, and no command brings it in line any more: {unasked}"
        return Finding(state="warning", found=found, remedy=exam.remedies.command("gc"))
    there = exam.store.head(exam.descriptor.key(CHANNELDATA_JSON)) is not None
    what = f"{CHANNELDATA_JSON} is another tool's" if there else f"no {CHANNELDATA_JSON}"
    return Finding(state="ok", found=f"{what}: {unasked}")
