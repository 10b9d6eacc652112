"""The answers: what a browser may do with each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import MappingProxyType

from starlette.responses import PlainTextResponse, Response, StreamingResponse

from chaninfra.channel.conda.object_names import INDEX_HTML
from chaninfra.channel.errors import ChaninfraError, DeniedError
from chaninfra.channel.page.files import PageFile, content_security_policy
from chaninfra.channel.text import one_line

_ALL = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    # The next server at this port may be another one.
    "Cache-Control": "no-store",
}
_NO_PAGE = MappingProxyType({**_ALL, "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'"})
"""Objects are input: nothing in them is run or shown, wherever a browser is led to open one."""
_LONGEST = 600
"""Most characters of a line of an error that are told."""


def content(data: bytes) -> Response:
    """An object of the channel."""
    return Response(data, media_type="application/octet-stream", headers=_NO_PAGE)


def stream(number: int, parts: AsyncIterator[bytes]) -> Response:
    """An object of so many bytes, which come in parts."""
    headers = {**_NO_PAGE, "Content-Length": str(number)}
    return StreamingResponse(parts, media_type="application/octet-stream", headers=headers)


def size(number: int) -> Response:
    """The answer to HEAD for an object of so many bytes."""
    return Response(media_type="application/octet-stream", headers={**_NO_PAGE, "Content-Length": str(number)})


def page(files: tuple[PageFile, ...]) -> dict[str, Response]:
    """Path → a file of the page. Its policy is that in its `index.html`, and nobody may show it within a page."""
    policy = f"{content_security_policy()}; frame-ancestors 'none'"
    headers = {**_ALL, "Content-Security-Policy": policy, "Cross-Origin-Opener-Policy": "same-origin"}
    answers = {
        file.name: Response(file.body.data, headers={**headers, "Content-Type": file.body.content_type})
        for file in files
    }
    return {**answers, "": answers[INDEX_HTML]}


def text(status: int, told: str, **headers: str) -> Response:
    """A short text."""
    return PlainTextResponse(f"{told}\n", status, headers={**_NO_PAGE, **headers})


def to_the_page(set_cookie: str | None = None) -> Response:
    """A redirect to the page, whose URL has no token."""
    more = {"Set-Cookie": set_cookie} if set_cookie else {}
    return Response(status_code=303, headers={**_NO_PAGE, "Location": "/", **more})


def failure(error: ChaninfraError) -> Response:
    """What the store said instead of an object: 403 where these credentials may not read it, else 502."""
    lines = [error.summary, *(error.remedy or "").splitlines()]
    told = "\n".join(one_line(line)[:_LONGEST] for line in lines[:5] if line)
    return text(403 if isinstance(error, DeniedError) else 502, told)
