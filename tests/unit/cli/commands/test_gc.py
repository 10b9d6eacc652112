"""What `chaninfra gc` prints."""

from __future__ import annotations

import pytest

from chaninfra.cli.commands.gc import _incomplete, _text
from chaninfra.index.gc import Collected, Garbage, Unknown

SHARD = Garbage(key="c/noarch/shards/a", why="unreferenced", size=1)
DRY_RUN = "Nothing was written: this is what a run without --dry-run does."

STATES = tuple(
    Garbage(key=f"c/.chaninfra/history/{key}", why="old state of the index", size=1)
    for key in ("noarch/1", "noarch/2", "win-64/1")
)


@pytest.mark.parametrize(
    ("collected", "dry_run", "printed"),
    [
        (Collected(garbage=(), waiting=0), False, "0 objects deleted"),
        (Collected(garbage=(SHARD,), waiting=0), False, "c/noarch/shards/a: unreferenced\n1 object deleted"),
        (
            Collected(garbage=(SHARD,), waiting=0),
            True,
            f"c/noarch/shards/a: unreferenced\n1 object would be deleted\n{DRY_RUN}",
        ),
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
            "0 objects would be deleted\n1 unreferenced shard would be marked, to be deleted by a run in a week\n"
            f"{DRY_RUN}",
        ),
    ],
)
def test_text(collected: Collected, dry_run: bool, printed: str) -> None:
    assert _text(collected, dry_run=dry_run) == printed


COMMANDS = ("chaninfra gc X", "chaninfra reindex X", "chaninfra snapshot rm NAME X")


def test_shards_that_were_not_looked_at_are_an_error_that_says_what_to_type() -> None:
    states = [Unknown(subdir="noarch", key=f"c/.chaninfra/history/noarch/{each}", of="state") for each in range(1, 8)]
    error = _incomplete(states[:1], *COMMANDS)
    assert error.exit_code == 3
    assert str(error) == (
        "no shards and attestations of noarch were marked or deleted, since not all that are needed are known:\n"
        "  c/.chaninfra/history/noarch/1: a state of the index that cannot be read\n"
        "  restore an older version of each state, or delete it with the store's own tools; then run `chaninfra gc X` "
        "again"
    )
    assert "and 2 more" in str(_incomplete(states, *COMMANDS))
    index = Unknown(subdir="win-64", key="c/win-64/repodata_shards.msgpack.zst", of="index")
    assert str(_incomplete([index], *COMMANDS)).splitlines()[1:] == [
        "  c/win-64/repodata_shards.msgpack.zst: the index, which is missing or damaged",
        "  run `chaninfra reindex X`; then run `chaninfra gc X` again",
    ]


def test_snapshots_that_cannot_be_read_are_named() -> None:
    broken = Unknown(subdir="noarch", key="c/snapshots/v1/noarch/repodata_shards.msgpack.zst", of="snapshot")
    assert str(_incomplete([broken], *COMMANDS)).splitlines()[1:] == [
        "  c/snapshots/v1/noarch/repodata_shards.msgpack.zst: a snapshot that cannot be read",
        "  remove each such snapshot (`chaninfra snapshot rm NAME X`), or restore it; then run `chaninfra gc X` again",
    ]
