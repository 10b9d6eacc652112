"""The five states of the page that are looked at: by axe, and on the pictures of the docs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import shard_key
from support.browser.cdn import FOLDER, cdn
from support.browser.chromium import Visit
from support.browser.full_channel import SNAPSHOT, PublicChannel
from support.servers.web_server import Answer

_NAMES = {
    "name": "my-channel",
    "bucket": "my-bucket",
    "prefix": "my-channel",
    "url": "s3://my-bucket/my-channel",
    "public-url": "https://conda.example.com/my-channel",
    "endpoint-url": "https://minio.example.com",
}


@dataclass(frozen=True)
class State:
    """A state: what stands after the URL of the page, and what is done there."""

    place: str
    do: Callable[[Visit], None]


def _channel(visit: Visit) -> None:
    visit.page.get_by_role("link", name="hello", exact=True).wait_for()
    visit.page.wait_for_load_state("networkidle")


def _search(visit: Visit) -> None:
    visit.page.get_by_role("link", name="hello", exact=True).wait_for()
    visit.page.get_by_label("Search packages").press_sequentially("o")
    visit.page.wait_for_load_state("networkidle")


def _package(visit: Visit) -> None:
    visit.page.locator("details.version-fold > summary", has_text="yanked").click()
    visit.page.locator("li.file.yanked").wait_for()


def _settings(visit: Visit) -> None:
    visit.page.get_by_role("heading", name=".condarc", exact=True).wait_for()


def _fault(visit: Visit) -> None:
    visit.page.get_by_role("alert").wait_for()


STATES = {
    "channel": State("", _channel),
    "search": State("", _search),
    "package": State("#/package/tool", _package),
    "settings": State(f"#/settings?snapshot={SNAPSHOT}", _settings),
    "fault": State("#/package/sealed", _fault),
}


@contextmanager
def stage(full: PublicChannel) -> Iterator[str]:
    """The URL of the page of the channel, which has the names of the docs; the shard of `sealed` is missing."""
    index = ShardIndex.parse(full.get(f"noarch/{FILE_NAMES['shards']}"))
    assert index is not None
    with cdn(full, **_NAMES) as running:
        running.server.on(f"{FOLDER}noarch/{shard_key(index.hashes['sealed'])}", Answer(404))
        yield running.url
