"""Snapshots by the clock: one for each period whoever makes them, and none is removed that should stay."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from chaninfra.channel.conda.snapshot_schedule import SnapshotSchedule, begin_of
from chaninfra.channel.errors import ConfigurationError, ConflictError, StorageError, UnreachableError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.snapshots import automatic as module
from chaninfra.index.snapshots.automatic import Tended, tend
from chaninfra.index.snapshots.create import create
from chaninfra.index.snapshots.document import Snapshot, Snapshots, SnapshotSubdir, read_snapshots
from chaninfra.index.snapshots.remove import remove
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import PREFIX, channel, channel_with, file, publishing, scheduled_channel, yanking

LIST = f"{PREFIX}/snapshots/index.json"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
FIRST = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""At noon of the day at whose beginning the channel was made."""


def run(store: MemoryStore, now: datetime, every: str = "1d", keep: int = 60, process: str = "s") -> Tended:
    store.now = max(store.now, now)
    runtime = SequentialRuntime(process, int(now.timestamp() * 1000))
    return tend(scheduled_channel(store, runtime, SnapshotSchedule(every=every, keep=keep)))


def listed(store: MemoryStore) -> dict[str, Snapshot]:
    return read_snapshots(store, LIST)[0].snapshots


def files(store: MemoryStore) -> set[str]:
    """The names of the snapshots of which there are files."""
    return {key.split("/")[2] for key in store.objects if key.startswith(f"{PREFIX}/snapshots/") and key != LIST}


def publish(store: MemoryStore, name: str, now: datetime) -> None:
    store.now = now
    publishing(name).run(store, SequentialRuntime(f"of-{name}", int(now.timestamp() * 1000)))


def by_hand(store: MemoryStore, name: str) -> None:
    create(channel(store, SequentialRuntime(name, int(store.now.timestamp() * 1000))), name)


def records_of(store: MemoryStore, name: str) -> set[str]:
    data = store.objects[f"{PREFIX}/snapshots/{name}/noarch/repodata.json"].data
    return {*json.loads(data)["packages.conda"]}


def test_one_a_day_however_often_it_runs() -> None:
    store = channel_with("a")
    for hour in range(72):
        run(store, FIRST + hour * HOUR)
    assert [*listed(store)] == [f"auto-2026010{day}T0000Z" for day in (1, 2, 3, 4)]
    assert {each.stage for each in listed(store).values()} == {"ready"}
    assert [each.at for each in listed(store).values()] == [f"2026-01-0{day}T00:00:00Z" for day in (1, 2, 3, 4)]


def test_where_nothing_is_due_it_makes_one_request() -> None:
    store = channel_with("a")
    run(store, FIRST)
    store.log.clear()
    tended = run(store, FIRST + HOUR)
    assert store.log == [("get", LIST)]
    assert (tended.made, tended.newest, tended.removed, tended.changed) == (None, "auto-20260101T0000Z", (), False)
    assert tended.next == datetime(2026, 1, 2, tzinfo=UTC)


def test_it_says_what_the_channel_said_when_the_period_began() -> None:
    store = channel_with("a")
    publish(store, "b", FIRST)
    publish(store, "c", FIRST + DAY)
    assert records_of(store, run(store, FIRST + DAY + HOUR).newest) == {file("a"), file("b")}


def test_of_a_channel_that_began_later_it_is_of_now() -> None:
    store = channel_with("a")
    for key in [key for key in store.objects if "/history/" in key]:
        del store.objects[key]
    publish(store, "b", FIRST)
    tended = run(store, FIRST + HOUR)
    assert records_of(store, tended.newest) == {file("a"), file("b")}
    assert listed(store)["auto-20260101T0000Z"].at == "2026-01-01T13:00:00Z"


