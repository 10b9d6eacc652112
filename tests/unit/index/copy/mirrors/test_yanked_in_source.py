"""What a mirror that prunes does with what its source has yanked: it alone decides, and the copy yanks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaninfra.channel.conda.mirrors import Mirror
from chaninfra.index.yanks import yanks_of
from support.copies.mirrored import Mirrored
from support.index_model.processes import file, publishing, unyanking, yanking
from support.index_model.rolling_back import ran, records, yanked

A, B, OWN = file("a"), file("b"), file("own")


@pytest.fixture
def mirrored() -> Mirrored:
    return Mirrored(prune=True)


def yanked_by(mirrored: Mirrored, name: str) -> str | None:
    target = mirrored.channel().subdir_index("noarch")
    yank = yanks_of(target, mirrored.whole()).find(name)
    assert yank is not None
    return yank.mirror


def test_what_somebody_brings_back_stays_although_the_source_has_yanked_it(mirrored: Mirrored) -> None:
    mirrored.run()
    ran(mirrored.source.store, yanking("a"))
    mirrored.run()
    ran(mirrored.store, unyanking("a"))
    for _ in range(2):
        mirrored.run()
        assert records(mirrored.store).keys() == {A, B, OWN}


def test_what_somebody_has_published_is_not_yanked_with_the_source(mirrored: Mirrored) -> None:
    ran(mirrored.store, publishing("a"))
    mirrored.run()
    ran(mirrored.source.store, yanking("a"))
    mirrored.run()
    assert A in records(mirrored.store)


def test_what_one_of_two_sources_has_yanked_stays(mirrored: Mirrored) -> None:
    mirrored.mirrors["n"] = mirrored.mirrors["m"]
    mirrored.run("m")
    mirrored.run("n")
    ran(mirrored.source.store, yanking("a"))
    mirrored.run("m")
    assert A in records(mirrored.store)


def test_what_a_lock_file_needs_stays_although_the_source_has_yanked_it(mirrored: Mirrored, tmp_path: Path) -> None:
    mirrored.run()
    sha256 = records(mirrored.store)[A]["sha256"]
    lock = tmp_path / "explicit.txt"
    lock.write_text(f"@EXPLICIT\nhttps://example.com/c/noarch/{A}#sha256:{sha256}\n")
    mirrored.mirrors["m"] = Mirror(source="https://example.com/c", prune=True, specs=("a", "b"), locks=(str(lock),))
    ran(mirrored.source.store, yanking("a"))
    mirrored.run()
    assert A in records(mirrored.store)


def test_what_was_yanked_when_it_was_first_seen_comes_back_too(mirrored: Mirrored) -> None:
    ran(mirrored.source.store, yanking("a"))
    mirrored.run()
    assert records(mirrored.store).keys() == {B, OWN}
    assert yanked_by(mirrored, A) == "m"
    assert mirrored.copies() == {B: ("m",)}
    ran(mirrored.source.store, unyanking("a"))
    mirrored.run()
    assert records(mirrored.store).keys() == {A, B, OWN}
    assert not yanked(mirrored.store)
    assert mirrored.copies() == {A: ("m",), B: ("m",)}


def test_what_somebody_brings_back_of_it_stays_too(mirrored: Mirrored) -> None:
    ran(mirrored.source.store, yanking("a"))
    mirrored.run()
    ran(mirrored.store, unyanking("a"))
    mirrored.run()
    assert A in records(mirrored.store)


def test_without_prune_the_source_yanks_as_in_any_copy() -> None:
    mirrored = Mirrored()
    mirrored.run()
    ran(mirrored.source.store, yanking("a"))
    mirrored.run()
    assert records(mirrored.store).keys() == {B, OWN}
    assert yanked_by(mirrored, A) is None
