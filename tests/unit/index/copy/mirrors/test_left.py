"""What a mirror yanks, brings back and forgets: the rules, without a channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chaninfra.channel.conda.yank import Yank
from chaninfra.index.copy.mirrors.document import Copied
from chaninfra.index.copy.mirrors.left import InSource, Left, left
from chaninfra.index.locks import Lock, LockedPackage

ONE, OTHER = "1" * 64, "2" * 64
A, B = "a-1-0.conda", "b-1-0.conda"
THERE = InSource(sha256=ONE)


def copied(*mirrors: str, sha256: str = ONE) -> Copied:
    return Copied(sha256=sha256, mirrors=mirrors or ("m",))


def lock_of(file: str, sha256: str | None) -> Lock:
    package = LockedPackage(channel="https://example.com", subdir="noarch", file=file, sha256=sha256, md5=None)
    return Lock(path="pixi.lock", packages=(package,))


def of(
    copies: Mapping[str, Copied] | None = None,
    indexed: Mapping[str, str | None] | None = None,
    source: Mapping[str, InSource] | None = None,
    yanks: Mapping[str, Yank] | None = None,
    **more: Any,
) -> Left:
    return left(
        "m", copies or {}, indexed or {}, yanks or {}, source or {}, **{"mirrors": {"m", "n"}, "wanted": {A, B}, **more}
    )


def nothing(**more: Any) -> Left:
    return Left(**{"yank": {}, "back": {}, "kept": {}, "forget": (), **more})


def test_what_the_source_has_stays() -> None:
    assert of({A: copied()}, {A: ONE}, {A: THERE}) == nothing()


def test_what_has_left_the_source_is_yanked() -> None:
    found = of({A: copied(), B: copied()}, {A: ONE, B: ONE}, {B: THERE})
    assert found == nothing(yank={A: "mirror m: it has left the source"})


def test_what_the_source_has_yanked_is_yanked_with_its_reason() -> None:
    source = {A: InSource(sha256=ONE, yanked=True, reason="leaks\nkeys"), B: THERE}
    found = of({A: copied(), B: copied()}, {A: ONE, B: ONE}, source)
    assert found == nothing(yank={A: "mirror m: the source has yanked it: leaks\\nkeys"})
    long = of({A: copied(), B: copied()}, {A: ONE, B: ONE}, {A: InSource(sha256=ONE, yanked=True, reason="x" * 5000)})
    assert len(long.yank[A]) == 1000


def test_packages_that_no_mirror_has_copied_are_not_touched() -> None:
    assert of({}, {A: ONE}, {}) == nothing()
    assert of({A: copied("n")}, {A: ONE}, {}) == nothing()
    # Somebody has published other bytes under the name.
    assert of({A: copied()}, {A: OTHER}, {}) == nothing(forget=(A,))
    assert of({A: copied()}, {A: None}, {}) == nothing(forget=(A,))


def test_what_is_not_here_any_more_is_forgotten() -> None:
    assert of({A: copied()}, {}, {}) == nothing(forget=(A,))
    # It may be on its way: an entry is there before its package.
    assert of({A: copied()}, {}, {A: THERE}) == nothing()


def test_what_another_mirror_has_copied_too_stays_until_it_leaves_both() -> None:
    both = {A: copied("m", "n")}
    assert of(both, {A: ONE}, {}) == nothing(forget=(A,))
    # One that the stack config has no more does not count.
    assert of(both, {A: ONE}, {}, mirrors={"m"}).yank == {A: "mirror m: it has left the source"}


def test_what_a_lock_file_needs_stays_by_name_or_hash() -> None:
    copies, indexed = {A: copied(), B: copied()}, {A: ONE, B: ONE}
    by_name = lock_of(A, None)
    assert of(copies, indexed, {}, locks=[by_name]).kept == {A: "pixi.lock"}
    by_hash = lock_of("other-1-0.conda", ONE)
    assert of(copies, indexed, {}, locks=[by_hash]) == nothing(kept={A: "pixi.lock", B: "pixi.lock"})


def test_only_what_this_mirror_has_yanked_comes_back_and_only_with_the_same_bytes() -> None:
    mine = Yank(reason="x", when="2026-01-01T00:00:00Z", mirror="m", record={"sha256": ONE})
    assert of({}, {}, {A: THERE}, {A: mine}) == nothing(back={A: ONE})
    assert of({}, {}, {A: InSource(sha256=OTHER)}, {A: mine}) == nothing()
    assert of({}, {}, {A: InSource(sha256=ONE, yanked=True)}, {A: mine}) == nothing()
    assert of({}, {}, {A: InSource(sha256=None)}, {A: Yank(when="x", mirror="m")}) == nothing()
    assert of({}, {}, {}, {A: mine}) == nothing()
    assert of({}, {}, {A: THERE}, {A: mine}, wanted={B}) == nothing()
    for yank in (Yank(when="x", record={"sha256": ONE}), Yank(when="x", mirror="n", record={"sha256": ONE})):
        assert of({}, {}, {A: THERE}, {A: yank}) == nothing()
