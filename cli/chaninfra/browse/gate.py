"""Who may ask: the browser that came by the printed URL, and no page but ours in it.

Other pages in the same browser, and other people on the same machine, reach the port too.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.datastructures import Headers

HOST = "127.0.0.1"
_AGAIN = (
    "Run `chaninfra browse` again, and open the URL that it prints. It works once, in one browser; if you did not use "
    "it yourself, stop the command first: somebody else did."
)


def _random() -> str:
    return secrets.token_urlsafe(32)


@dataclass
class Gate:
    """What a request must show. `token` is that of the URL; None: it was used. `session` is the value of the cookie."""

    port: int
    token: str | None = field(default_factory=_random, repr=False)
    session: str = field(default_factory=_random, repr=False)

    @property
    def url(self) -> str:
        """The URL to open; it works once."""
        return f"{self._origin(HOST)}/?token={self.token}"

    @property
    def cookie(self) -> str:
        """The name of the cookie. Browsers send one to every port of a host, so each server has its own."""
        return f"chaninfra-browse-{self.port}"

    @property
    def set_cookie(self) -> str:
        """The header that gives the cookie to a browser, until it is closed."""
        return f"{self.cookie}={self.session}; Path=/; HttpOnly; SameSite=Strict"

    def refusal(self, headers: Headers) -> str | None:
        """Why a request with these headers is refused, whoever makes it; None: it is not.

        A page elsewhere can have a name that means this machine (DNS rebinding), so the host must be named as we do.
        """
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        ours = {self._origin(name).removeprefix("http://") for name in (HOST, "localhost")}
        if len(hosts) != 1 or hosts[0] not in ours:
            return f"This server is {self._origin(HOST)}, and the request names another host."
        if any(origin != f"http://{hosts[0]}" for origin in origins):
            return "The request comes from another page."
        if not {*headers.getlist("sec-fetch-site")} <= {"same-origin", "none"}:
            return "The request comes from another page. Copy the URL into the address bar of the browser."
        return None

    def is_open_to(self, cookies: dict[str, str]) -> bool:
        """Whether one of the cookies is ours."""
        return _same(cookies.get(self.cookie), self.session)

    def use(self, token: str) -> bool:
        """Whether this is the token of the URL, which is used by that."""
        right = _same(token, self.token)
        if right:
            self.token = None
        return right

    @property
    def closed(self) -> str:
        """What is told to those who show nothing."""
        return f"This page is open only in the browser that came by the URL of `chaninfra browse`.\n{_AGAIN}"

    def _origin(self, host: str) -> str:
        # Browsers leave out the usual port.
        return f"http://{host}" if self.port == 80 else f"http://{host}:{self.port}"


def _same(given: str | None, right: str | None) -> bool:
    return given is not None and right is not None and secrets.compare_digest(given.encode(), right.encode())
