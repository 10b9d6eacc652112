"""notices.json: what is written, what of others stays, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, ConflictError, DeniedError, StorageError
from chaninfra.channel.objects import IfAbsent, ObjectBody
from chaninfra.index.channel import Channel
from chaninfra.index.notices import MAX_MESSAGE, Notice, add, expired, new_notice, read_notices, remove
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import PREFIX, channel

KEY = f"{PREFIX}/notices.json"
NOW = datetime(2026, 11, 27, 6, 0, tzinfo=UTC)
MAY = timedelta(days=30)


def opened(store: MemoryStore) -> Channel:
    return channel(store, SequentialRuntime())


def put(store: MemoryStore, data: bytes) -> MemoryStore:
    store.objects[KEY] = ObjectBody(data=data, content_type="")
    return store


def document(store: MemoryStore) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(store.objects[KEY].data)
    return found


def notice(message: str = "Be careful", **changed: Any) -> Notice:
    return new_notice(message, "warning", **{"now": NOW, "until": NOW + MAY, **changed})


def test_a_notice_has_the_form_of_cep_6() -> None:
    store = MemoryStore()
    assert read_notices(store, KEY)[1] == IfAbsent()
    made = notice(id_="n1")
    add(opened(store), made)
    assert document(store) == {
        "notices": [
            {
                "id": "n1",
                "message": "Be careful",
                "level": "warning",
                # With an offset and no `Z`, and `expires_at` alone; see the module.
                "created_at": "2026-11-27T06:00:00+00:00",
                "expires_at": "2026-12-27T06:00:00+00:00",
            }
        ]
    }
    assert (store.objects[KEY].content_type, store.objects[KEY].cache_control) == ("application/json", "no-cache")


OTHERS = {
    "more": {"kept": [1, 2.50, None]},
    "notices": [
        {"id": 7, "message": "a\nb", "level": "grave", "expired_at": "2020-01-01", "interval": 3, "own": {"x": []}},
        {},
    ],
}


def test_what_other_tools_wrote_stays_byte_by_byte() -> None:
    theirs = b'{"more":{"kept":[1,2.50,123456789012345678901234567890]},"notices":[{"id":7,"own":2.500},{}]}'
    store = put(MemoryStore(), theirs)
    add(opened(store), notice(id_="ours"))
    kept = b"".join(store.objects[KEY].data.split())
    assert b'"more":{"kept":[1,2.50,123456789012345678901234567890]}' in kept
    assert b'{"id":7,"own":2.500},{}]' in kept
    assert [each.get("id") for each in document(store)["notices"]] == ["ours", 7, None]
    remove(opened(store), ["ours"])
    assert b"".join(store.objects[KEY].data.split()) == theirs


def test_a_removal_leaves_a_document_that_clients_read() -> None:
    """Written with spaces, it would be larger than they read."""
    theirs = json.dumps({"more": [0] * 400_000, "notices": [{"id": "n1"}]}, separators=(",", ":")).encode()
    store = put(MemoryStore(), theirs)
    remove(opened(store), ["n1"])
    assert read_notices(store, KEY)[0].entries == ()
    assert len(document(store)["more"]) == 400_000


def test_notices_of_others_are_listed_as_conda_reads_them() -> None:
    store = put(MemoryStore(), json.dumps(OTHERS).encode())
    first, second = read_notices(store, KEY)[0].entries
    assert (first.id, first.level, first.message, first.expires) == ("7", "grave", "a\nb", "2020-01-01")
    assert (second.id, second.level, second.message, second.expires) == ("", "info", "", "")
    assert expired((first, second), int(NOW.timestamp() * 1000)) == ["7"]
    remove(opened(store), ["7"])
    assert document(store) == {**OTHERS, "notices": [{}]}


def test_an_id_that_could_be_an_option_is_named_in_no_command() -> None:
    bad = [
        {"id": id_, "message": "x", "expires_at": "2020-01-01"} for id_ in ("--endpoint-url=http://x", "a b", "\x1b", 7)
    ]
    store = put(MemoryStore(), json.dumps({"notices": bad}).encode())
    assert expired(read_notices(store, KEY)[0].entries, int(NOW.timestamp() * 1000)) == ["7"]
    many = [{"id": f"n{number}", "expires_at": "2020-01-01"} for number in range(100)]
    store = put(MemoryStore(), json.dumps({"notices": many}).encode())
    assert len(expired(read_notices(store, KEY)[0].entries, int(NOW.timestamp() * 1000))) == 20


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"notices": null}',
        b'{"notices": {}}',
        b'{"notices": ["text"]}',
        b'{"notices": [{"id": "x"},]}',
        b'{"notices": [], "more": [1,]}',
        b'{"notices": [{"message": "\xff"}]}',
        b'{"notices": [{"more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
        b'{"more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b" " * ((1 << 20) + 1),
    ],
)
def test_a_damaged_document_is_not_replaced(data: bytes) -> None:
    store = put(MemoryStore(), data)
    for run in (lambda: add(opened(store), notice()), lambda: remove(opened(store), ["x"])):
        with pytest.raises(StorageError, match=r"is not valid|is larger than 1 MiB") as caught:
            run()
        assert caught.value.where == KEY
        assert "restore an older version of it; or delete it" in str(caught.value.remedy)
    assert store.objects[KEY].data == data


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" \t", "is empty"),
        ("a\nb", "may take as a command"),
        ("\x1b[2J", "may take as a command"),
        ("\u202egnp", "may take as a command"),
        ("::error::hello", "may take as a command"),
        ("a \udcff", "may take as a command"),
        ("x" * (MAX_MESSAGE + 1), "has 1,001 characters; at most 1,000 are possible"),
    ],
)
def test_a_text_that_no_terminal_should_show_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        notice(text)
    assert "\x1b" not in str(caught.value)
    assert caught.value.where == "TEXT"


@pytest.mark.parametrize("id_", ["", "a b", "-a", "a\n", "a/b", "x" * 65, "\u00e9"])
def test_an_id_that_clients_could_not_keep_is_refused(id_: str) -> None:
    with pytest.raises(ConfigurationError, match="is not an id"):
        notice(id_=id_)


def test_a_time_that_is_over_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"2026-11-27T06:00:00Z is over"):
        notice(until=NOW)


def test_an_id_that_is_there_is_refused() -> None:
    store = MemoryStore()
    add(opened(store), notice(id_="n1"))
    before = dict(store.objects)
    with pytest.raises(ConflictError, match="there is a notice n1 already"):
        add(opened(store), notice("Another text", id_="n1"))
    assert store.objects == before


def test_an_id_that_is_not_there_removes_nothing() -> None:
    store = MemoryStore()
    with pytest.raises(ChaninfraError, match="there is no notice 'n1'") as caught:
        remove(opened(store), ["n1"])
    assert caught.value.remedy == "the channel has no notices"
    add(opened(store), notice(id_="news-1"))
    before = dict(store.objects)
    with pytest.raises(ChaninfraError, match="there is no notice 'news-2'") as caught:
        remove(opened(store), ["news-1", "news-2"])
    assert caught.value.remedy == "did you mean 'news-1'?"
    assert store.objects == before


def test_it_has_an_end() -> None:
    store = put(MemoryStore(), json.dumps({"notices": [{"id": "x", "message": "x" * ((1 << 20) - 100)}]}).encode())
    with pytest.raises(StorageError, match="would be larger than 1 MiB") as caught:
        add(opened(store), notice())
    assert "`chaninfra notice ls`" in str(caught.value.remedy)
    remove(opened(store), ["x"])
    assert document(store) == {"notices": []}


def test_two_writers_lose_nothing() -> None:
    store, others = MemoryStore(), ["other"]

    def before(kind: str, key: str) -> None:
        if kind == "put" and others:
            add(opened(store), notice(id_=others.pop()))

    store.before = before
    add(opened(store), notice(id_="ours"))
    assert [each["id"] for each in document(store)["notices"]] == ["ours", "other"]


def test_a_write_whose_answer_was_lost_is_not_made_twice() -> None:
    class Lossy(MemoryStore):
        lost = False

        def put(self, key: str, body: ObjectBody, condition: Any = None) -> str:
            etag = super().put(key, body, condition)
            if not self.lost:
                self.lost = True
                raise ConflictError("the second try of the same request")
            return etag

    store = Lossy()
    add(opened(store), notice(id_="n1"))
    assert [each["id"] for each in document(store)["notices"]] == ["n1"]
    store.lost = False
    remove(opened(store), ["n1"])
    assert document(store) == {"notices": []}


def fails(error: Exception) -> MemoryStore:
    store = MemoryStore()

    def before(kind: str, key: str) -> None:
        if kind == "put":
            raise error

    store.before = before
    return store


def test_a_writer_that_always_loses_gives_up() -> None:
    with pytest.raises(ConflictError, match=r"other writers changed notices\.json first"):
        add(opened(fails(ConflictError("x"))), notice())


def test_whoever_may_not_is_told_why() -> None:
    with pytest.raises(DeniedError, match="403") as caught:
        add(opened(fails(DeniedError("403"))), notice())
    assert "only maintainers may write notices" in str(caught.value.remedy)
