"""Runs of mirrors between two channels in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.conda.mirrors import Mirror
from chaninfra.channel.errors import ConfigurationError, ConflictError, RefusedError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.copy.mirrors.run import Ran, limits, wanted_of
from chaninfra.index.copy.sources.flags import FromFlags
from chaninfra.index.copy.wanted import Wanted
from chaninfra.index.part import Part
from support.copies.mirrored import Mirrored
from support.index_model.copying import URL
from support.index_model.memory_store import MemoryStore
from support.index_model.processes import PREFIX, file, publishing, unyanking, yanking
from support.index_model.rolling_back import ran, records, yanked

A, B, OWN = file("a"), file("b"), file("own")


def files(done: Ran) -> list[str]:
    return [each.package.file for each in done.copied.packages]


def test_all_keys_of_a_mirror_say_what_is_copied() -> None:
    mirror = Mirror(
        source="s3://b-1/c",
        specs=("a >=2",),
        locks=("locks/pixi.lock",),
        exclude=("a 3",),
        subdirs=("noarch",),
        newest=3,
        older_than="7d",
    )
    part = Part(number=1, count=2)
    assert wanted_of(mirror, part) == Wanted(
        specs=("a >=2",),
        specs_must_name=False,
        locks=(Path("locks/pixi.lock"),),
        exclude=("a 3",),
        subdirs=("noarch",),
        newest=3,
        older_than_ms=7 * 86_400_000,
        part=part,
    )


def test_its_limits_are_those_of_the_mirror_unless_others_are_given() -> None:
    mirror = Mirror(source="https://example.com/c", rate="20MB", at_once=4)
    assert limits(mirror, FromFlags()) == FromFlags(rate="20MB", at_once=4)
    assert limits(mirror, FromFlags(rate="1MB", profile="p")) == FromFlags(rate="1MB", at_once=4, profile="p")


def test_a_mirror_copies_what_it_wants_and_notes_nothing_where_it_does_not_prune() -> None:
    mirrored = Mirrored(specs=["a", "not-there"])
    done = mirrored.run()
    assert (files(done), done.pruned) == ([A], None)
    assert records(mirrored.store).keys() == {A, OWN}
    assert not [key for key in mirrored.store.objects if "mirrors" in key]
    assert mirrored.plan().selection.unnamed == ("not-there",)
    before = dict(mirrored.store.objects)
    assert files(mirrored.run()) == []
    assert mirrored.store.objects == before


def test_a_mirror_that_prunes_follows_the_source_in_both_directions() -> None:
    mirrored = Mirrored(prune=True)
    mirrored.run()
    assert mirrored.copies() == {A: ("m",), B: ("m",)}
    mirrored.source.gone.add(A)
    done = mirrored.run()
    assert done.pruned is not None
    assert (done.pruned.yanked, files(done)) == ((f"noarch/{A}",), [])
    assert records(mirrored.store).keys() == {B, OWN}
    mirrored.source.gone.clear()
    done = mirrored.run()
    assert done.pruned is not None
    assert (done.pruned.back, files(done)) == ((f"noarch/{A}",), [])
    assert records(mirrored.store).keys() == {A, B, OWN}
    assert not yanked(mirrored.store)


def test_what_the_source_yanks_is_yanked_here_and_comes_back() -> None:
    mirrored = Mirrored(prune=True)
    mirrored.run()
    ran(mirrored.source.store, yanking("a"))
    done = mirrored.run()
    assert done.pruned is not None
    assert (done.pruned.yanked, files(done)) == ((f"noarch/{A}",), [])
    assert records(mirrored.store).keys() == {B, OWN}
    ran(mirrored.source.store, unyanking("a"))
    mirrored.run()
    assert records(mirrored.store).keys() == {A, B, OWN}


def test_a_package_of_ones_own_is_never_taken_for_a_copy() -> None:
    """The channel has the same bytes, published by somebody before the mirror came."""
    mirrored = Mirrored(prune=True)
    ran(mirrored.store, publishing("a"))
    mirrored.run()
    assert mirrored.copies() == {B: ("m",)}
    mirrored.source.gone.add(A)
    mirrored.run()
    assert A in records(mirrored.store)


def test_a_package_that_two_mirrors_have_copied_stays_until_it_leaves_both() -> None:
    mirrored = Mirrored(prune=True)
    mirrored.mirrors["n"] = mirrored.mirrors["m"]
    mirrored.run("m")
    mirrored.run("n")
    assert mirrored.copies() == {A: ("m", "n"), B: ("m", "n")}
    mirrored.source.gone.add(A)
    mirrored.run("m")
    assert A in records(mirrored.store)
    assert mirrored.copies() == {A: ("n",), B: ("m", "n")}
    mirrored.run("n")
    assert A not in records(mirrored.store)


def test_what_a_mirror_that_does_not_prune_has_copied_too_stays() -> None:
    for first, second in ("mn", "nm"):
        mirrored = Mirrored(prune=True)
        mirrored.mirrors["n"] = Mirror(source="https://example.com/d", specs=("a",))
        mirrored.run(first)
        mirrored.run(second)
        assert mirrored.copies() == {A: ("m", "n"), B: ("m",)}
        mirrored.source.gone.add(A)
        mirrored.run("m")
        assert A in records(mirrored.store)
        # One that the stack config has no more holds nothing.
        mirrored.source.gone.clear()
        mirrored.run("m")
        del mirrored.mirrors["n"]
        mirrored.source.gone.add(A)
        mirrored.run("m")
        assert A not in records(mirrored.store)


def test_parts_prune_what_is_theirs() -> None:
    mirrored = Mirrored(prune=True)
    parts = [Part(number=number, count=2) for number in (1, 2)]
    for part in parts:
        mirrored.run(part=part)
    assert mirrored.copies() == {A: ("m",), B: ("m",)}
    mirrored.source.gone.add(A)
    done = [mirrored.run(part=part).pruned for part in parts]
    assert sorted(path for each in done if each is not None for path in each.yanked) == [f"noarch/{A}"]


def test_what_was_deleted_here_for_good_is_not_copied_again() -> None:
    mirrored = Mirrored()
    sha256 = records(mirrored.source.store)[A]["sha256"]
    entry = {"path": f"noarch/{A}", "sha256": [sha256], "when": "2026-01-01T00:00:00Z", "reason": "leaks"}
    others = {**entry, "path": f"noarch/{B}", "sha256": ["0" * 64]}
    data = json.dumps({"version": 1, "packages": [entry, others]}).encode()
    mirrored.store.objects[f"{PREFIX}/withdrawn.json"] = ObjectBody(data=data, content_type="")
    planned = mirrored.plan()
    assert planned.withdrawn == (f"noarch/{A}",)
    # Other bytes are another package.
    assert files(mirrored.run()) == [B]


def test_other_bytes_stop_it_before_anything_is_written() -> None:
    mirrored = Mirrored(prune=True)
    ran(mirrored.store, publishing("a", b"other"))
    before = dict(mirrored.store.objects)
    with pytest.raises(ConflictError, match="other bytes"):
        mirrored.run()
    assert mirrored.store.objects == before


def test_an_empty_source_stops_it_before_anything_is_written() -> None:
    mirrored = Mirrored(prune=True)
    mirrored.run()
    mirrored.source.gone |= {A, B}
    before = dict(mirrored.store.objects)
    with pytest.raises(RefusedError, match="has no package any more in noarch"):
        mirrored.run()
    assert mirrored.store.objects == before


@pytest.mark.parametrize(
    ("mirrors", "name", "message"),
    [
        ({}, "m", "the channel has no mirrors"),
        ({"forge": Mirror(source="s3://b-1/c")}, "forg", "there is no mirror 'forg'\n  did you mean 'forge'?"),
        (
            {"m": Mirror(source="s3://b-1/c", subdirs=("win-64",))},
            "m",
            f"{URL}: the source has none of the subdirs that are mirrored: it has noarch",
        ),
        ({"m": Mirror(source="s3://b-1/c", specs=("a >=",))}, "m", "a >=: is not a match spec"),
        (
            {"m": Mirror(source="s3://b-1/c", locks=("none/pixi.lock",))},
            "m",
            "none/pixi.lock: there is no such file\n  it is one of `locks` of the mirror m, whose paths begin in",
        ),
    ],
)
def test_a_mirror_that_cannot_be_run_says_why(mirrors: dict[str, Mirror], name: str, message: str) -> None:
    mirrored = Mirrored()
    mirrored.mirrors = mirrors
    with pytest.raises(ConfigurationError) as raised:
        mirrored.run(name)
    assert message in str(raised.value)


@pytest.mark.parametrize("puts", [1, 2, 3, 5, 7])
def test_a_run_that_is_killed_is_finished_by_the_next(puts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrored, undisturbed = Mirrored(prune=True), Mirrored(prune=True)
    undisturbed.run()
    original, left = MemoryStore.put, [puts]

    def put(*given: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return original(*given, **named)

    monkeypatch.setattr(MemoryStore, "put", put)
    with pytest.raises(KeyboardInterrupt):
        mirrored.run()
    left[0] = 1000
    mirrored.run()
    assert records(mirrored.store).keys() == records(undisturbed.store).keys()
    assert mirrored.copies() == undisturbed.copies()