@pytest.mark.parametrize(("hours", "of"), [(22, "2026-01-05T00:00:00Z"), (23.5, "2026-01-05T23:30:00Z")])
def test_of_the_last_day_all_states_are_there(hours: float, of: str) -> None:
    store = channel_with("a")
    tended = run(store, datetime(2026, 1, 5, tzinfo=UTC) + hours * HOUR)
    assert listed(store)[tended.newest].at == of


def test_a_day_late_it_is_of_now_since_the_history_is_thinned() -> None:
    store = channel_with("a")
    publish(store, "b", FIRST)
    tended = run(store, datetime(2026, 1, 7, tzinfo=UTC), every="7d")
    assert tended.newest == "auto-20260105T0000Z"
    assert listed(store)[tended.newest].at == "2026-01-07T00:00:00Z"


def test_without_a_commit_there_is_one_for_each_day_too() -> None:
    store = channel_with("a")
    for day in range(3):
        run(store, FIRST + day * DAY)
    assert len({each.subdirs["noarch"].commit for each in listed(store).values()}) == 1
    assert len(listed(store)) == 3


def test_missed_days_stay_without_one() -> None:
    store = channel_with("a")
    run(store, FIRST)
    run(store, FIRST + 4 * DAY)
    assert [*listed(store)] == ["auto-20260101T0000Z", "auto-20260105T0000Z"]


def test_the_oldest_are_removed_and_those_made_by_hand_stay() -> None:
    store = channel_with("a")
    names = ["auto", "auto-2026", "a", "z", "AUTO-20260101T0000Z"]
    for name in names:
        by_hand(store, name)
    removed: list[str] = []
    for day in range(6):
        removed += run(store, FIRST + day * DAY, keep=2).removed
    assert removed == [f"auto-2026010{day}T0000Z" for day in (1, 2, 3, 4)]
    assert {*listed(store)} == {*names, "auto-20260105T0000Z", "auto-20260106T0000Z"} == files(store)


def test_keep_is_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    store = channel_with("a")
    for day in range(60):
        run(store, FIRST + day * DAY, keep=60)
    assert len(listed(store)) == 60
    monkeypatch.setattr(module, "_MOST_REMOVED", 30)
    tended = run(store, FIRST + 59 * DAY, keep=5)
    # Bounded: the next run goes on.
    assert (len(tended.removed), tended.waiting) == (30, 25)
    tended = run(store, FIRST + 59 * DAY, keep=5)
    assert (len(tended.removed), tended.waiting) == (25, 0)
    assert [*listed(store)] == [f"auto-202602{day}T0000Z" for day in range(25, 29)] + ["auto-20260301T0000Z"]
    assert not run(store, FIRST + 59 * DAY, keep=5).changed


def test_keep_is_raised() -> None:
    store = channel_with("a")
    for day in range(4):
        run(store, FIRST + day * DAY, keep=1 if day < 2 else 9)
    assert len(listed(store)) == 3


def test_every_is_changed() -> None:
    store = channel_with("a")
    run(store, FIRST)
    assert run(store, FIRST + HOUR, every="12h").newest == "auto-20260101T1200Z"
    assert not run(store, FIRST + 2 * HOUR, every="7d").changed
    assert not run(store, FIRST + 3 * HOUR, every="1d").changed
    assert run(store, FIRST + 4 * DAY, every="7d").newest == "auto-20260105T0000Z"


@pytest.mark.parametrize("behind", [timedelta(minutes=10), HOUR, DAY, 400 * DAY])
def test_a_clock_that_is_behind_makes_and_removes_nothing(behind: timedelta) -> None:
    store = channel_with("a")
    for day in range(3):
        run(store, FIRST + day * DAY, keep=3)
    before = dict(store.objects)
    for hour in range(30):
        # Two makers, one of which has a wrong clock.
        run(store, FIRST + 2 * DAY - behind + timedelta(minutes=hour), keep=3, process="wrong")
        run(store, FIRST + 2 * DAY, keep=3)
    assert store.objects == before


