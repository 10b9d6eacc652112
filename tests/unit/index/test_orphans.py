"""Sidecars whose package is gone: gc deletes them after a week, and never those of a package that is there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chaninfra.index.gc import KEPT, Garbage, collect_subdir
from support.channels.bundles import digest
from support.index_model.memory_subdir import MemoryChannel

WEEK = KEPT // timedelta(milliseconds=1) + 1
FILE = "a-1.0-0.conda"
DATA = b"[{}]"
SIDECAR, COPY = f"{FILE}.sigs", f"{FILE}.sigs.{digest(DATA)}"


@pytest.fixture
def channel() -> MemoryChannel:
    """A channel with the packages a and b, and sidecars of a."""
    channel = MemoryChannel().skeleton()
    channel.publish("a", "b")
    channel.put(SIDECAR, DATA)
    channel.put(COPY, DATA)
    channel.store.modified |= dict.fromkeys(channel.store.objects, channel.store.now)
    return channel


def later(channel: MemoryChannel) -> None:
    """A week goes by."""
    channel.runtime.time += WEEK
    # Else the states of the index are garbage, too.
    channel.store.now += timedelta(milliseconds=WEEK)


def sidecars(channel: MemoryChannel) -> set[str]:
    """The names of the sidecars."""
    return {key.removeprefix("c/noarch/") for key in channel.store.objects if ".sigs" in key}


def collected(channel: MemoryChannel) -> list[Garbage]:
    """What gc deletes of them."""
    garbage = collect_subdir(channel.subdir_index, "write").garbage
    return [each for each in garbage if ".sigs" in each.key]


def test_sidecars_of_packages_that_are_there_are_never_garbage(channel: MemoryChannel) -> None:
    channel.put("c-1.0-0.tar.bz2.sigs.wrong", DATA)
    for _ in range(3):
        assert collected(channel) == []
        later(channel)
    assert sidecars(channel) == {SIDECAR, COPY, "c-1.0-0.tar.bz2.sigs.wrong"}


def test_sidecars_without_a_package_are_deleted_after_a_week(channel: MemoryChannel) -> None:
    del channel.store.objects[f"c/noarch/{FILE}"]
    assert collected(channel) == []
    assert collected(channel) == []
    later(channel)
    checked = collect_subdir(channel.subdir_index, "check")
    why = "attestations without a package"
    found = [Garbage(key=f"c/noarch/{name}", why=why, size=len(DATA)) for name in (SIDECAR, COPY)]
    assert [each for each in checked.garbage if ".sigs" in each.key] == found
    assert sidecars(channel) == {SIDECAR, COPY}
    assert collected(channel) == found
    assert sidecars(channel) == set()
    assert collected(channel) == []


def test_sidecars_of_a_package_that_came_back_stay(channel: MemoryChannel) -> None:
    package = channel.store.objects.pop(f"c/noarch/{FILE}")
    assert collected(channel) == []
    later(channel)
    channel.store.objects[f"c/noarch/{FILE}"] = package
    assert collected(channel) == []
    del channel.store.objects[f"c/noarch/{FILE}"]
    # The week begins again.
    assert collected(channel) == []
    assert sidecars(channel) == {SIDECAR, COPY}


@pytest.mark.parametrize("pause", range(6))
def test_a_publisher_between_any_two_requests_of_gc_keeps_its_sidecars(channel: MemoryChannel, pause: int) -> None:
    """It puts the package and, `pause` requests later, those of the sidecars that are not there."""
    package = channel.store.objects.pop(f"c/noarch/{FILE}")
    collected(channel)
    later(channel)
    objects, modified = dict(channel.store.objects), dict(channel.store.modified)

    def collect_beside_publisher(at: int) -> int:
        """The requests of gc; the publisher begins before the request `at`."""
        requests = 0

        def publisher(kind: str, key: str) -> None:
            nonlocal requests
            if requests == at:
                channel.store.objects[f"c/noarch/{FILE}"] = package
            if requests == at + pause:
                for name in (COPY, SIDECAR):
                    channel.store.objects.setdefault(f"c/noarch/{name}", objects[f"c/noarch/{name}"])
            requests += 1

        channel.store.objects, channel.store.modified = dict(objects), dict(modified)
        channel.store.before = publisher
        collect_subdir(channel.subdir_index, "write")
        channel.store.before = lambda kind, key: None
        done = requests
        while at <= requests <= at + pause:
            publisher("", "")
        return done

    alone = collect_beside_publisher(1000)
    for at in range(alone + 1):
        collect_beside_publisher(at)
        assert sidecars(channel) == {SIDECAR, COPY}, at
