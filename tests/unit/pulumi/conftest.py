"""Fixtures of the tests of the components."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.pulumi import mocks


@pytest.fixture(autouse=True)
def _event_loop() -> Iterator[None]:
    with mocks.event_loop():
        yield
