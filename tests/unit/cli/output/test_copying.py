"""What a copy prints."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaninfra.channel.errors import ConflictError, ExitCode, SkippedError, UnreachableError
from chaninfra.cli.output.copy_errors import copy_stopped, failure
from chaninfra.cli.output.copying import done_text, plan_text, tell_deleted_here, tell_yanked_here
from chaninfra.cli.output.copying_json import result_json
from chaninfra.index.copy.copy import SoFar
from chaninfra.index.copy.locked import Lacking
from chaninfra.index.copy.plan import Plan, plan_copy
from chaninfra.index.copy.report import Copied, Failed
from chaninfra.index.copy.selection import Selection
from chaninfra.index.patches.add import add
from chaninfra.index.patches.remove import remove
from chaninfra.index.report import Report
from support.index_model.copying import MemorySource, copied, planned
from support.index_model.memory_store import MemoryStore
from support.index_model.processes import channel_with, deleting, file, publishing, unyanking, yanking
from support.index_model.rolling_back import opened, ran

NOTHING = Selection(packages=())
EMPTY = Copied(packages=(), already=(), failed=(), report=Report.of(()))


@pytest.fixture
def source() -> MemorySource:
    """a, b, which is patched, and c, which is yanked."""
    made = MemorySource(store=channel_with("a", "b", "c"))
    add(opened(made.store, "patch"), ["b"], {"license": "X"})
    ran(made.store, yanking("c"))
    return made


@pytest.fixture
def store() -> MemoryStore:
    return channel_with("x")


def test_a_dry_run_names_each_package_and_the_sums(source: MemorySource, store: MemoryStore) -> None:
    add(opened(store, "own"), [f"noarch/{file('a')}"], {"license": "ours"})
    lines = plan_text(planned(opened(store), source)).splitlines()
    assert [line.split("  ")[0].rstrip() for line in lines[1:4]] == [f"noarch/{file(name)}" for name in "abc"]
    assert [line.rpartition("  ")[2] for line in lines[1:4]] == [
        "new, under the channel's own patch",
        "new, patched",
        "new, yanked",
    ]
    assert lines[4].startswith("3 packages (")
    copied(store, source)
    assert plan_text(planned(opened(store), source)).splitlines()[0] == "nothing to copy; 3 are there already"


def test_a_dry_run_says_what_it_has_not_looked_at(source: MemorySource, store: MemoryStore) -> None:
    def said() -> str:
        return plan_text(planned(opened(store), source)).splitlines()[-1]

    unknown = "Only a real run finds out whether the source still has the files, and whether you may write: "
    assert said() == f"{unknown}this takes the key or role of a maintainer, since 1 package is yanked in the source."
    ran(source.store, unyanking("c"))
    promoter = "this takes the key or role of a maintainer or promoter, since "
    assert said() == f"{unknown}{promoter}1 package is patched in the source, or here by an earlier copy."
    remove(opened(source.store, "unpatched"), ["b"])
    assert said() == f"{unknown}this takes the key or role of a publisher."
    source.tells_patches = False
    assert said() == f"{unknown}{promoter}the source does not tell what it has patched."
    # What is there already needs no rights.
    source.tells_patches = True
    copied(store, source)
    assert "a real run finds out" not in said()


def test_what_was_done_is_summed_up(source: MemorySource, store: MemoryStore) -> None:
    assert done_text(copied(store, source)).splitlines() == [
        "3 packages (1.8 kB) copied: 3 through this machine",
        f"yanked, as in the source: noarch/{file('c')}",
        f"patched, as in the source: noarch/{file('b')}",
        "noarch: 3 packages (+2)",
    ]
    add(opened(source.store, "later"), ["a"], {"license": "Y"})
    ran(source.store, yanking("b"))
    assert done_text(copied(store, source, process="again")).splitlines()[0] == (
        "0 packages (0 B) copied; 1 record changed; 1 yanked; 1 is there already"
    )


def test_what_is_under_a_patch_of_the_channel_is_said_to_be_in_no_patch(
    source: MemorySource, store: MemoryStore
) -> None:
    add(opened(store, "own"), [f"noarch/{file('b')}"], {"depends": ["q"]})
    assert (
        "under a patch of this channel, which stays (what the source patches is in no patch here: `reindex --force` "
        f"drops it until the next copy): noarch/{file('b')}"
    ) in done_text(copied(store, source)).splitlines()


def test_what_was_deleted_here_for_good_is_told(
    source: MemorySource, store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    copied(store, source)
    ran(store, deleting("a"))
    path = f"noarch/{file('a')}"

    def plan(process: str, *named: str) -> Plan:
        return plan_copy(source, opened(store, process), source.packages(), named=named)

    found = plan("all")
    assert found.deleted_here == (path,)
    assert not found.tasks
    tell_deleted_here(found)
    told = capsys.readouterr().err
    assert f"not copied again, since it was deleted here for good (withdrawn.json): {path}\n" in told
    assert f"if it is to be there again, name its file as SPEC: {path}\n" in told
    assert result_json(opened(store), source, found, NOTHING, None, None, None)["deleted-here"] == [path]
    # What is there again, by whatever way, is as any other package.
    ran(store, publishing("a"))
    add(opened(source.store, "later"), ["a"], {"license": "Y"})
    found = plan("there")
    assert (found.deleted_here, [each.doing for each in found.tasks]) == ((), ["record"])


def test_what_was_deleted_here_is_copied_where_its_file_is_named(source: MemorySource, store: MemoryStore) -> None:
    copied(store, source)
    ran(store, deleting("a"))
    path = f"noarch/{file('a')}"
    found = plan_copy(source, opened(store), source.packages(), named=[path])
    assert (found.deleted_here, [each.doing for each in found.tasks]) == ((), ["new"])
    # Other bytes are another package.
    other = MemorySource(store=channel_with())
    ran(other.store, publishing("a", b"other"))
    assert not plan_copy(other, opened(store, "other"), other.packages(), named=()).deleted_here


def test_a_dry_run_says_what_would_be_changed(source: MemorySource, store: MemoryStore) -> None:
    copied(store, source)
    add(opened(source.store, "later"), ["a"], {"license": "Y"})
    ran(source.store, yanking("b"))
    assert "; 1 record would be changed; 1 would be yanked; 1 is there already" in plan_text(
        planned(opened(store), source)
    )


def test_what_is_yanked_here_alone_is_told_with_the_command(
    source: MemorySource, store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    copied(store, source)
    plan = planned(opened(store), source)
    tell_yanked_here(plan, "chaninfra unyank")
    assert (plan.yanked_here, capsys.readouterr().err) == ((), "")
    ran(store, yanking("a"))
    plan = planned(opened(store, "again"), source)
    assert plan.yanked_here == (f"noarch/{file('a')}",)
    tell_yanked_here(plan, "chaninfra unyank")
    assert f"chaninfra unyank noarch/{file('a')}\n" in capsys.readouterr().err
    assert result_json(opened(store), source, plan, NOTHING, None, None, None)["yanked-here"] == [*plan.yanked_here]


def test_the_json_names_all(source: MemorySource, store: MemoryStore) -> None:
    plan = planned(opened(store), source)
    target = opened(store)
    dry: dict[str, Any] = result_json(target, source, plan, NOTHING, None, None, None)
    assert (dry["dry-run"], dry["index"]) == (True, None)
    done: dict[str, Any] = result_json(target, source, plan, NOTHING, copied(store, source), None, None)
    for name in ("doing", "yanked", "patch", "size", "sha256"):
        assert [each[name] for each in dry["packages"]] == [each[name] for each in done["packages"]], name
    assert json.loads(json.dumps(done)) == done


def test_what_was_not_copied_is_one_error_with_the_remedies(source: MemorySource, store: MemoryStore) -> None:
    plan = planned(opened(store), source)
    assert failure(EMPTY, plan, NOTHING) is None
    failed = tuple(
        Failed(package=f"noarch/p{number}", error=SkippedError("is gone\x1b[2J", remedy="put it back"))
        for number in range(25)
    )
    lacking = Lacking(lock="pixi.lock", path_in_channel="noarch/z", why="too young", remedy="lock again")
    done = Copied(packages=(), already=(), failed=failed, report=Report.of(()))
    error = failure(done, plan, Selection(packages=(), lacking=(lacking,)))
    assert error is not None
    assert error.exit_code == ExitCode.SKIPPED
    lines = error.message.splitlines()
    assert lines[0] == "26 not copied:"
    assert lines[1] == "  noarch/z: pixi.lock needs it: too young"
    assert lines[2] == "  noarch/p0: is gone\\x1b[2J"
    assert lines[-1] == "  and 6 more"
    # To do the same again would not help.
    assert error.remedy == "lock again\nput it back"


def test_what_a_store_did_not_answer_is_tried_again(source: MemorySource, store: MemoryStore) -> None:
    plan = planned(opened(store), source)
    again = "run the same command again: what is there is not copied again"
    for remedy, said in ((None, again), ("mend it", f"mend it\nthen {again}")):
        failed = (Failed(package="noarch/a", error=UnreachableError("no answer", remedy=remedy)),)
        error = failure(Copied(packages=(), already=(), failed=failed, report=Report.of(())), plan, NOTHING)
        assert error is not None
        assert error.remedy == said


def test_a_copy_that_ended_early_says_why(source: MemorySource, store: MemoryStore) -> None:
    plan = planned(opened(store), source)
    stopped = UnreachableError("no answer", where="https://minio.example.com")
    done = Copied(
        packages=(),
        already=(),
        failed=(Failed(package="noarch/a", error=ConflictError("other bytes")),),
        report=Report.of(()),
        stopped=stopped,
    )
    error = failure(done, plan, NOTHING)
    assert isinstance(error, UnreachableError)
    assert error.message.splitlines()[:2] == ["no answer", "so the copy ended early; 1 not copied:"]


def test_ctrl_c_says_how_far_it_is() -> None:
    assert copy_stopped(SoFar(), None, "chaninfra copy --all").message == "stopped: nothing was changed"
    error = copy_stopped(SoFar(brought=14, indexed=10), 30, "chaninfra copy --all")
    assert error.message == "stopped: 14 of 30 packages copied, and 10 of them in the index"
    assert (error.remedy or "").endswith("`chaninfra copy --all`")
