"""The application: the page, the descriptor, and the index of the channel."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request

from chaninfra.browse import answers
from chaninfra.browse.keys import Shown, package, shown
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import ChaninfraError, UnreachableError
from chaninfra.channel.outputs.descriptor import Descriptor, dump
from chaninfra.channel.page.files import page_files

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from chaninfra.browse.gate import Gate
    from chaninfra.browse.reading import Reading

_METHODS = ("GET", "HEAD")
_LONGEST_S = 600.0
"""Longest time in seconds that an object takes, also where the browser does not read on. The page waits half of it."""


class _BrokenOffError(Exception):
    """An answer that has begun cannot be finished."""


def application(
    gate: Gate, descriptor: Descriptor, reading: Reading, told: Callable[[ChaninfraError], None]
) -> ASGIApp:
    """`descriptor` is served as channel.json: as the command found the channel, with its options. `told` is called with
    each failure of the store: a page shows no more than the status.
    """
    page = answers.page(page_files())
    channel_json = dump(descriptor)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        found = answer(request)
        if isinstance(found, Shown):
            await pass_on(request, found, receive, send)
        else:
            await found(scope, receive, send)

    def answer(request: Request) -> Response | Shown:
        if (refusal := gate.refusal(request.headers)) is not None:
            return answers.text(403, refusal)
        if request.method not in _METHODS:
            return answers.text(405, "There is nothing to do here but to read.", Allow=", ".join(_METHODS))
        # As it was sent: what is decoded may look like another path.
        path = request.scope["raw_path"].decode("latin-1").removeprefix("/")
        inside = gate.is_open_to(request.cookies)
        token = request.query_params.get("token")
        if path == "" and token is not None and request.method == "GET":
            if inside:
                return answers.to_the_page()
            if gate.use(token):
                return answers.to_the_page(gate.set_cookie)
        if not inside:
            return answers.text(403, gate.closed)
        if path in page:
            return page[path]
        if path == CHANNEL_JSON:
            return answers.content(channel_json)
        if (asked := shown(path)) is not None:
            return asked
        if (named := package(path)) is not None:
            return answers.text(404, _how_to_get(named, descriptor))
        return answers.text(404, "`chaninfra browse` shows the index of the channel, and nothing else.")

    async def pass_on(request: Request, asked: Shown, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(_LONGEST_S), reading.turn():
                response = await stored(request.method, asked)
                await response(request.scope, receive, send)
        except UnreachableError as error:
            await failure(error)(request.scope, receive, send)

    async def stored(method: str, asked: Shown) -> Response:
        key = descriptor.key(asked.key)
        try:
            if method == "HEAD":
                entry = await reading.head(key)
                return missing(asked) if entry is None else answers.size(entry.size)
            found = await reading.get(key, asked.most)
        except ChaninfraError as error:
            return failure(error)
        return missing(asked) if found is None else answers.stream(found.size, told_of(found.parts))

    async def told_of(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for part in parts:
                yield part
        except ChaninfraError as error:
            # The answer has begun: it ends before it is whole, which the browser sees.
            told(error)
            raise _BrokenOffError from error

    def failure(error: ChaninfraError) -> Response:
        told(error)
        return answers.failure(error)

    def missing(asked: Shown) -> Response:
        return answers.text(404, f"There is no {asked.key} in the channel.")

    return app


def _how_to_get(package: str, descriptor: Descriptor) -> str:
    words = ["aws", "s3", "cp", f"{descriptor.url}/{package}", ".", "--endpoint-url", descriptor.endpoint_url]
    how = "Install it with pixi, conda or mamba, or download it:"
    return f"`chaninfra browse` shows the index, and passes on no package. {how}\n{shlex.join(words)}"