def test_a_clock_that_was_ahead_makes_one_and_it_is_told() -> None:
    store = channel_with("a")
    run(store, FIRST)
    wrong = FIRST + 400 * DAY
    assert not run(store, wrong).ahead(int(wrong.timestamp() * 1000))
    for hour in range(48):
        now = FIRST + hour * HOUR
        tended = run(store, now, keep=2)
        assert not tended.changed
        assert tended.ahead(int(now.timestamp() * 1000))
    remove(channel(store, SequentialRuntime("rm")), tended.newest)
    assert run(store, FIRST + DAY).newest == "auto-20260102T0000Z"
    assert len(listed(store)) == 2


def test_a_few_minutes_ahead_are_no_future() -> None:
    store = channel_with("a")
    midnight = datetime(2026, 1, 2, tzinfo=UTC)
    run(store, midnight)
    early = midnight - timedelta(minutes=14)
    tended = run(store, early)
    assert not tended.changed
    assert not tended.ahead(int(early.timestamp() * 1000))


def interrupt(store: MemoryStore, wanted: Callable[[str, str], bool], error: BaseException, nth: int = 1) -> None:
    """Let the nth request of this kind fail, and what comes after it."""
    seen = [0]

    def before(kind: str, key: str) -> None:
        seen[0] += wanted(kind, key)
        if seen[0] >= nth:
            raise error

    store.before = before


def writes(kind: str, key: str) -> bool:
    return kind in ("put", "delete")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), UnreachableError("no connection")], ids=["kill", "error"])
@pytest.mark.parametrize("nth", range(1, 9))
def test_what_breaks_off_anywhere_is_brought_to_an_end(nth: int, error: BaseException) -> None:
    """Four PUTs make one and one PUT ends it; two PUTs and a DELETE remove one."""
    store = channel_with("a")
    for day in range(3):
        run(store, FIRST + day * DAY, keep=3)
    interrupt(store, writes, error, nth)
    with pytest.raises(type(error)):
        run(store, FIRST + 3 * DAY, keep=3)
    # Nothing is removed for one that is not made.
    store.before = lambda kind, key: None
    assert len([each for each in listed(store).values() if each.stage == "ready"]) >= 3
    publish(store, "b", FIRST + 3 * DAY)
    run(store, FIRST + 3 * DAY + HOUR, keep=3, process="next")
    assert [*listed(store)] == [f"auto-2026010{day}T0000Z" for day in (2, 3, 4)]
    assert {each.stage for each in listed(store).values()} == {"ready"}
    assert files(store) == {*listed(store)}
    assert records_of(store, "auto-20260104T0000Z") == {file("a")}


