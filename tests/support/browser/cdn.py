"""A stand-in for a CDN before a bucket, by http on the loopback interface: it has the channel at a path of its own,
answers for a folder with its index.html, compresses what is text, caches what the bucket lets it, and sends the headers
that CloudFront is told to send.
"""

from __future__ import annotations

import gzip
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from chaninfra.channel.page.files import content_security_policy
from support.browser.full_channel import PublicChannel
from support.servers.web_server import Answer, Request, WebServer, web_server

FOLDER = "/conda/c/"
_COMPRESSED = ("text/", "application/json")
_KEPT = ("Content-Type", "Cache-Control", "ETag")


@dataclass(frozen=True)
class Cdn:
    """The running stand-in."""

    server: WebServer

    @property
    def url(self) -> str:
        """Where the channel is, with a slash at the end."""
        return f"{self.server.url}{FOLDER}"


@contextmanager
def cdn(channel: PublicChannel, **said: str) -> Iterator[Cdn]:
    """A CDN before the channel, whose channel.json names it, as with the key `cdn`; `said`: what else it says."""
    with web_server() as server:
        cache: dict[str, Answer] = {}
        running = Cdn(server)

        def behaviour(request: Request) -> Answer | None:
            if not request.file.startswith(FOLDER):
                return None
            name = request.file.removeprefix(FOLDER)
            name += "index.html" if name == "" or name.endswith("/") else ""
            hit = name in cache
            if not hit:
                cache[name] = _fetched(channel, name, {"public-url": running.url.rstrip("/"), **said})
            found = cache[name] if hit else cache.pop(name)
            if not hit and found.status == 200 and "no-cache" not in found.headers.get("Cache-Control", "no-cache"):
                cache[name] = found
            cached = {"X-Cache": "Hit from a stand-in" if hit else "Miss from a stand-in"}
            return _compressed(request, replace(found, headers={**found.headers, **cached}))

        server.behaviours.append(behaviour)
        yield running


def _fetched(channel: PublicChannel, name: str, said: Mapping[str, str]) -> Answer:
    policy = {
        "Content-Security-Policy": f"{content_security_policy()}; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
    }
    try:
        with urllib.request.urlopen(f"{channel.url}{name}", timeout=20) as answer:  # noqa: S310 - a test server's URL
            headers = {key: answer.headers[key] for key in _KEPT if answer.headers[key]}
            body = answer.read()
    except urllib.error.HTTPError as error:
        return Answer(error.code, policy, error.read())
    if name == "channel.json":
        body = json.dumps({**json.loads(body), **said}).encode()
    return Answer(headers={**headers, **policy}, body=body)


def _compressed(request: Request, answer: Answer) -> Answer:
    kind = answer.headers.get("Content-Type", "")
    if "gzip" not in request.headers.get("accept-encoding", "") or not kind.startswith(_COMPRESSED):
        return answer
    return replace(answer, headers={**answer.headers, "Content-Encoding": "gzip"}, body=gzip.compress(answer.body))
