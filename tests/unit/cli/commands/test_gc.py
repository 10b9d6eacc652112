"""What `chaninfra gc` prints."""

from __future__ import annotations

import pytest

from chaninfra.cli.commands.gc import _text
from chaninfra.index.gc import Collected, Garbage

SHARD = Garbage(key="c/noarch/shards/a", why="unreferenced", size=1)

STATES = tuple(
    Garbage(key=f"c/.chaninfra/history/{key}", why="old state of the index", size=1)
    for key in ("noarch/1", "noarch/2", "win-64/1")
)


@pytest.mark.parametrize(
    ("collected", "dry_run", "printed"),
    [
        (Collected(garbage=(), waiting=0), False, "0 objects deleted"),
        (Collected(garbage=(SHARD,), waiting=0), False, "c/noarch/shards/a: unreferenced\n1 object deleted"),
        (Collected(garbage=(SHARD,), waiting=0), True, "c/noarch/shards/a: unreferenced\n1 object would be deleted"),
        (
            Collected(garbage=(SHARD, *STATES), waiting=0),
            False,
            "c/noarch/shards/a: unreferenced\n"
            "c/.chaninfra/history/noarch/: 2 old states of the index\n"
            "c/.chaninfra/history/win-64/: 1 old state of the index\n"
            "4 objects deleted",
        ),
        (
            Collected(garbage=(), waiting=2),
            False,
            "0 objects deleted\n2 unreferenced shards marked. Run gc again in a week to delete them.",
        ),
        (
            Collected(garbage=(), waiting=1),
            False,
            "0 objects deleted\n1 unreferenced shard marked. Run gc again in a week to delete it.",
        ),
        (
            Collected(garbage=(), waiting=1),
            True,
            "0 objects would be deleted\n1 unreferenced shard would be marked, to be deleted by a run in a week",
        ),
    ],
)
def test_text(collected: Collected, dry_run: bool, printed: str) -> None:
    assert _text(collected, dry_run=dry_run) == printed
