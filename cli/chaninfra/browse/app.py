"""The application: the page, the descriptor, and the index of the channel."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from starlette.requests import Request

from chaninfra.browse import answers, keys
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.outputs.descriptor import Descriptor, dump
from chaninfra.channel.page.files import page_files

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from chaninfra.browse.gate import Gate
    from chaninfra.browse.reading import Reading

_METHODS = ("GET", "HEAD")


def application(gate: Gate, descriptor: Descriptor, reading: Reading) -> ASGIApp:
    """`descriptor` is served as channel.json: as the command found the channel, with its options."""
    page = answers.page(page_files())
    channel_json = dump(descriptor)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            response = await answer(request)
        except ChaninfraError as error:
            response = answers.failure(error)
        await response(scope, receive, send)

    async def answer(request: Request) -> Response:
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
        if (asked := keys.shown(path)) is not None:
            return await stored(request, asked)
        if (package := keys.package(path)) is not None:
            return answers.text(404, _how_to_get(package, descriptor))
        return answers.text(404, "`chaninfra browse` shows the index of the channel, and nothing else.")

    async def stored(request: Request, asked: keys.Shown) -> Response:
        key = descriptor.key(asked.key)
        if request.method == "HEAD":
            entry = await reading.head(key)
            return missing(asked) if entry is None else answers.size(entry.size)
        found = await reading.get(key, asked.most)
        return missing(asked) if found is None else answers.content(found.data)

    def missing(asked: keys.Shown) -> Response:
        return answers.text(404, f"There is no {asked.key} in the channel.")

    return app


def _how_to_get(package: str, descriptor: Descriptor) -> str:
    words = ["aws", "s3", "cp", f"{descriptor.url}/{package}", ".", "--endpoint-url", descriptor.endpoint_url]
    how = "Install it with pixi, conda or mamba, or download it:"
    return f"`chaninfra browse` shows the index, and passes on no package. {how}\n{shlex.join(words)}"
