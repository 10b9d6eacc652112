"""The server of the page, on the loopback interface only."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Callable

from chaninfra.browse.app import application
from chaninfra.browse.gate import HOST, Gate
from chaninfra.browse.reading import Reading, Store
from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.serving.server_thread import ServerThread

_MOST = 64
"""Most connections; a browser opens six."""


class PageServer:
    """Serves the page of a channel until it is stopped; `url` opens it, once."""

    def __init__(
        self,
        descriptor: Descriptor,
        open_store: Callable[[], Store],
        port: int | None,
        ended: Callable[[], None],
        told: Callable[[ChaninfraError], None],
    ) -> None:
        """`port` None: a free one. `ended` is called where it ends by itself; `told`: see `application`.

        Raises ConfigurationError if it cannot listen there, and what `open_store` does.
        """
        self.failed = False
        """Whether it ended without being stopped."""
        self._ended = ended
        reading = Reading(open_store)
        listening = _listen(port)
        gate = Gate(listening.getsockname()[1])
        self.url = gate.url
        app = application(gate, descriptor, reading, told)
        # Who stops it does not wait for what the store still sends.
        self._thread = ServerThread(app, listening, most=_MOST, ended=self._fail, finish_s=1)
        if not self._thread.start():
            raise ChaninfraError("the server did not start", where=f"{HOST}:{gate.port}", remedy="try again")

    def _fail(self, _reason: str) -> None:
        self.failed = True
        self._ended()

    def stop(self) -> None:
        """Stop it."""
        self._thread.stop()


def _listen(port: int | None) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # On Windows this would let two programs have one port.
    if sys.platform != "win32":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port or 0))
        listening.listen()
    except OSError as error:
        listening.close()
        why = "another program listens there" if error.errno == errno.EADDRINUSE else error.strerror
        raise ConfigurationError(
            f"cannot listen at {HOST}:{port or 0}: {why}",
            where="--port",
            remedy="leave --port out, which finds a free one, or name another one",
        ) from error
    return listening
