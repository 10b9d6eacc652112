"""What the facts of a row rest on: a server of our own on which they were tried, documents, or nothing yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from chaninfra.channel.providers.model import UNVERIFIED, Fact, Provider

Ground = Literal["measured", "documented", "unverified"]
"""`measured`: tried on a server of our own; `documented`: documents say so, or others who tried; `unverified`: neither,
or nothing is known."""

_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the facts of a row rest on, together."""

    measured: int
    """Number of facts that are measured; and so on."""
    documented: int
    unverified: int
    servers: tuple[str, ...]
    """The servers on which they were tried, with their versions: `Ceph 16.2.15`."""
    date: str | None
    """The day of the newest try; without one, that of the newest document that names one. YYYY-MM-DD."""


def ground(fact: Fact[Any]) -> Ground:
    """What a fact rests on."""
    if any(source.server is not None for source in fact.sources):
        return "measured"
    return "unverified" if fact.cited == UNVERIFIED else "documented"


def evidence(row: Provider) -> Evidence:
    """What the facts of a row rest on."""
    facts = [*row.facts().values()]
    grounds = [ground(fact) for fact in facts]
    sources = [source for fact in facts for source in fact.sources]
    tried = [source.tried for source in sources if source.tried is not None]
    named = [day for source in sources for day in _DAY.findall(source.title)]
    return Evidence(
        measured=grounds.count("measured"),
        documented=grounds.count("documented"),
        unverified=grounds.count("unverified"),
        servers=tuple(dict.fromkeys(source.server for source in sources if source.server is not None)),
        date=max(tried or named, default=None),
    )
