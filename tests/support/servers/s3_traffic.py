"""What a proxy before an S3 server sees, and what it may be told to do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Request:
    """A request as it was seen: `status` is what the client was answered, None while nothing was.

    `client` is the name of the listener that it came in by; `up` and `down` are bytes, heads included.
    """

    client: str
    method: str
    target: str
    condition: bool = False
    status: int | None = None
    up: int = 0
    down: int = 0

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class Answer:
    """The proxy answers in the server's place, and the server sees nothing."""

    status: int
    code: str


@dataclass(frozen=True)
class Reset:
    """The connection breaks: `before` the server saw the request, or `after` it did the work (a lost answer)."""

    when: Literal["before", "after"]


@dataclass(frozen=True)
class Delay:
    """The request reaches the server so many seconds later."""

    seconds: float


@dataclass(frozen=True)
class Hold:
    """The request is never answered; `reached` is called (in the proxy's thread) once it hangs.

    `before`: the server has not seen it. `after`: the server has done it.
    """

    when: Literal["before", "after"]
    reached: Callable[[], None]


Fault = Answer | Reset | Delay | Hold
Rule = Callable[[Request], Fault | None]
"""Called for each request in the order of their arrival, in the proxy's thread; None: it goes through."""


@dataclass
class Traffic:
    """What went through since the last `take`."""

    log: list[Request] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many requests there were, those that failed included."""
        return len(self.log)

    @property
    def up(self) -> int:
        """Bytes from clients."""
        return sum(request.up for request in self.log)

    @property
    def down(self) -> int:
        """Bytes to clients."""
        return sum(request.down for request in self.log)

    def lines(self) -> str:
        """A line a request, for messages."""
        return "\n".join(f"{each.method} {each.target} -> {each.status}" for each in self.log)