def begin(store: MemoryStore, now: datetime) -> None:
    """Begin the one of the day, and be killed after the entry."""
    interrupt(store, lambda kind, key: kind == "put" and key != LIST, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run(store, now)
    store.before = lambda kind, key: None


def test_one_that_was_begun_on_another_day_is_finished_with_its_packages() -> None:
    store = channel_with("a")
    begin(store, FIRST)
    publish(store, "b", FIRST + HOUR)
    tended = run(store, FIRST + DAY)
    assert tended.finished == ("auto-20260101T0000Z",)
    assert records_of(store, "auto-20260101T0000Z") == {file("a")}
    assert records_of(store, "auto-20260102T0000Z") == {file("a"), file("b")}
    assert {each.stage for each in listed(store).values()} == {"ready"}


def test_one_that_nobody_can_finish_is_removed() -> None:
    store = channel_with("a")
    begin(store, FIRST)
    publish(store, "b", FIRST + HOUR)
    commit = listed(store)["auto-20260101T0000Z"].subdirs["noarch"].commit
    del store.objects[f"{PREFIX}/.chaninfra/history/noarch/{commit}"]
    tended = run(store, FIRST + DAY)
    assert tended.removed == ("auto-20260101T0000Z",)
    assert [*listed(store)] == ["auto-20260102T0000Z"]


def test_one_that_was_begun_does_not_count_as_kept() -> None:
    store = channel_with("a")
    run(store, FIRST)
    begin(store, FIRST + DAY)
    entry = listed(store)
    interrupt(store, lambda kind, key: kind == "put" and "20260102" in key, UnreachableError("no connection"))
    with pytest.raises(UnreachableError):
        run(store, FIRST + 2 * DAY, keep=1)
    store.before = lambda kind, key: None
    assert {*entry} <= {*listed(store), "auto-20260101T0000Z"}
    assert listed(store)["auto-20260103T0000Z"].stage == "ready"


def at_the_entry(store: MemoryStore, other: Callable[[], object]) -> None:
    """Let this happen before the next PUT of the list."""
    left = [1]

    def before(kind: str, key: str) -> None:
        if kind == "put" and key == LIST and left:
            left.pop()
            other()

    store.before = before


def test_two_at_once_make_one() -> None:
    store = channel_with("a")
    at_the_entry(store, lambda: run(store, FIRST, process="other"))
    made = run(store, FIRST).made
    assert made is not None
    assert made.outcome == "present"
    assert [*listed(store)] == ["auto-20260101T0000Z"]


def test_two_at_once_of_which_one_saw_a_later_state_make_one() -> None:
    store = channel_with("a")
    for key in [key for key in store.objects if "/history/" in key]:
        del store.objects[key]

    def other() -> None:
        publish(store, "b", FIRST)
        run(store, FIRST, process="other")
        publish(store, "c", FIRST)

    at_the_entry(store, other)
    made = run(store, FIRST).made
    assert made is not None
    assert made.outcome == "present"
    assert records_of(store, "auto-20260101T0000Z") == {file("a"), file("b")}


def test_two_at_once_of_which_one_was_killed_make_one() -> None:
    store = channel_with("a")
    for key in [key for key in store.objects if "/history/" in key]:
        del store.objects[key]

    def other() -> None:
        publish(store, "b", FIRST)
        begin(store, FIRST)
        publish(store, "c", FIRST)

    at_the_entry(store, other)
    made = run(store, FIRST).made
    assert made is not None
    assert made.outcome == "finished"
    assert records_of(store, "auto-20260101T0000Z") == {file("a"), file("b")}


def test_two_at_once_remove_the_same() -> None:
    store = channel_with("a")
    for day in range(4):
        run(store, FIRST + day * DAY)
    at_the_entry(store, lambda: run(store, FIRST + 3 * DAY, keep=1, process="other"))
    run(store, FIRST + 3 * DAY, keep=1)
    assert [*listed(store)] == ["auto-20260104T0000Z"]
    assert files(store) == {"auto-20260104T0000Z"}


def test_a_removal_by_hand_of_the_newest_is_left_to_whoever_began_it() -> None:
    """A run could make it again, while the other one deletes its files."""
    store = channel_with("a")
    run(store, FIRST)
    interrupt(store, lambda kind, key: kind == "delete", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        remove(channel(store, SequentialRuntime("rm")), "auto-20260101T0000Z")
    store.before = lambda kind, key: None
    assert not run(store, FIRST + HOUR).changed
    assert run(store, FIRST + DAY).removed == ("auto-20260101T0000Z",)
    assert [*listed(store)] == ["auto-20260102T0000Z"]


def test_a_full_list_is_thinned_first() -> None:
    store = channel_with("a")
    run(store, FIRST)
    entry = listed(store)["auto-20260101T0000Z"]
    state = SnapshotSubdir(commit=1, revision="x", packages=0)
    others = {f"h{number}": msgspec.structs.replace(entry, subdirs={"noarch": state}) for number in range(998)}
    both = {"auto-20251231T0000Z": entry, "auto-20260101T0000Z": entry}
    data = msgspec.json.encode(Snapshots(snapshots={**others, **both}))
    store.objects[LIST] = _body(store, data)
    tended = run(store, FIRST + DAY, keep=1)
    assert tended.removed == ("auto-20251231T0000Z", "auto-20260101T0000Z")
    assert len(listed(store)) == 999
    store.objects[LIST] = _body(store, data)
    with pytest.raises(StorageError, match="and may have no more"):
        run(store, FIRST + DAY, keep=2)


def _body(store: MemoryStore, data: bytes) -> ObjectBody:
    return dataclasses.replace(store.objects[LIST], data=data)


def test_a_damaged_index_makes_none_and_removes_none() -> None:
    store = channel_with("a")
    for day in range(2):
        run(store, FIRST + day * DAY, keep=2)
    for key in [key for key in store.objects if "/noarch/shards/" in key]:
        del store.objects[key]
    before = dict(store.objects)
    with pytest.raises(StorageError, match="are missing"):
        run(store, FIRST + 2 * DAY, keep=2)
    assert store.objects == before


def test_what_is_yanked_since_is_in_it() -> None:
    store = channel_with("a", "b")
    store.now = FIRST
    yanking("a").run(store, SequentialRuntime("yank", int(FIRST.timestamp() * 1000)))
    assert records_of(store, run(store, FIRST + HOUR).newest) == {file("a"), file("b")}
    assert records_of(store, run(store, FIRST + DAY).newest) == {file("b")}


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_the_newest_are_kept(seed: int) -> None:
    """Makers of several clocks who are killed anywhere, beside people who make and remove their own, for a month."""
    rng = random.Random(seed)
    store = channel_with("a")
    mine: set[str] = set()
    seen: set[str] = set()

    def kept() -> list[str]:
        """The newest of those that were ever whole."""
        seen.update(name for name, each in listed(store).items() if begin_of(name) and each.stage == "ready")
        return sorted(seen)[-4:]

    # Each third step is at midnight.
    for step in range(90):
        now = datetime(2026, 1, 2, tzinfo=UTC) + step * 8 * HOUR
        store.now = now
        if rng.random() < 0.3:
            publish(store, f"p-{step}", now)
        if rng.random() < 0.2:
            by_hand(store, f"mine-{step}")
            mine.add(f"mine-{step}")
        elif mine and rng.random() < 0.2:
            remove(channel(store, SequentialRuntime(f"rm{step}")), mine.pop())
        for maker in range(rng.randint(0, 3)):
            if rng.random() < 0.4:
                interrupt(store, lambda kind, key: True, KeyboardInterrupt(), rng.randint(1, 60))
            with contextlib.suppress(KeyboardInterrupt):
                run(store, now + rng.randint(-10, 10) * timedelta(minutes=1), keep=4, process=f"{step}.{maker}.")
            store.before = lambda kind, key: None
            assert all(listed(store)[name].stage == "ready" for name in kept())
    run(store, datetime(2026, 2, 1, 12, tzinfo=UTC), keep=4)
    assert len(seen) > 20
    assert {*listed(store)} == {*kept(), *mine} == files(store)
    assert {each.stage for each in listed(store).values()} == {"ready"}


def test_a_channel_that_does_not_say_how_often() -> None:
    with pytest.raises(ConfigurationError, match="does not say how often snapshots are made") as caught:
        tend(channel(channel_with("a"), SequentialRuntime("s")))
    assert caught.value.key == ("snapshots",)
    assert "pulumi up" in str(caught.value.remedy)


def test_the_files_of_another_one_are_an_error_that_says_what_to_do() -> None:
    store = channel_with("a")
    run(store, FIRST)
    publish(store, "b", FIRST - HOUR)
    del store.objects[LIST]
    for key in [key for key in store.objects if "/history/" in key]:
        del store.objects[key]
    with pytest.raises(ConflictError, match="was made of another state") as caught:
        run(store, FIRST + HOUR)
    assert "`chaninfra snapshot rm auto-20260101T0000Z`" in str(caught.value.remedy)
