"""Hostile texts in all that a page reads, written into the bucket as those who may write there can: each is shown as
text, and none is run, is a link to a script, or makes the page ask another server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from support.browser.chromium import Chromium, Visit
from support.browser.full_channel import PublicChannel, public_channel
from support.browser.written import CREATED_MS, put_json, put_shards, record, shard
from support.cases.hostile_texts import LINKS, MARKUP, TEXTS
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

_WHEN = "2026-11-27T00:00:00Z"
_FIELDS = (
    *("version", "build", "license", "license_family", "noarch", "arch", "platform", "subdir", "url", "features"),
    *("track_features", "depends", "constrains", "timestamp", "indexed_timestamp", "size", "build_number", "md5"),
    *("sha256", "attestations_sha256", "namespace", "extra_depends", "flags"),
)
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@pytest.fixture
def channel(minio: Server, bucket_name: str) -> PublicChannel:
    """A public channel without packages."""
    return public_channel(minio, bucket_name)


def name_of(number: int) -> str:
    return f"p{number:03}"


def records(name: str, text: str) -> dict[str, Any]:
    """Records of a name: one with the text in each place that has a text, and one for each field that has it alone."""
    everywhere = {"version": "2", "build": "0", "license": text, "license_family": text, "arch": text, "platform": text}
    everywhere |= {"depends": [text, f"{text} >=1"], "constrains": [text], "track_features": text, "url": text}
    found = {f"{name}-2-0.conda": record(name, **everywhere, **{text: text})}
    found |= {f"{name}-1-{field}.conda": record(name, **{field: text}) for field in _FIELDS}
    return {**found, f"{name}-3-{text}": record(name), f"{name}-4-0.conda": record(name, depends={text: text})}


def look(visit: Visit) -> None:
    """Open all that can be opened, and look at the document."""
    visit.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    visit.page.wait_for_timeout(20)
    assert visit.faults_of_document() == []
    assert _UNSEEN.findall(visit.page.evaluate("document.body.innerText + document.title")) == []
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the window"


def go(visit: Visit, place: str, heading: str) -> None:
    """Go to a place of the page, and wait until it is there."""
    visit.page.evaluate("(hash) => { location.hash = hash; }", place)
    visit.page.locator("h1", has_text=heading).wait_for()
    visit.until("document.querySelector('.skeleton') === null")


def test_in_records_yanks_and_summaries(channel: PublicChannel, browser: Chromium) -> None:
    shards = {}
    for number, text in enumerate(TEXTS):
        name = name_of(number)
        yank = {"reason": text, "when": text, "rule": text, "record": record(name, license=text)}
        yanks = {f"{name}-0-0.conda": yank, f"{name}-0-1.conda": {"reason": text, "when": _WHEN}}
        shards[name] = shard(records(name, text), removed=[*yanks], yanks=yanks)
        summary = {"name": name, "file": f"{name}-2-0.conda", "version": "2", "summary": text, "description": text}
        urls = {"home": [text], "documentation": [f"https://{text}"], "source": [text, "https://source.example.com/"]}
        put_json(channel, f"noarch/summaries/{name}.json", {**summary, **urls, "license": text})
    put_shards(channel, shards)
    with browser.visit(channel.page) as visit:
        visit.page.get_by_role("link", name="p000", exact=True).wait_for()
        look(visit)
        for number, text in enumerate(TEXTS):
            go(visit, f"#/package/{name_of(number)}", name_of(number))
            look(visit)
            if text.isascii() and text.isprintable() and 3 < len(text) < 200:
                # It has come as far as the page, and is text there.
                assert " ".join(text.split()) in " ".join(visit.text().split()), text


def test_in_names(channel: PublicChannel, browser: Chromium) -> None:
    put_shards(channel, {text: shard({f"{text}-1-0.conda": record(text)}) for text in TEXTS})
    with browser.visit(channel.page) as visit:
        visit.page.get_by_role("link", name="__proto__", exact=True).wait_for()
        look(visit)
        links = visit.page.locator("#results a")
        # The others are names that no file can have.
        assert links.count() > len(TEXTS) / 3
        assert "none that a client asks for, and are left out" in visit.text()
        places = [link.get_attribute("href") or "" for link in links.all()]
        for place in places:
            visit.page.evaluate("(hash) => { location.hash = hash; }", place)
            visit.until("document.querySelector('h1') && !document.querySelector('.skeleton')")
            look(visit)
        for text in TEXTS:
            go(visit, "#/", "c")
            visit.page.get_by_label("Search packages").fill(text[:500])
            visit.page.wait_for_timeout(20)
            look(visit)


def test_in_notices_and_snapshots(channel: PublicChannel, browser: Chromium) -> None:
    put_shards(channel, {"hello": shard({"hello-1-0.conda": record("hello")})})
    put_json(
        channel,
        "notices.json",
        {
            "notices": [
                *({"id": text, "message": text, "level": "info", "created_at": text} for text in TEXTS),
                *({"id": f"a{text}", "message": f"a {text}", "level": text, "expires_at": text} for text in TEXTS),
                *({"id": f"b{text}", "message": f"https://example.com/{text}", text: text} for text in TEXTS),
            ]
        },
    )
    state = {"at": _WHEN, "created": _WHEN, "stage": "ready", "subdirs": {}}
    snapshots = {
        **dict.fromkeys(TEXTS, state),
        **{f"s{number}": {**state, "at": text, "created": text, "stage": text} for number, text in enumerate(TEXTS)},
    }
    put_json(channel, "snapshots/index.json", {"version": 1, "snapshots": {"sound": state, **snapshots}})
    with browser.visit(channel.page) as visit:
        visit.page.get_by_role("link", name="hello", exact=True).wait_for()
        visit.page.wait_for_timeout(300)
        look(visit)
        assert "a sound notice" not in visit.text()
        go(visit, "#/settings", "")
        look(visit)


@pytest.fixture
def descriptor(channel: PublicChannel) -> dict[str, Any]:
    """channel.json, as it is when it is sound."""
    found: dict[str, Any] = json.loads(channel.get("channel.json"))
    return found


def hostile_descriptors(sound: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """channel.json with the texts in its fields, and the field."""
    few = (MARKUP[0], LINKS[0], "__proto__", "x" * 10_000)
    for key in sound:
        for text in {"name": TEXTS, "public-url": LINKS}.get(key, few):
            value: Any = [text, "noarch"] if key == "subdirs" else {text: text} if key == "index" else text
            yield key, json.dumps({**sound, key: value}).encode()
    for text in ('{"__proto__": {"name": "x", "polluted": 1}}', '{"constructor": {"prototype": {"polluted": 1}}}'):
        yield "more", json.dumps({**sound, "more": 1}).replace('"more": 1', text[1:-1]).encode()
    yield "all", b"<script>canary(1)</script>"
    yield "all", b"[" * 100_000


def test_in_channel_json(channel: PublicChannel, browser: Chromium, descriptor: dict[str, Any]) -> None:
    put_shards(channel, {"hello": shard({"hello-1-0.conda": record("hello")})})
    with browser.visit(channel.page) as visit:
        for key, document in hostile_descriptors(descriptor):
            channel.put("channel.json", document)
            visit.page.goto(f"{channel.page}?{key}#/settings")
            visit.until("document.querySelector('h1, .fault') && !document.querySelector('.skeleton')")
            look(visit)
            assert "Settings for clients" in visit.text() or visit.page.locator(".fault").count() > 0, (
                key,
                document[:300],
            )


def test_in_the_address(channel: PublicChannel, browser: Chromium) -> None:
    put_shards(channel, {"hello": shard({"hello-1-0.conda": record("hello")})})
    with browser.visit(channel.page) as visit:
        visit.page.get_by_role("link", name="hello", exact=True).wait_for()
        for text in TEXTS:
            # As it is, and escaped.
            for place in (
                text,
                *(start + quote(text[:2000], safe="") for start in ("search/", "package/", "?snapshot=")),
            ):
                visit.page.evaluate("(hash) => { location.hash = hash; }", f"#/{place[:6000]}")
                visit.page.wait_for_timeout(5)
                assert visit.faults_of_document() == [], place
            look(visit)


def test_numbers_and_times_that_are_none(channel: PublicChannel, browser: Chromium) -> None:
    odd: tuple[Any, ...] = (
        -1,
        10**18,
        2**63,
        2**64 - 1,
        -(2**63),
        1e300,
        float("nan"),
        float("inf"),
        None,
        [],
        {},
        True,
    )
    fields = ("size", "timestamp", "indexed_timestamp", "build_number", "version", "license", "depends", "sha256")
    shards = {
        name_of(number): shard({f"{name_of(number)}-1-{each}.conda": record(name_of(number), **{each: value})
                                for each in fields} | {f"{name_of(number)}-9-0.conda": value})
        for number, value in enumerate(odd)
    }  # fmt: skip
    put_shards(channel, {**shards, "sound": shard({"sound-1-0.conda": record("sound")})})
    assert CREATED_MS > 0
    with browser.visit(channel.page) as visit:
        visit.page.get_by_role("link", name="sound", exact=True).wait_for()
        for number in range(len(odd)):
            go(visit, f"#/package/{name_of(number)}", name_of(number))
            look(visit)
            for word in ("NaN", "undefined", "Invalid Date", "[object"):
                assert word not in visit.text(), (word, odd[number])
