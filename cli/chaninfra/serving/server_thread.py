"""A server in a thread of its own, so that the main thread gets the signals."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from chaninfra.serving.connection import connections

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_START_S = 20.0


class ServerThread:
    """Serves an application by HTTP. It writes no log: what strangers send would fill it."""

    def __init__(
        self,
        app: ASGIApp,
        at: tuple[str, int] | socket.socket,
        *,
        most: int,
        ended: Callable[[str], None],
        opened: Callable[[int], None] = lambda _: None,
        finish_s: int = 5,
    ) -> None:
        """`at`: host and port, or a socket that is bound. `most` connections are served, others get 503. `ended` is
        told the reason where the server ends by itself; `opened`: see `connections`. `finish_s`: how many seconds the
        requests that run have after `stop`.
        """
        host, port = at if isinstance(at, tuple) else at.getsockname()[:2]
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            access_log=False,
            log_config=None,
            log_level="critical",
            lifespan="off",
            ws="none",
            http=connections(opened),
            loop="asyncio",
            proxy_headers=False,
            server_header=False,
            limit_concurrency=most,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=finish_s,
            h11_max_incomplete_event_size=16 << 10,
        )
        self._sockets = None if isinstance(at, tuple) else [at]
        self._ended = ended
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="server", daemon=True)

    def _serve(self) -> None:
        reason = "it ended"
        try:
            self._server.run(sockets=self._sockets)
        except BaseException as error:
            reason = type(error).__name__
        if self._server.started and not self._server.should_exit:
            self._ended(reason)

    def start(self) -> bool:
        """Start to serve; False: it cannot listen there."""
        self._thread.start()
        end = time.monotonic() + _START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def stop(self) -> None:
        """Answer the requests that run, and stop."""
        self._server.should_exit = True
        self._thread.join(_START_S)
