"""The notice about yanked packages: what it says, and when it goes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.yank import unyank, yank
from chaninfra.index.yank_notices import TakenBack, check, take_back, tell
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import PREFIX, channel, channel_with, file

KEY = f"{PREFIX}/notices.json"
HELLO, TOOL = f"noarch/{file('hello')}", f"noarch/{file('tool')}"


def notices(store: MemoryStore) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(store.objects[KEY].data)["notices"]
    return found


def test_it_names_the_packages_and_the_reason_for_90_days() -> None:
    store = MemoryStore()
    opened = channel(store, SequentialRuntime())
    id_ = tell(opened, [HELLO], "loses data", None)
    (made,) = notices(store)
    assert made["id"] == id_
    assert made["message"] == f"Yanked: {file('hello')}. Reason: loses data. Update environments that have it."
    assert made["level"] == "warning"
    assert made["chaninfra_yanked"] == [HELLO]
    assert (made["created_at"][:10], made["expires_at"][:10]) == ("2026-01-01", "2026-04-01")


def test_many_packages_are_counted() -> None:
    store = MemoryStore()
    packages = [f"noarch/package-{number:03}-1.0-0.conda" for number in range(100)]
    tell(channel(store, SequentialRuntime()), packages, None, None)
    message = notices(store)[0]["message"]
    assert message.startswith("Yanked: package-000-1.0-0.conda, package-001-1.0-0.conda, ")
    assert message.endswith(" and 84 more packages. Update environments that have them.")
    assert len(message) < 600
    assert len(notices(store)[0]["chaninfra_yanked"]) == 100


def test_a_name_cannot_reach_a_terminal() -> None:
    store = MemoryStore()
    tell(channel(store, SequentialRuntime()), ["noarch/a\u202e-1-0.conda"], None, None)
    assert notices(store)[0]["message"].startswith("Yanked: a\\u202e-1-0.conda.")


def test_the_same_command_again_adds_no_second_one() -> None:
    store = MemoryStore()
    opened = channel(store, SequentialRuntime())
    first = tell(opened, [HELLO, TOOL], "bad", None)
    assert tell(opened, [TOOL, HELLO], "bad", None) == first
    assert len(notices(store)) == 1
    assert tell(opened, [TOOL, HELLO], "bad", "Another text") != first
    assert len(notices(store)) == 2


def test_it_goes_when_none_of_its_packages_is_yanked() -> None:
    store = channel_with("hello", "tool")
    opened = channel(store, SequentialRuntime())
    yank(opened, ["hello", "tool"], None)
    id_ = tell(opened, [HELLO, TOOL], None, None)
    unyank(opened, ["hello"])
    assert take_back(opened, [HELLO]) == TakenBack(standing=(id_,))
    assert len(notices(store)) == 1
    unyank(opened, ["tool"])
    assert take_back(opened, ["noarch/other-1.0-0.conda"]) == TakenBack()
    assert take_back(opened, [TOOL]) == TakenBack(removed=(id_,))
    assert notices(store) == []


def test_an_id_that_could_be_an_option_is_named_in_no_command() -> None:
    store = channel_with("hello", "tool")
    opened = channel(store, SequentialRuntime())
    yank(opened, ["hello"], None)
    theirs = {"id": "--yes", "message": "x", "chaninfra_yanked": [HELLO, TOOL]}
    store.objects[KEY] = ObjectBody(data=json.dumps({"notices": [theirs]}).encode(), content_type="")
    assert take_back(opened, [TOOL]) == TakenBack()


def test_without_notices_nothing_is_written() -> None:
    store = channel_with("hello")
    assert take_back(channel(store, SequentialRuntime()), [HELLO]) == TakenBack()
    assert KEY not in store.objects


@pytest.mark.parametrize(
    ("reason", "text", "where"),
    [
        ("a\nb", None, "--reason"),
        ("x" * 501, None, "--reason"),
        (None, "\x1b", "--notice-text"),
        ("a", "", "--notice-text"),
    ],
)
def test_a_text_that_is_not_possible_is_found_before_the_yank(reason: str | None, text: str | None, where: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check(channel(MemoryStore(), SequentialRuntime()), reason, text)
    assert caught.value.where == where


def test_a_damaged_document_is_found_before_the_yank() -> None:
    store = MemoryStore()
    store.objects[KEY] = ObjectBody(data=b"{", content_type="")
    with pytest.raises(StorageError, match="is not valid"):
        check(channel(store, SequentialRuntime()), None, None)


def test_a_long_reason_of_the_yank_does_not_matter_beside_a_text() -> None:
    check(channel(MemoryStore(), SequentialRuntime()), "x" * 1000, "A short text")
    check(channel(MemoryStore(), SequentialRuntime()), "", None)
    check(channel(MemoryStore(), SequentialRuntime()), f"{'x' * 500}\n", None)
