"""What tests with Pulumi's own mocks need."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest


@pytest.fixture
def event_loop_for_mocks() -> Iterator[None]:
    """A loop that is there: Pulumi's mocks want one, and other tests end theirs."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()
