"""The server of a follower: takes events by POST, and tells its health and metrics.

An event is acknowledged when its keys wait in memory: stores that retry send one event after the other, so an answer
after the commit would let them send one a second. What waits when a process is killed is found by the comparison with
which the next one starts. While the store cannot be used, the keys are taken all the same, and the answer is 503: a
store that keeps its events sends them again, and of one that does not, none is lost.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chaninfra.channel.errors import ConfigurationError
from chaninfra.follow.events import MAX_BODY, EventError, hints_in
from chaninfra.follow.metrics import CONTENT_TYPE, Metrics, Refusal
from chaninfra.serving.server_thread import ServerThread

if TYPE_CHECKING:
    from chaninfra.follow.follower import Follower
    from chaninfra.follow.log import Log
    from chaninfra.follow.secret import Secret

MOST = 512
"""Most connections; others get 503, also those who show the secret."""
_BUSY = 200
"""With so many at once, some may have been refused so."""
_ONCE = {"Connection": "close"}
"""versitygw leaves each connection open that it has sent an event by."""
_BODY_S = 10.0
"""Longest time in seconds that a sender may take for a body."""
_AGAIN_S = 5
"""After so many seconds an event may be sent again that was not acknowledged."""
_MOST_TOLD = 20
"""So many foreign buckets are logged, each once: versitygw sends the events of all of a server's."""
_REFUSED_PER_S = 10
"""So many refused requests a second are answered; more get 429 before anything of them is read."""
_STATUS: dict[Refusal, int] = {
    "unauthorized": 401,
    "malformed": 400,
    "too-large": 413,
    "too-many": 429,
}


class _Refused(Exception):  # noqa: N818 (it is an answer)
    def __init__(self, refusal: Refusal, reason: str) -> None:
        super().__init__(reason)
        self.refusal = refusal


class _Limit:
    """Lets so many refused requests a second through."""

    def __init__(self) -> None:
        self._left = float(_REFUSED_PER_S)
        self._at = time.monotonic()

    def exceeded(self) -> bool:
        now = time.monotonic()
        self._left = min(float(_REFUSED_PER_S), self._left + (now - self._at) * _REFUSED_PER_S)
        self._at = now
        return self._left < 1

    def take(self) -> None:
        self._left = max(0.0, self._left - 1)


def webhook(server: Server) -> Starlette:
    """The application: POST / with an event, GET /healthz, GET /metrics."""
    limit, metrics, log, secret = _Limit(), server.metrics, server.log, server.secret
    told: set[str] = set()

    async def events(request: Request) -> Response:
        try:
            given = request.headers.getlist("authorization")
            shown = len(given) == 1 and secret.is_in(given[0])
            if not shown and limit.exceeded():
                raise _Refused("too-many", "too many requests without the secret")
            if not shown:
                raise _Refused("unauthorized", "the header Authorization does not show the secret")
            hints = hints_in(await _body(request))
        except ClientDisconnect:
            return Response(status_code=400)
        except (EventError, _Refused) as error:
            refusal: Refusal = error.refusal if isinstance(error, _Refused) else "malformed"
            metrics.refused.labels(refusal).inc()
            if not limit.exceeded():
                log.write("refused", "warning", reason=refusal, error=str(error))
            if refusal != "too-many":
                limit.take()
            return JSONResponse({"error": str(error)}, status_code=_STATUS[refusal], headers=_headers(refusal))
        follower = server.follower
        if follower is None:
            # The store cannot be reached yet. Some, which send an event once, send a test event when they start.
            return again("the store cannot be reached yet: send it again")
        foreign = [hint.bucket for hint in hints if hint.bucket != follower.bucket]
        metrics.refused.labels("foreign").inc(len(foreign))
        if (new := sorted({*foreign} - told)[:3]) and len(told) < _MOST_TOLD:
            told.update(new)
            log.write("refused", "warning", reason="foreign", buckets=new)
        taken = follower.hint([hint.key for hint in hints if hint.bucket == follower.bucket], "webhook")
        if taken is None:
            return again("too many names wait: send it again")
        if taken and follower.failing:
            return again("the store cannot be used now: the names are kept, and yet send it again")
        return JSONResponse({"taken": taken}, headers=_ONCE)

    def again(error: str) -> Response:
        metrics.not_acknowledged.inc()
        return JSONResponse({"error": error}, status_code=503, headers={"Retry-After": str(_AGAIN_S), **_ONCE})

    async def healthz(_: Request) -> Response:
        healthy = server.follower is not None and server.follower.healthy
        return JSONResponse({"healthy": healthy}, status_code=200 if healthy else 503)

    async def metrics_(_: Request) -> Response:
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    return Starlette(
        routes=[
            Route("/", events, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/metrics", metrics_),
        ]
    )


def _headers(refusal: Refusal) -> dict[str, str]:
    more = {"unauthorized": {"WWW-Authenticate": "Bearer"}, "too-many": {"Retry-After": "1"}}
    return {**more.get(refusal, {}), **_ONCE}


async def _body(request: Request) -> bytes:
    """The body of a request, of MAX_BODY bytes at most, whatever its header says."""
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said[:20]) > MAX_BODY:
        raise _Refused("too-large", f"the body is larger than {MAX_BODY >> 20} MiB")
    data = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for chunk in request.stream():
                data += chunk
                if len(data) > MAX_BODY:
                    raise _Refused("too-large", f"the body is larger than {MAX_BODY >> 20} MiB")
    except TimeoutError:
        raise _Refused("malformed", f"the body took more than {_BODY_S:.0f} s") from None
    return bytes(data)


class Server:
    """The server of a follower, in a thread of its own."""

    def __init__(self, metrics: Metrics, log: Log, secret: Secret, host: str, port: int) -> None:
        self.metrics = metrics
        self.log = log
        self.secret = secret
        self.follower: Follower | None = None
        """None: there is none yet, and no event is taken."""
        self.failed = False
        """Whether it ended without being stopped."""
        self._server = ServerThread(webhook(self), (host, port), most=MOST, ended=self._ended, opened=self._opened)
        self._where = f"--listen {host}:{port}"

    def _opened(self, connections: int) -> None:
        """Some may have been kept out: a listing finds what they told."""
        if connections > _BUSY and self.follower is not None:
            self.follower.missed()

    def _ended(self, reason: str) -> None:
        # No event would come any more.
        self.failed = True
        self.log.write("webhook-failed", "error", reason=reason)
        if self.follower is not None:
            self.follower.stop()

    def start(self) -> None:
        """Start to serve. Raises ConfigurationError if it cannot listen there."""
        if not self._server.start():
            raise ConfigurationError(
                "cannot listen there: another program does, or the address is none of this machine",
                where=self._where,
                remedy="name another one, for example --listen 127.0.0.1:8766",
            )

    def stop(self) -> None:
        """Answer the requests that run, and stop."""
        self._server.stop()
