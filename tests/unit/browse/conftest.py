"""What these tests share: a server, before its page is open and after."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.channels.browsed import Browsed


@pytest.fixture
def closed() -> Iterator[Browsed]:
    """A server whose URL nobody has used."""
    running = Browsed()
    yield running
    running.server.stop()


@pytest.fixture
def browsed(closed: Browsed) -> Browsed:
    """A server whose page is open."""
    closed.come_in()
    return closed
