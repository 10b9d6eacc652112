"""The connections of a server: one that asks nothing is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

_HEAD_S = 10.0
"""Longest time in seconds that a client may take until its request has begun, or the next one on a connection."""


def connections(opened: Callable[[int], None] = lambda _: None) -> type[asyncio.Protocol]:
    """The class of the connections. `opened` is called with each one, and told how many there are now.

    uvicorn has no limit to the time that a head takes, or a body after the answer.
    """

    class Impatient(H11Protocol):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            opened(len(self.connections))
            self._look_later()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self._timer is not None:
                self._timer.cancel()

        def _look_later(self) -> None:
            self._timer = self.loop.call_later(_HEAD_S, self._look)

        def _look(self) -> None:
            if self.cycle is None or self.cycle.response_complete:
                self.transport.abort()
            else:
                self._look_later()

    return Impatient
