"""A record of the source that cannot be used: its package has not left, and nothing is done about it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaninfra.index.copy.mirrors import prune
from chaninfra.index.copy.sources import passed_over
from chaninfra.index.copy.sources.indexed import IndexedSource
from chaninfra.index.copy.sources.passed_over import PassedOver
from support.channels.sources import source_in, store_of
from support.copies.mirrored import Mirrored
from support.index_model.processes import PREFIX, file
from support.index_model.rolling_back import records

A, B = file("a"), file("b")


def source_of(records: dict[str, Any]) -> IndexedSource:
    document = {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": records}
    return source_in(store_of({f"{PREFIX}/noarch/repodata.json": json.dumps(document).encode()}))


@pytest.fixture
def mirrored() -> Mirrored:
    made = Mirrored(prune=True)
    made.run()
    return made


@pytest.mark.parametrize(
    "changed", [{"sha256": "1234"}, {"build_number": "zero"}, {"size": 1.5}, {"name": 7}, {"name": None}]
)
def test_a_damaged_record_is_none_that_has_left(mirrored: Mirrored, changed: dict[str, Any]) -> None:
    good = records(mirrored.source.store)
    source = source_of({**good, A: {**good[A], **changed}})
    found = prune.plan(mirrored.channel(), source, "m", ["noarch"], wanted=set())
    assert (found.yank, found.left["noarch"].forget) == ({}, ())
    assert any(A in message for message in source.refused())
    # What has no record at all has left.
    gone = prune.plan(mirrored.channel(), source_of({B: good[B]}), "m", ["noarch"], wanted=set())
    assert gone.yank.keys() == {f"noarch/{A}"}


def test_where_more_is_passed_over_than_is_kept_it_may_be_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passed_over, "_MOST_PATHS", 2)
    passed = PassedOver()
    for number in range(2):
        passed.add(f"noarch/{number}", "x")
    passed.add("noarch/" + "x" * 400, "x")
    assert [passed.has(f"noarch/{number}") for number in range(3)] == [True, True, False]
    passed.add("noarch/2", "x")
    assert passed.has("noarch/other")
