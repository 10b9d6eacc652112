"""What prune says where it was stopped, or could not delete."""

from __future__ import annotations

from typing import Any, cast

import pytest

from chaninfra.channel.errors import SkippedError
from chaninfra.cli.output.progress import Shown
from chaninfra.cli.output.prune_reports import done_text, finish_prune, plan_json, plan_text
from chaninfra.cli.output.stopped import prune_stopped
from chaninfra.doctor.remedies import Remedies
from chaninfra.index.prune.prune import Pruned
from chaninfra.index.prune.stages import DELETING, YANKING
from chaninfra.index.report import LeftOut, Report
from chaninfra.index.snapshots.create import create
from support.index_model.pruned_channel import PrunedChannel, rules

REMEDIES = Remedies(source="s3", channel="s3://b-b/c")


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ([], "stopped: nothing was changed"),
        ([YANKING], "stopped: some of the packages may be yanked, and others not"),
        ([YANKING, DELETING], "stopped: 2 of 3 packages deleted, perhaps some more"),
    ],
)
def test_who_was_stopped_is_told_how_far_it_was_and_to_run_it_again(stages: list[str], said: str) -> None:
    shown = Shown("")
    for stage in stages:
        shown.stage(stage, 3)
    if DELETING in stages:
        shown.done()
        shown.done()
    error = prune_stopped(shown, "chaninfra prune --yes")
    assert error.message == said
    assert "`chaninfra prune --yes`" in (error.remedy or "")
    assert error.exit_code == 130


def test_the_table_has_what_goes_and_what_stays_and_the_sums() -> None:
    pruned = PrunedChannel(rules(newest={"keep-newest": 1, "grace": "10d"}))
    pruned.add("a-1-0.conda", "a-2-0.conda", "b-1-0.conda", size=1500)
    create(pruned.channel(), "v1")
    pruned.add("a-3-0.conda", size=1500)
    pruned.prune()
    pruned.at(5).add("a-4-0.conda", "c-1-0.conda", "c-2-0.conda", size=1500)
    planned = pruned.plan()
    assert plan_text(planned, dry_run=False).splitlines() == [
        "PACKAGE             WHAT                      SIZE    WHY",
        "noarch/a-3-0.conda  yank                      1.5 kB  newest: not of the newest version",
        "noarch/c-1-0.conda  yank                      1.5 kB  newest: not of the newest version",
        "noarch/a-1-0.conda  yanked, until 2026-01-11  1.5 kB  newest: not of the newest version",
        "noarch/a-2-0.conda  yanked, until 2026-01-11  1.5 kB  newest: not of the newest version",
        "0 packages (0 B) would be deleted",
        "2 packages (3.0 kB) would be yanked, and deleted when the grace period is over",
        "2 packages (3.0 kB) are in the grace period",
    ]
    told = plan_json(planned)
    assert [each["package"] for each in told["yanked"]] == ["noarch/a-3-0.conda", "noarch/c-1-0.conda"]
    assert {each["until"] for each in told["waiting"]} == {"2026-01-11"}


def test_what_cannot_be_deleted_for_a_snapshot_that_cannot_be_read_is_code_3() -> None:
    class Unreadable:
        unknown: Any = {"noarch": "c/snapshots/v1/noarch/repodata_shards.msgpack.zst"}

    with pytest.raises(SkippedError, match=r"noarch: c/snapshots/v1") as raised:
        finish_prune(cast("Any", Unreadable()), Report.of(()), "chaninfra prune", REMEDIES)
    assert raised.value.exit_code == 3
    # What a re-index has left out is named, too.
    report = Report(subdirs=(), left_out=(LeftOut(package="noarch/bad-1-0.conda", reason="is no conda package"),))
    with pytest.raises(SkippedError, match=r"(?s)noarch: c/snapshots/v1.*1 package skipped:\n  noarch/bad") as raised:
        finish_prune(cast("Any", Unreadable()), report, "chaninfra prune", REMEDIES)
    assert "`chaninfra prune`" in (raised.value.remedy or "")


def test_a_path_of_a_lock_is_one_line() -> None:
    pruned = PrunedChannel(rules(newest={"keep-newest": 1}))
    pruned.add("a-1-0.conda", "a-2-0.conda")
    from chaninfra.index.locks import Lock, LockedPackage

    locked = LockedPackage(channel="s3://elsewhere", subdir="noarch", file="a-1-0.conda", sha256=None, md5=None)
    planned = pruned.plan(locks=[Lock(path="x\n::error", packages=(locked,))])
    text = done_text(planned, Pruned(yanked=(), deleted=(), kept=(), report=Report.of([])))
    assert text.splitlines()[0] == "noarch/a-1-0.conda: kept, x\\n::error"
