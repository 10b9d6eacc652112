"""A publish that leaves the index to the follower."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaninfra.channel.errors import ConfigurationError, StorageError
from chaninfra.index.follow import wait
from chaninfra.index.progress import Silent
from chaninfra.index.publish import publish
from chaninfra.index.published import Published
from chaninfra.index.upload import Existing
from support.channels.followed import FollowedChannel
from support.index_model.processes import FOLDER, file, package


def published(
    channel: FollowedChannel,
    *names: str,
    payload: bytes = b"",
    existing: Existing = "refuse",
    then: Callable[[], object],
) -> Published:
    """Publish these packages; `then` is called in the first pause, as where the follower comes in between."""
    one = channel.channel()
    calls = [then]

    def pause(attempt: int) -> None:
        one.runtime.time += 1000  # type: ignore[attr-defined]
        if calls:
            calls.pop()()

    one.runtime.pause = pause  # type: ignore[method-assign]
    return publish(one, [package(name, payload) for name in names], existing, Silent())


@pytest.mark.parametrize("names", ["b", "bc"])
def test_it_only_uploads_and_waits(names: str) -> None:
    channel = FollowedChannel("a", writers="single")
    before = channel.content_number()

    def then() -> None:
        assert channel.content_number() == before
        channel.follow(*(f"{FOLDER}/{file(name)}" for name in names))

    done = published(channel, *names, then=then)
    assert {each.package.path.name for each in done.packages} == {file(name) for name in names}
    assert done.failed == ()
    assert channel.content_number() == before + 1
    assert done.report.subdirs[0].after == 1 + len(names)


def test_it_does_not_wait_for_ever() -> None:
    channel = FollowedChannel("a", writers="single")
    before = channel.content_number()
    with pytest.raises(ConfigurationError, match=r"are not indexed after 120 s.*is in the bucket") as error:
        published(channel, "b", then=lambda: None)
    assert "see whether `chaninfra follow` runs" in str(error.value)
    assert channel.content_number() == before
    assert f"{FOLDER}/{file('b')}" in channel.store.objects


def test_what_is_held_is_told_at_once() -> None:
    channel = FollowedChannel("a", writers="single")
    with pytest.raises(StorageError, match="is held"):
        published(
            channel, "a", payload=b"new", existing="overwrite", then=lambda: channel.follow(f"{FOLDER}/{file('a')}")
        )


def test_a_publisher_of_many_writers_commits_itself() -> None:
    channel = FollowedChannel("a")

    def never() -> None:
        raise AssertionError("it waits")

    assert published(channel, "b", then=never).failed == ()
    assert wait.LONGEST_MS > 0
