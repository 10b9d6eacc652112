"""The page of a channel that `init` makes: put, brought up to date, kept as it is declared, and deleted on demand."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET, structs

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.errors import ConflictError
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import Descriptor, parse
from chaninfra.channel.page.files import GENERATOR, page_files
from chaninfra.index.create import Created, create
from support.channels.channels import descriptor
from support.channels.memory_channel import Memory
from support.index_model.memory_store import MemoryStore

KEY, HTML = "my-channel/channel.json", "my-channel/index.html"
FILES = {f"my-channel/{file.name}": file.body for file in page_files()}
URL = "https://my-bucket.example.com/my-channel"
PUBLIC: dict[str, Any] = {"visibility": "public", "auth": "public", "public_url": URL}


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Memory, "objects", MemoryStore())


def made(page: bool | None = None, *, dry_run: bool = False, **changed: Any) -> Created:
    """`init` of a public channel; `page` is its flag."""
    described = descriptor(**{**PUBLIC, **changed})
    if page is not None:
        described = structs.replace(described, page=UNSET if page == (described.visibility == "public") else page)
    channel = Memory(descriptor=described, credentials=None, dry_run=dry_run)
    writes = ConditionalWrites(create=True, replace=True, multipart=True)
    return create(channel, None, lambda _: writes, page=page)


def there() -> dict[str, ObjectBody]:
    """The files of a page."""
    return {key: body for key, body in Memory.objects.objects.items() if "/assets/" in key or key == HTML}


def stored() -> Descriptor:
    found = Memory.objects.get(KEY)
    assert found is not None
    return parse(found.data, where=KEY)


def test_a_public_channel_gets_the_page_before_channel_json_and_the_next_time_a_newer_one() -> None:
    first = made()
    assert there() == FILES
    assert first.written[-1] == KEY
    assert first.written[-2] == HTML
    assert b'"page"' not in Memory.objects.objects[KEY].data
    assert made().written == ()
    Memory.objects.objects[HTML] = ObjectBody(data=b"%s earlier" % GENERATOR, content_type="text/html; charset=utf-8")
    newer = made()
    assert newer.written == (HTML,)
    assert there() == FILES
    # What it shows of packages was written with them.
    assert not first.is_first_page
    assert not newer.is_first_page


def test_a_private_channel_has_none_and_no_request_is_made_for_one() -> None:
    private = {"visibility": "private", "auth": "pixi", "public_url": None}
    made(**private)
    made(**private)
    assert there() == {}
    assert not [key for _, key in Memory.objects.log if "assets" in key or "index.html" in key]
    # On demand it has one.
    assert made(True, **private).written[-2:] == (HTML, KEY)
    assert there() == FILES
    assert (stored().page, stored().page_url) == (True, None)
    assert made(**private).written == ()


def test_without_a_page_it_stays_so_until_it_is_asked_for() -> None:
    made(False)
    assert (there(), stored().page) == ({}, False)
    assert made().written == ()
    assert made(True).written[-1] == KEY
    assert (there(), stored().page) == (FILES, UNSET)


def test_a_channel_without_a_page_has_packages_without_summaries_when_it_gets_one() -> None:
    made(False)
    assert made(True).is_first_page
    assert not made(True).is_first_page
    # As after an upgrade from a version without pages.
    del Memory.objects.objects[HTML]
    assert made().is_first_page


def test_the_page_is_deleted_on_demand_and_what_others_have_stays() -> None:
    made()
    others = {"my-channel/assets/logo.svg": ObjectBody(data=b"<svg>", content_type="")}
    Memory.objects.objects.update(others)
    before = dict(Memory.objects.objects)
    dry = made(False, dry_run=True)
    assert Memory.objects.objects == before
    done = made(False)
    assert set(done.deleted) == set(dry.deleted) == set(FILES)
    assert done.written == dry.written == (KEY,)
    assert there() == others
    assert not stored().has_page
    again = made(False)
    assert (again.written, again.deleted) == ((), ())


def test_an_index_html_of_others_stays() -> None:
    theirs = ObjectBody(data=b"<html>conda-index", content_type="text/html")
    Memory.objects.objects[HTML] = theirs
    created = made()
    assert created.held == ("index.html",)
    assert HTML not in created.written
    assert made(False).held == ()
    assert HTML not in made(False).deleted
    assert there()[HTML] == theirs


def test_a_descriptor_with_another_page_is_refused_as_for_other_settings() -> None:
    made()
    other = Memory(descriptor=descriptor(**PUBLIC, page=False), credentials=None)
    with pytest.raises(ConflictError, match="`page` is null, and not false"):
        create(other, None, lambda _: None)
