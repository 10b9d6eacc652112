"""What a mirror notes as its copies: what it has brought into the index, and nothing of somebody else."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.errors import DeniedError, SkippedError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.copy.brought import Brought
from chaninfra.index.copy.mirrors.run import plan_run, run
from support.copies.mirrored import Mirrored
from support.index_model.copying import MemoryTransfer
from support.index_model.memory_store import MemoryStore
from support.index_model.processes import file, publishing
from support.index_model.rolling_back import ran, records

A, B, OWN = file("a"), file("b"), file("own")


@pytest.fixture
def mirrored() -> Mirrored:
    return Mirrored(prune=True)


class Disturbed(MemoryTransfer):
    """A transfer that something happens to, before it brings a."""

    happens: Any = None

    def bring(self, package: Any, advance: Any, *, there: bool = False) -> Brought:
        """See Transfer."""
        if package.file == A:
            self.happens()
        return super().bring(package, advance, there=there)


def run_disturbed(mirrored: Mirrored, happens: Any) -> None:
    channel = mirrored.channel()
    transfer = Disturbed(source=mirrored.source, store=channel.writer)
    transfer.happens = happens
    run(channel, mirrored.source, plan_run(channel, mirrored.source, "m"), transfer, bringing=channel.runtime)


def test_what_somebody_publishes_after_a_killed_run_is_theirs(mirrored: Mirrored) -> None:
    def killed() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_disturbed(mirrored, killed)
    assert mirrored.copies() == {}
    ran(mirrored.store, publishing("a"))
    mirrored.source.gone.add(A)
    mirrored.run()
    assert A in records(mirrored.store)


def test_what_somebody_publishes_during_a_run_is_theirs(mirrored: Mirrored) -> None:
    run_disturbed(mirrored, lambda: ran(mirrored.store, publishing("a")))
    assert records(mirrored.store).keys() == {A, B, OWN}
    assert mirrored.copies() == {B: ("m",)}


def test_what_could_not_be_copied_is_not_noted(mirrored: Mirrored) -> None:
    def missing() -> None:
        raise SkippedError("the source has no such file")

    run_disturbed(mirrored, missing)
    assert mirrored.copies() == {B: ("m",)}


def test_whoever_may_not_note_learns_so_before_a_package_goes(
    mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = MemoryStore.put

    def put(self: MemoryStore, key: str, body: ObjectBody, *rest: Any, **named: Any) -> Any:
        if "/mirrors/" in key:
            raise DeniedError("may not", where=key, code="AccessDenied", status=403)
        return original(self, key, body, *rest, **named)

    monkeypatch.setattr(MemoryStore, "put", put)
    before = dict(mirrored.store.objects)
    with pytest.raises(DeniedError, match="only maintainers may run the mirrors of a channel where one of them prunes"):
        mirrored.run()
    assert mirrored.store.objects == before
