"""`init` on a channel that exists adds subdirs and removes none; and what is said where one is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConflictError, UnsupportedError
from chaninfra.channel.objects import Condition, IfMatch, ObjectBody
from chaninfra.channel.outputs.descriptor import Descriptor, parse
from chaninfra.index.create import Created, create
from chaninfra.index.place import how_to_declare
from support.channels.channels import descriptor
from support.channels.memory_channel import Memory
from support.index_model.memory_store import MemoryStore

KEY = "my-channel/channel.json"
WRITES = ConditionalWrites(create=True, replace=True, multipart=True)


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Memory, "objects", MemoryStore())


def made(*subdirs: Subdir, add: bool = True, dry_run: bool = False, **changed: Any) -> Created:
    described = descriptor(subdirs=("noarch", *subdirs), **changed)
    channel = Memory(descriptor=described, credentials=None, dry_run=dry_run)
    return create(channel, None, lambda _: WRITES, add_subdirs=add)


def stored() -> Descriptor:
    found = Memory.objects.get(KEY)
    assert found is not None
    return parse(found.data, where=KEY)


def test_subdirs_are_added_and_none_is_removed() -> None:
    first = made("linux-64", add=False)
    assert (first.added, stored().subdirs) == ((), ("noarch", "linux-64"))
    index = dict(Memory.objects.objects)
    more = made("win-64", "osx-64")
    assert more.added == ("win-64", "osx-64")
    # In the order of all subdirs, as a stack writes them.
    assert stored().subdirs == ("noarch", "linux-64", "osx-64", "win-64")
    assert {key.split("/")[1] for key in more.written} == {"osx-64", "win-64", "channel.json"}
    assert more.written[-1] == KEY
    assert all(Memory.objects.objects[key] == body for key, body in index.items() if key != KEY)
    # Again, and with fewer: there is nothing to do.
    for subdirs in (("win-64", "osx-64"), ("linux-64",), ()):
        again = made(*subdirs)  # type: ignore[arg-type]
        assert (again.added, again.written) == ((), ())
    assert stored().subdirs == ("noarch", "linux-64", "osx-64", "win-64")


def test_a_dry_run_writes_nothing() -> None:
    made("linux-64")
    before = dict(Memory.objects.objects)
    more = made("win-64", dry_run=True)
    assert more.added == ("win-64",)
    assert KEY in more.written
    assert Memory.objects.objects == before


def test_without_the_option_and_with_other_settings_it_is_refused() -> None:
    made("linux-64")
    with pytest.raises(ConflictError, match="`subdirs` is noarch, linux-64, and not noarch, win-64"):
        made("win-64", add=False)
    with pytest.raises(ConflictError, match="`visibility` is private, and not public") as caught:
        made("win-64", visibility="public")
    assert "--subdir" in str(caught.value.remedy)
    assert stored().subdirs == ("noarch", "linux-64")


def test_another_writer_in_between_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    made("linux-64")
    put = Memory.objects.put

    def late(key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        if key == KEY:
            monkeypatch.setattr(Memory.objects, "put", put)
            made("osx-64")
        return put(key, body, condition)

    monkeypatch.setattr(Memory.objects, "put", late)
    with pytest.raises(ConflictError):
        made("win-64")
    assert stored().subdirs == ("noarch", "linux-64", "osx-64")
    made("win-64")
    assert stored().subdirs == ("noarch", "linux-64", "osx-64", "win-64")


def test_a_store_without_conditional_writes_gets_a_plain_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made("linux-64")
    put = Memory.objects.put

    def rejecting(key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        if isinstance(condition, IfMatch):
            raise UnsupportedError("no")
        return put(key, body, condition)

    monkeypatch.setattr(Memory.objects, "put", rejecting)
    made("win-64")
    assert stored().subdirs == ("noarch", "linux-64", "win-64")


def test_what_is_said_names_the_command_or_the_key_of_the_stack() -> None:
    channel = Memory(descriptor=descriptor(prefix="c", name="c"), credentials=None)
    told = how_to_declare(channel, ["win-64", "osx-64"])
    assert told == (
        "run `chaninfra init s3://my-bucket/c --subdir osx-64 --subdir win-64 --provider minio --endpoint-url "
        "https://minio.example.com`; if a stack declares the channel, add osx-64, win-64 to `subdirs` in the stack "
        "config and run `pulumi up`"
    )
    in_stack = "add win-64 to `subdirs` in the stack config and run `pulumi up`"
    assert how_to_declare(replace(channel, of_stack=True), ["win-64"]) == in_stack
    # `init` cannot make these.
    index = structs.replace(channel.descriptor.index, monolith="never")
    for settings in ({"visibility": "organization"}, {"index": index}):
        of_stack = structs.replace(channel.descriptor, **settings)
        assert how_to_declare(replace(channel, descriptor=of_stack), ["win-64"]) == in_stack
    named = descriptor(prefix="c", name="mine", visibility="public", public_url="https://h/c")
    told = how_to_declare(replace(channel, descriptor=named), ["win-64"])
    assert "--name mine --visibility public --public-url https://h/c" in told
