"""What the tests of the page share: a browser for the tests of a file, and a channel with all that the page shows."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from support.browser.browsed import browsed
from support.browser.cdn import cdn
from support.browser.chromium import Chromium, chromium
from support.browser.full_channel import PublicChannel, Shown, full_channel, public_channel
from support.servers.s3_servers import Server


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    """Chromium. Each test has windows of its own in it."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def full(minio: Server, tmp_path_factory: pytest.TempPathFactory) -> PublicChannel:
    """The channel, which tests must not change."""
    return full_channel(minio, f"page-{os.urandom(6).hex()}", tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module", params=["minio", "cdn", "browse"])
def shown(
    request: pytest.FixtureRequest, full: PublicChannel, browser: Chromium, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shown]:
    """The page of it: from the bucket, from a stand-in for a CDN, which opens it at the channel's URL, and by
    `chaninfra browse`.
    """
    if request.param == "minio":
        yield Shown(full.page, full, full.url.rstrip("/"))
    elif request.param == "cdn":
        with cdn(full) as running:
            yield Shown(running.url, full, running.url.rstrip("/"))
    else:
        with browsed(full.place, browser, tmp_path_factory.mktemp("browse") / "told") as (url, options):
            yield Shown(url, full, full.url.rstrip("/"), options)


@pytest.fixture
def channel(minio: Server, bucket_name: str) -> PublicChannel:
    """A public channel without packages."""
    return public_channel(minio, bucket_name)
