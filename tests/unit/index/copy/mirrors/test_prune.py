"""A mirror that prunes, in a channel in memory whose source is a list of records."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Sequence
from typing import Any

import pytest

from chaninfra.channel.conda.mirrors import Mirror
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import DeniedError, RefusedError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.copy.mirrors.document import add_copies, read_copies
from chaninfra.index.copy.mirrors.prune import Pruned, carry_out, plan
from chaninfra.index.locks import Lock, LockedPackage
from chaninfra.index.yank import unyank, yank
from support.copies.memory_source import URL, MemorySource, sha256_of
from support.index_model.pruned_channel import PREFIX, PrunedChannel

A, B, OWN = "a-1-0.conda", "b-1-0.conda", "own-1-0.conda"
DOCUMENT = f"{PREFIX}/.chaninfra/mirrors/noarch.json"


class Mirrored(PrunedChannel):
    """A channel with the mirror `m`, and its source."""

    def __init__(self) -> None:
        super().__init__({})
        self.mirrors = {"m": Mirror(source=URL, prune=True)}
        self.source = MemorySource(URL)

    def copy(self, *files: str, mirror: str = "m") -> None:
        """As a run of the mirror does: first what is copied, then the packages."""
        self.offer(*files)
        add_copies(self.channel().subdir_index("noarch"), mirror, {file: sha256(file) for file in files})
        self.add(*files)

    def offer(self, *files: str) -> None:
        """Let the source have these."""
        self.source.add(*files)

    def withdraw(self, file: str) -> None:
        """Let the source have it no more."""
        self.source.remove(file)

    def run(self, locks: Sequence[Lock] = (), wanted: Collection[str] | None = None) -> Pruned:
        """Prune."""
        opened = self.channel()
        if wanted is None:
            wanted = {package.path_in_channel for package in self.source.packages("noarch")}
        planned = plan(opened, self.source, "m", ["noarch"], wanted=wanted, locks=locks)
        return carry_out(opened, planned, "m")

    def copies(self) -> dict[str, tuple[str, ...]]:
        """File → the mirrors that have copied it."""
        return {file: each.mirrors for file, each in read_copies(self.channel().subdir_index("noarch")).items()}


def sha256(file: str) -> str:
    return sha256_of(f"noarch/{file}")


def lock_of(file: str, sha256: str | None = None) -> Lock:
    package = LockedPackage(channel=URL, subdir="noarch", file=file, sha256=sha256, md5=None)
    return Lock(path="pixi.lock", packages=(package,))


@pytest.fixture
def mirrored() -> Mirrored:
    made = Mirrored()
    made.add(OWN)
    made.copy(A, B)
    return made


def test_what_leaves_the_source_is_yanked_and_comes_back_with_it(mirrored: Mirrored) -> None:
    before = dict(mirrored.store.objects)
    assert mirrored.run().report.subdirs == ()
    assert mirrored.store.objects == before

    mirrored.withdraw(A)
    assert mirrored.at(1).run().yanked == (f"noarch/{A}",)
    assert mirrored.listed() == {f"noarch/{B}", f"noarch/{OWN}"}
    (found,) = mirrored.yanked().values()
    assert (found.reason, found.mirror, found.rule) == ("mirror m: it has left the source", "m", None)
    document = json.loads(mirrored.store.objects[f"{PREFIX}/yanked.json"].data)
    assert document["packages"][f"noarch/{A}"]["mirror"] == "m"
    assert mirrored.copies() == {B: ("m",)}
    assert f"noarch/{A}" in mirrored.files()

    before = dict(mirrored.store.objects)
    mirrored.run()
    assert mirrored.store.objects == before

    mirrored.offer(A)
    assert mirrored.at(2).run().back == (f"noarch/{A}",)
    assert mirrored.listed() == {f"noarch/{A}", f"noarch/{B}", f"noarch/{OWN}"}
    assert mirrored.copies() == {A: ("m",), B: ("m",)}
    mirrored.withdraw(A)
    assert mirrored.at(3).run().yanked == (f"noarch/{A}",)


def test_what_somebody_brings_back_stays(mirrored: Mirrored) -> None:
    mirrored.withdraw(A)
    mirrored.run()
    unyank(mirrored.channel(), ["a"])
    assert mirrored.run().yanked == ()
    assert f"noarch/{A}" in mirrored.listed()


def test_what_somebody_has_yanked_stays_yanked(mirrored: Mirrored) -> None:
    yank(mirrored.channel(), ["a"], "broken")
    assert mirrored.run().back == ()
    mirrored.withdraw(A)
    mirrored.run()
    mirrored.offer(A)
    assert mirrored.run().back == ()
    assert mirrored.yanked()[f"noarch/{A}"].reason == "broken"


def test_what_somebody_yanks_after_the_mirror_does_not_come_back(mirrored: Mirrored) -> None:
    mirrored.withdraw(A)
    mirrored.run()
    record = mirrored.yanked()[f"noarch/{A}"].record
    done = yank(mirrored.at(1).channel(), ["a"], "it leaks keys")
    assert (done.changed, done.already) == ((f"noarch/{A}",), ())
    found = mirrored.yanked()[f"noarch/{A}"]
    assert (found.reason, found.mirror, found.record) == ("it leaks keys", None, record)
    document = json.loads(mirrored.store.objects[f"{PREFIX}/yanked.json"].data)
    assert document["packages"][f"noarch/{A}"]["reason"] == "it leaks keys"
    mirrored.offer(A)
    assert mirrored.run().back == ()
    assert yank(mirrored.channel(), ["a"], "again").already == (f"noarch/{A}",)
    assert mirrored.yanked()[f"noarch/{A}"].reason == "it leaks keys"
    unyank(mirrored.channel(), ["a"])
    assert f"noarch/{A}" in mirrored.listed()


def test_what_the_source_has_yanked_is_yanked_until_it_is_not(mirrored: Mirrored) -> None:
    mirrored.source.yank(A, "leaks")
    assert mirrored.run().yanked == (f"noarch/{A}",)
    assert mirrored.yanked()[f"noarch/{A}"].reason == "mirror m: the source has yanked it: leaks"
    mirrored.offer(A)
    assert mirrored.run().back == (f"noarch/{A}",)


def test_what_the_mirror_would_not_copy_does_not_come_back(mirrored: Mirrored) -> None:
    mirrored.withdraw(A)
    mirrored.run()
    mirrored.offer(A)
    assert mirrored.run(wanted={f"noarch/{B}"}).back == ()


def test_what_a_lock_needs_is_not_yanked(mirrored: Mirrored) -> None:
    mirrored.withdraw(A)
    lock = lock_of(A)
    assert mirrored.run(locks=[lock]).yanked == ()
    assert mirrored.run().yanked == (f"noarch/{A}",)


@pytest.mark.parametrize("subdirs", [["noarch"], []])
def test_a_source_that_has_nothing_at_all_empties_no_channel(
    mirrored: Mirrored, subdirs: list[Subdir], monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrored.withdraw(A)
    mirrored.withdraw(B)
    monkeypatch.setattr(mirrored.source, "subdirs", lambda: subdirs)
    before = dict(mirrored.store.objects)
    with pytest.raises(RefusedError, match=r"has no package any more in noarch, .* \(2 packages\)") as raised:
        mirrored.run()
    assert raised.value.where == "mirror m"
    assert mirrored.store.objects == before


@pytest.mark.parametrize("held_by", ["lock", "mirror"])
def test_it_does_not_either_where_something_holds_one_of_the_copies(mirrored: Mirrored, held_by: str) -> None:
    mirrored.withdraw(A)
    mirrored.withdraw(B)
    locks = [lock_of(A)] if held_by == "lock" else []
    if held_by == "mirror":
        mirrored.mirrors["n"] = mirrored.mirrors["m"]
        add_copies(mirrored.channel().subdir_index("noarch"), "n", {A: sha256(A)})
    before = dict(mirrored.store.objects)
    with pytest.raises(RefusedError, match=r"has no package any more in noarch, .* \(1 package\)"):
        mirrored.run(locks=locks)
    assert mirrored.store.objects == before


def test_all_copies_may_go_where_the_source_has_others(mirrored: Mirrored) -> None:
    mirrored.offer("c-1-0.conda")
    mirrored.withdraw(A)
    mirrored.withdraw(B)
    assert mirrored.run().yanked == (f"noarch/{A}", f"noarch/{B}")


def test_a_damaged_document_stops_before_a_write(mirrored: Mirrored) -> None:
    mirrored.store.objects[DOCUMENT] = ObjectBody(data=b'{"version":1,"files":{"../x":{}}}', content_type="")
    before = dict(mirrored.store.objects)
    with pytest.raises(StorageError, match="is not valid") as raised:
        mirrored.run()
    assert raised.value.where == DOCUMENT
    with pytest.raises(StorageError, match="is not valid"):
        add_copies(mirrored.channel().subdir_index("noarch"), "m", {A: sha256(A)})
    assert mirrored.store.objects == before


def test_whoever_may_not_write_it_is_told_who_may(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise DeniedError("may not", where=DOCUMENT, code="AccessDenied", status=403)

    monkeypatch.setattr(mirrored.store, "put", denied)
    with pytest.raises(DeniedError, match="only maintainers may run the mirrors of a channel where one of them prunes"):
        add_copies(mirrored.channel().subdir_index("noarch"), "m", {"c-1-0.conda": sha256("c-1-0.conda")})


@pytest.mark.parametrize("puts", range(1, 9))
def test_a_run_that_is_killed_at_any_write_is_finished_by_the_next(
    mirrored: Mirrored, puts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrored.withdraw(A)
    mirrored.offer("c-1-0.conda")
    original, left = mirrored.store.put, [puts]

    def put(*given: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return original(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(mirrored.store, "put", put)
        with contextlib.suppress(KeyboardInterrupt):
            mirrored.run()
    mirrored.run()
    assert mirrored.listed() == {f"noarch/{B}", f"noarch/{OWN}"}
    assert mirrored.copies() == {B: ("m",)}
    assert mirrored.yanked()[f"noarch/{A}"].mirror == "m"
