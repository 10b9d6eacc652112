"""The page of a channel is put and removed: what others have at its keys stays, whatever the store answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaninfra.channel.conda.layout import is_asset
from chaninfra.channel.errors import ChaninfraError, ConflictError, DeniedError, StorageError, UnsupportedError
from chaninfra.channel.objects import Condition, ObjectBody
from chaninfra.channel.page.files import GENERATOR, page_files
from chaninfra.channel.page.put import (
    MAX_FILE,
    digests_there,
    is_own_page,
    own_page_keys,
    page_digests,
    put_page,
    why_held,
)
from support.channels.skeletons import plain
from support.index_model.memory_store import MemoryStore

HTML = "c/index.html"
FILES = {f"c/{file.name}": file.body for file in page_files()}
ASSETS = [key for key in FILES if key != HTML]
EARLIER = ObjectBody(data=b"<html>%s an earlier page" % GENERATOR, content_type="text/html")
THEIRS = ObjectBody(data=b"<html>conda-index", content_type="text/html")


class Store(MemoryStore):
    """A store with these objects."""

    def __init__(self, objects: dict[str, ObjectBody], before: Callable[[str, str], None] | None = None) -> None:
        super().__init__(before or (lambda kind, key: None))
        self.objects = dict(objects)

    @property
    def puts(self) -> list[str]:
        return [key for kind, key in self.log if kind == "put"]


def test_an_empty_channel_gets_the_page_once_and_index_html_last() -> None:
    store = Store({})
    put = put_page(store, "c")
    assert store.objects == FILES
    assert [f"c/{name}" for name in put.written] == store.puts
    assert store.puts[-1] == HTML
    assert put.held == ()
    again = put_page(store, "c")
    assert (again.written, again.held, store.requests["put"]) == ((), (), len(FILES))
    assert digests_there(store, "c", page_digests()) == page_digests()


def test_a_channel_that_is_the_whole_bucket() -> None:
    store = Store({})
    put_page(store, "")
    assert {f"c/{key}" for key in store.objects} == set(FILES)
    assert {f"c/{key}" for key in own_page_keys(store, "")} == set(FILES)


def test_a_newer_page_takes_the_place_of_an_earlier_one_whose_assets_stay() -> None:
    old = {HTML: EARLIER, "c/assets/page-0123456789abcdef.js": plain(b"earlier")}
    store = Store(old)
    assert put_page(store, "c").written[-1] == "index.html"
    assert store.objects == {**old, **FILES}
    assert [*own_page_keys(store, "c")] == [HTML, *sorted([*ASSETS, "c/assets/page-0123456789abcdef.js"])]


def test_files_with_another_content_type_are_put_again() -> None:
    store = Store({key: replace(body, content_type="application/octet-stream") for key, body in FILES.items()})
    assert digests_there(store, "c", page_digests()) == {}
    assert set(put_page(store, "c").written) == {file.name for file in page_files()}
    assert store.objects == FILES
    # As a store may write it: no difference.
    store = Store({key: replace(body, content_type=body.content_type.replace(" ", "")) for key, body in FILES.items()})
    assert put_page(store, "c").written == ()


@pytest.mark.parametrize("data", [b"<html>conda-index", b"", b"\xff\x00", GENERATOR + b"x" * MAX_FILE])
def test_an_index_html_of_others_stays(data: bytes) -> None:
    theirs = plain(data)
    store = Store({HTML: theirs})
    put = put_page(store, "c")
    assert put.held == ("index.html",)
    assert store.objects[HTML] == theirs
    assert not is_own_page(store, "c")
    assert HTML not in own_page_keys(store, "c")
    assert "index.html" not in digests_there(store, "c", page_digests())


@pytest.mark.parametrize("data", [b"alert(1)", b"", b"x" * (MAX_FILE + 1)])
@pytest.mark.parametrize("earlier", [True, False])
def test_a_page_does_not_load_an_asset_of_others(data: bytes, earlier: bool) -> None:
    held = next(key for key in ASSETS if key.endswith(".js"))
    before = {held: plain(data), **({HTML: EARLIER} if earlier else {})}
    store = Store(before)
    put = put_page(store, "c")
    assert put.held == (held.removeprefix("c/"),)
    assert {key: store.objects.get(key) for key in (held, HTML)} == {held: plain(data), HTML: before.get(HTML)}
    assert "neither it nor index.html was written" in why_held("s3://b/c", put.held[0])


def test_what_another_run_puts_meanwhile_is_no_conflict() -> None:
    store = Store({HTML: EARLIER})

    def overtake(doing: str, key: str) -> None:
        if doing == "put":
            store.objects[key] = FILES[key]

    store.before = overtake
    assert put_page(store, "c").written == ()
    assert store.objects == FILES


@pytest.mark.parametrize("before", [{}, {HTML: EARLIER}], ids=["absent", "earlier"])
def test_an_index_html_that_others_put_meanwhile_stays(before: dict[str, ObjectBody]) -> None:
    store = Store(before)

    def overtake(doing: str, key: str) -> None:
        if doing == "put" and key == HTML:
            store.objects[HTML] = THEIRS

    store.before = overtake
    assert put_page(store, "c").held == ("index.html",)
    assert store.objects[HTML] == THEIRS


def test_one_who_changes_it_again_and_again_ends_it() -> None:
    store = Store({HTML: EARLIER})

    def change(doing: str, key: str) -> None:
        if doing == "put" and key == HTML:
            store.objects[HTML] = plain(store.objects[HTML].data + b".")

    store.before = change
    with pytest.raises(ConflictError, match="again and again") as caught:
        put_page(store, "c")
    assert caught.value.remedy == "try again"


def test_a_store_without_conditional_writes() -> None:
    class Without(Store):
        def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
            if condition is not None:
                raise UnsupportedError("does not support conditions")
            return super().put(key, body)

    store = Without({HTML: EARLIER})
    put_page(store, "c")
    assert store.objects == FILES


def test_only_names_of_a_page_are_assets() -> None:
    assert all(is_asset(key.removeprefix("c/")) for key in ASSETS)
    others = ["assets/logo.svg", "assets/page-0123456789abcdef.js.map", "assets/page-0.js", "assets/", "index.html"]
    others += ["assets/page-0123456789abcdef.js\n", "x/assets/page-0123456789abcdef.js", "assets/x/page-0123.js"]
    others += ["assets/page-0123456789ABCDEF.js", "assets/page-0123456789abcdef.html"]
    assert [name for name in others if is_asset(name)] == []
    store = Store({f"c/{name}": THEIRS for name in others} | {"c2/assets/page-0123456789abcdef.js": THEIRS})
    assert [*own_page_keys(store, "c")] == []


def _held(keys: Iterable[str]) -> dict[str, ObjectBody]:
    return dict.fromkeys(keys, THEIRS)


@settings(deadline=None)
@given(
    theirs=st.sets(st.sampled_from(sorted(FILES))),
    ours=st.sets(st.sampled_from(sorted(FILES))),
    error=st.sampled_from([StorageError, DeniedError]),
    at=st.integers(0, 20),
)
def test_nothing_of_others_is_lost_and_no_page_loads_what_is_not_ours(
    theirs: set[str], ours: set[str], error: type[ChaninfraError], at: int
) -> None:
    before = {key: FILES[key] for key in ours} | _held(theirs)
    asked = 0

    def fail(_doing: str, _key: str) -> None:
        nonlocal asked
        asked += 1
        if asked > at:
            raise error("injected")

    store = Store(before, fail)
    failed = False
    try:
        put = put_page(store, "c")
    except error:
        failed = True
    assert _held(theirs).items() <= store.objects.items()
    if HTML in store.objects and HTML not in before:
        assert {key: store.objects[key] for key in FILES} == FILES
    if not failed:
        assert bool(put.held) == bool(theirs)
