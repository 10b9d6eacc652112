"""Summaries: which one stands, what several writers leave, and what happens to those that are not needed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any, TypeVar

import msgspec
import pytest

from chaninfra.channel.conda.summary import MAX_SUMMARY, MoreAbout, Summary, dump, parse
from chaninfra.channel.errors import DeniedError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.follow.follow import follow as follow_keys
from chaninfra.index.gc import KEPT, Garbage, collect_subdir
from chaninfra.index.package.about import About, parse_about
from chaninfra.index.package.archive import read_data
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.runtime import Threads
from chaninfra.index.standing import standing
from chaninfra.index.summaries import Summaries, cleaned, forget, replaces, summary_of
from support.channels.archives import conda, index_json
from support.channels.followed import FollowedChannel
from support.index_model.memory_store import SequentialRuntime
from support.index_model.memory_subdir import MemoryChannel

FOLDER = "c/noarch/summaries"
T = TypeVar("T")
WEEK = KEPT // timedelta(milliseconds=1) + 1


def summary(version: str = "1.0", timestamp: int = 0, build_number: int = 0, name: str = "a", **more: Any) -> Summary:
    given = {"file": f"{name}-{version}-{build_number}.conda", "summary": f"Says {version}", **more}
    return Summary(name=name, version=version, timestamp=timestamp, build_number=build_number, **given)


@pytest.fixture
def channel() -> MemoryChannel:
    channel = MemoryChannel().skeleton()
    layout = dataclasses.replace(channel.layout, has_summaries=True)
    channel.subdir_index = dataclasses.replace(channel.subdir_index, layout=layout)
    return channel


def write(channel: MemoryChannel, *summaries: Summary) -> tuple[str, ...]:
    writing = Summaries(channel.subdir_index)
    for each in summaries:
        writing.add(each)
    return writing.finish()


def there(channel: MemoryChannel) -> dict[str, str]:
    """Name → the file that its summary is of."""
    found = {}
    for key, body in channel.store.objects.items():
        if key.startswith(FOLDER):
            read = parse(body.data)
            assert read is not None
            found[read.name] = read.file
    return found


def test_what_it_says_of_a_package() -> None:
    about = {"summary": "Says hello", "home": "https://a.example", "dev_url": ["https://b.example"], "license": "MIT"}
    index = index_json("Hello", "1.0", timestamp=1_700_000_000, license="BSD", build_number=2)
    package = read_data(conda(index, {"about.json": msgspec.json.encode(about)}), ".conda")
    assert summary_of(package.index, "Hello-1.0-0.conda", package.about) == Summary(
        name="hello",
        file="Hello-1.0-0.conda",
        version="1.0",
        build_number=2,
        timestamp=1_700_000_000_000,
        summary="Says hello",
        license="MIT",
        home=("https://a.example",),
        source=("https://b.example",),
        more=MoreAbout(dev_url="https://b.example"),
    )
    silent = summary_of(package.index, "Hello-1.0-0.conda", About())
    assert silent is not None
    assert (silent.summary, silent.license) == (None, "BSD")
    odd = read_data(conda(index_json(".x")), ".conda")
    assert summary_of(odd.index, ".x-1-0.conda", odd.about) is None


def test_the_largest_one_can_be_read() -> None:
    urls = [f"https://{number}.example/{'x' * 470}" for number in range(9)]
    texts = {"summary": '"' * 9000, "description": "\U0001f40d" * 9000, "license": "\\" * 9000}
    about = parse_about(msgspec.json.encode({**texts, "home": urls, "doc_url": urls, "dev_url": urls}))
    package = read_data(conda(index_json("x" * 120, "1." + "0." * 400 + "1")), ".conda")
    largest = summary_of(package.index, "x" * 255, about)
    assert largest is not None
    assert 20_000 < len(dump(largest)) <= MAX_SUMMARY
    assert parse(dump(largest)) == largest


def test_what_another_channel_says_is_cleaned() -> None:
    said = summary(
        summary="a\x1b[2J\nb",
        description="x" * 4000 + "",
        home=("https://user:secret@a.example", "https://b.example"),
        documentation=("http://c.example/<script>",),
    )
    found = cleaned(said, summary("2.0", name="b"))
    assert (found.name, found.version, found.file) == ("b", "2.0", "b-2.0-0.conda")
    assert (found.summary, found.home, found.documentation) == ("a[2J b", ("https://b.example",), ())


def test_the_newest_file_stands() -> None:
    in_order = [
        summary("not a version!", 1),
        summary("2.0", 5),
        summary("1.9", 7),
        summary("1.10", 7),
        summary("1.10", 7, build_number=2),
        summary("1.10", 7, build_number=10, file="a-1.10-py312_10.conda"),
        summary("1.10", 7, build_number=10, file="a-1.10-py313_10.conda"),
        summary("0.1", 8),
    ]
    for place, old in enumerate(in_order):
        for other, new in enumerate(in_order):
            assert replaces(new, old) == (other >= place), (new, old)


def test_several_writers_leave_the_newest_whatever_their_order(channel: MemoryChannel) -> None:
    for order in permutations([summary("1.0"), summary("1.9"), summary("1.10")]):
        channel.store.objects.pop(f"{FOLDER}/a.json", None)
        for each in order:
            assert write(channel, each) == ()
        assert there(channel) == {"a": "a-1.10-0.conda"}


@pytest.mark.parametrize(("other", "left"), [("2.0", "a-2.0-0.conda"), ("0.5", "a-1.0-0.conda")])
@pytest.mark.parametrize("exists", [True, False])
def test_who_loses_a_race_looks_again(channel: MemoryChannel, other: str, left: str, *, exists: bool) -> None:
    if exists:
        write(channel, summary("0.1"))
    races = 0

    def race(kind: str, key: str) -> None:
        nonlocal races
        if kind == "put" and key.startswith(FOLDER) and not races:
            races += 1
            channel.store.objects[key] = ObjectBody(data=dump(summary(other)), content_type="")

    channel.store.before = race
    assert write(channel, summary("1.0")) == ()
    assert (races, there(channel)) == (1, {"a": left})


def test_who_loses_every_race_gives_up_without_a_word(channel: MemoryChannel) -> None:
    count = 0

    def race(kind: str, key: str) -> None:
        nonlocal count
        if kind == "put" and key.startswith(FOLDER):
            count += 1
            channel.store.objects[key] = ObjectBody(data=dump(summary("0.1", description=str(count))), content_type="")

    channel.store.before = race
    assert write(channel, summary("1.0")) == ()
    assert 1 < count < 100


def test_one_get_and_one_put_of_a_name(channel: MemoryChannel) -> None:
    channel.store.log.clear()
    write(channel, summary("1.0"), summary("3.0"), summary("2.0"))
    assert channel.store.log == [("get", f"{FOLDER}/a.json"), ("put", f"{FOLDER}/a.json")]
    channel.store.log.clear()
    write(channel, summary("3.0"))
    write(channel, summary("2.0"))
    assert channel.store.log == [("get", f"{FOLDER}/a.json")] * 2


def test_a_channel_without_a_page_has_none(channel: MemoryChannel) -> None:
    channel.subdir_index = dataclasses.replace(channel.subdir_index, layout=channel.layout)
    channel.store.log.clear()
    assert write(channel, summary()) == ()
    assert channel.store.log == []


@pytest.mark.parametrize("data", [b"", b"{", b"x" * (MAX_SUMMARY + 1), b'{"name": "a"}'])
def test_what_is_no_summary_is_replaced(channel: MemoryChannel, data: bytes) -> None:
    channel.put("summaries/a.json", data)
    assert write(channel, summary()) == ()
    assert there(channel) == {"a": "a-1.0-0.conda"}


@pytest.mark.parametrize("kind", ["get", "put"])
def test_many_that_cannot_be_written_are_one_note(channel: MemoryChannel, kind: str) -> None:
    def deny(request: str, key: str) -> None:
        if request == kind and key.startswith(FOLDER):
            raise DeniedError("not permitted", where=key, remedy="ask an admin", code="AccessDenied", status=403)

    channel.store.before = deny
    (note,) = write(channel, *(summary(name=f"a{number}") for number in range(2000)))
    assert note.startswith("the summaries of 2,000 packages were not written (noarch/summaries/*.json)")
    assert note.endswith("not permitted; ask an admin")
    # Whoever may not write one may write none.
    assert channel.store.requests[kind] < 5


class Later(SequentialRuntime):
    """A runtime that runs a call when somebody waits for it."""

    def submit(self, call: Callable[[], T], /) -> Callable[[], T]:
        return call


def test_start_waits_for_nothing_and_who_reads_on_is_held_back(channel: MemoryChannel) -> None:
    channel.subdir_index = dataclasses.replace(channel.subdir_index, runtime=Later())
    writing = Summaries(channel.subdir_index)
    for number in range(2000):
        writing.add(summary(name=f"a{number}"))
    writing.add_told("told", lambda: summary(name="told"))
    writing.add_told("silent", lambda: None)
    writing.start()
    assert channel.store.requests["get"] == 0
    writing.hold_back()
    assert len(there(channel)) > 1500
    assert writing.finish() == ()
    assert len(there(channel)) == 2001


def test_threads_write_all_of_them(channel: MemoryChannel) -> None:
    channel.subdir_index = dataclasses.replace(channel.subdir_index, runtime=Threads(20))
    writing = Summaries(channel.subdir_index)
    for number in range(600):
        writing.add(summary(name=f"a{number}"))
        if number % 10 == 0:
            writing.start()
    assert writing.finish() == ()
    assert len(there(channel)) == 600


def test_few_wait_at_a_time(channel: MemoryChannel) -> None:
    writing = Summaries(channel.subdir_index, new=True)
    for number in range(2000):
        writing.add(summary(name=f"a{number}"))
    assert 1000 <= len(there(channel)) < 2000
    assert writing.finish() == ()
    assert len(there(channel)) == 2000
    assert channel.store.requests["get"] == 0


def test_those_of_deleted_files_are_forgotten(channel: MemoryChannel) -> None:
    write(channel, summary(), summary(name="b"), summary(name="c"))
    channel.put("summaries/d.json", b"damaged")
    files = {"a-1.0-0.conda", "b-0.9-0.conda", "d-1.0-0.conda", "e-1.0-0.conda", ".-1-0.conda"}
    assert forget(channel.subdir_index, files) == [f"{FOLDER}/a.json", f"{FOLDER}/d.json"]
    assert there(channel) == {"b": "b-1.0-0.conda", "c": "c-1.0-0.conda"}


def test_gc_deletes_those_of_names_that_the_index_does_not_have_after_a_week(channel: MemoryChannel) -> None:
    channel.publish("a")
    write(channel, summary(), summary(name="b"))
    channel.put("summaries/Not one.json", b"")
    channel.store.modified |= dict.fromkeys(channel.store.objects, channel.store.now)

    def collected() -> list[Garbage]:
        return [each for each in collect_subdir(channel.subdir_index, "write").garbage if "summaries" in each.key]

    assert collected() == []
    assert [each for each in standing(channel.subdir_index).overdue if "summaries" in each.key] == []
    channel.runtime.time += WEEK
    channel.store.now += timedelta(milliseconds=WEEK)
    found = Garbage(key=f"{FOLDER}/b.json", why="summary without a package", size=len(dump(summary(name="b"))))
    assert [each for each in standing(channel.subdir_index).overdue if "summaries" in each.key] == [found]
    assert collected() == [found]
    assert f"{FOLDER}/a.json" in channel.store.objects
    assert f"{FOLDER}/Not one.json" in channel.store.objects


def test_gc_deletes_none_of_an_index_that_is_damaged(channel: MemoryChannel) -> None:
    write(channel, summary(name="b"))
    channel.store.modified |= dict.fromkeys(channel.store.objects, channel.store.now)
    collect_subdir(channel.subdir_index, "write")
    channel.runtime.time += WEEK
    channel.store.now += timedelta(milliseconds=WEEK)
    channel.put("repodata_shards.msgpack.zst", b"damaged")
    collect_subdir(channel.subdir_index, "write")
    assert there(channel) == {"b": "b-1.0-0.conda"}


def packed(name: str, says: str, version: str = "1") -> bytes:
    return conda(index_json(name, version, noarch="generic"), {"about.json": msgspec.json.encode({"summary": says})})


def test_reindex_writes_those_of_what_it_reads_and_stays_even_if_it_fails(channel: MemoryChannel) -> None:
    channel.put("a-1-0.conda", packed("a", "Says a"))
    reindex_subdir(channel.subdir_index, mode="check")
    assert there(channel) == {}
    assert reindex_subdir(channel.subdir_index).notes == ()
    assert there(channel) == {"a": "a-1-0.conda"}

    def fail(kind: str, key: str) -> None:
        if key.startswith(FOLDER):
            raise StorageError("out of order", code="InternalError", status=500)

    channel.store.before = fail
    channel.put("b-1-0.conda", packed("b", "Says b"))
    report = reindex_subdir(channel.subdir_index)
    assert report.added == ("b-1-0.conda",)
    assert "the summaries of 1 package were not written" in report.notes[0]


def test_a_follower_writes_those_of_what_it_reads_and_not_of_what_it_holds() -> None:
    followed = FollowedChannel()
    channel = followed.channel()
    described = msgspec.structs.replace(channel.descriptor, page=True)

    def follow(*keys: str) -> list[str]:
        again = dataclasses.replace(channel, descriptor=described)
        vars(again).update(writer=channel.writer, runtime=channel.runtime)
        return follow_keys(again, keys).notes

    key = followed.put("a-1-0.conda", packed("a", "Says a"))
    assert follow(key) == []
    path = key.replace("a-1-0.conda", "summaries/a.json")
    first = followed.store.objects[path]
    assert b"Says a" in first.data
    followed.put("a-1-0.conda", packed("a", "Says other"))
    follow(key)
    assert followed.store.objects[path] == first
