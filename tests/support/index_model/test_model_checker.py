"""The model checker finds what it must, and visits no state twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chaninfra.channel.objects import ObjectBody, ObjectStore
from support.index_model.memory_store import SequentialRuntime
from support.index_model.model_checker import Process, Search, ViolationError
from support.index_model.requests import Held, Objects, by_key

COUNT, LOG = "c/count", "c/log"


def put(store: ObjectStore, key: str, data: str) -> None:
    store.put(key, ObjectBody(data=data.encode(), content_type=""))


def counting(store: ObjectStore, runtime: SequentialRuntime) -> None:
    """Count one more, without a condition: a count is lost if another process counts in between."""
    found = store.get(COUNT)
    assert found is not None
    put(store, COUNT, str(int(found.data) + 1))


def search(*programs: Callable[..., object], end: Callable[[Objects], None], **bounds: Any) -> Search:
    """The search through the schedules of these programs; `end` is called with the objects when all have ended."""
    return Search(
        processes=[Process(f"p{number}", program, lists=True) for number, program in enumerate(programs)],
        start={COUNT: Held(b"0")},
        authoritative="c/index",
        derived=(),
        dated=(LOG,),
        number=lambda data: None,
        check=lambda objects, makes, takes: None,
        moved=lambda key, before, after, objects: None,
        end=lambda objects, writer, crashed, makes, takes: None if crashed else end(objects),
        **bounds,
    )


def count(objects: Objects) -> int:
    return int(by_key(objects)[COUNT].data)


@pytest.mark.parametrize("mutant", [False, True])
def test_a_lost_update_needs_one_preemption(*, mutant: bool) -> None:
    def end(objects: Objects) -> None:
        if count(objects) != 2:
            raise ViolationError(f"counted {count(objects)}")

    search(counting, counting, end=end, preemptions=0, crashes=1, mutant=mutant).all()
    with pytest.raises(ViolationError, match="counted 1") as raised:
        search(counting, counting, end=end, preemptions=1, crashes=0, mutant=mutant).all()
    steps = [line.strip() for line in str(raised.value).splitlines()[1:]]
    assert sorted(steps) == [f"p{number}: {request} {COUNT}" for number in (0, 1) for request in ("get", "put")]
    assert steps[0][:2] != steps[1][:2]


def test_runs_that_wait_and_runs_from_the_start_come_to_the_same() -> None:
    def ended(*, mutant: bool) -> tuple[int, set[int]]:
        counts: set[int] = set()
        found = search(
            counting, counting, counting, end=lambda objects: counts.add(count(objects)), preemptions=4, mutant=mutant
        )
        found.all()
        return found.states, counts

    assert ended(mutant=False)[1] == ended(mutant=True)[1] == {1, 2, 3}
    # Deep first, some are visited again since they are reached with fewer preemptions.
    assert ended(mutant=False)[0] < ended(mutant=True)[0]


def test_a_listing_tells_when_objects_were_put() -> None:
    """Two states that differ in nothing but the time of an object are two."""
    seen: set[float] = set()

    def logging(store: ObjectStore, runtime: SequentialRuntime) -> None:
        put(store, LOG, "")

    def listing(store: ObjectStore, runtime: SequentialRuntime) -> None:
        store.get(COUNT)
        seen.update(entry.modified.timestamp() for entry in store.list("c") if entry.key == LOG and entry.modified)

    found = search(logging, listing, end=lambda objects: None, preemptions=2, crashes=0)
    early = found.processes[0].now
    found.processes[1] = Process("later", listing, lists=True, now=early + 60_000)
    found.all()
    assert seen == {early / 1000, early / 1000 + 60}


def test_a_process_that_does_not_end_is_noticed() -> None:
    def asking(store: ObjectStore, runtime: SequentialRuntime) -> None:
        while True:
            store.get(COUNT)

    with pytest.raises(ViolationError, match="p0 does not end"):
        search(asking, end=lambda objects: None).all()


def test_an_error_of_a_program_is_raised() -> None:
    def wrong(store: ObjectStore, runtime: SequentialRuntime) -> None:
        store.get(COUNT)
        raise KeyError("wrong")

    with pytest.raises(KeyError, match="wrong"):
        search(wrong, end=lambda objects: None).all()
