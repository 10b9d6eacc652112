"""The page of the stores, printed from the rows of PROVIDERS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import CAPABILITIES, UNVERIFIED, Fact, Provider, Support

_MARKS: dict[Support, str] = {"yes": "yes", "no": "no", "unknown": "?"}
_HEAD = """# The stores

What chaninfra knows of each store, printed from the rows that the program itself uses; `chaninfra providers NAME`
prints one row. Every fact says where it is from. `unverified` means that nobody has looked it up or tried it, and `?`
that nothing is known: `chaninfra doctor --probe` finds out what your store really does.

`provider` in the stack config, or `--provider`, names the row. What a row says is a default: `region`, `endpoint-url`
and `force-path-style` go before it. For the stores of pixi's page the defaults are those that the page shows, also
where the store's own documentation has another region, which is then among the limits."""


def providers() -> str:
    """The page."""
    rows = [*PROVIDERS.values()]
    return "\n".join(
        [
            _HEAD,
            "",
            "## How it is reached",
            "",
            "`{names}` are keys of the stack config; what is in `[…]` is left out where the key is not set.",
            "",
            *_table(
                ("provider", "store", "endpoint", "region", "addressing"),
                ((f"`{row.name}`", row.title, *map(_code, (row.endpoint, row.region, row.addressing))) for row in rows),
            ),
            "",
            "## Public channels, and keys",
            "",
            "How a bucket becomes readable by everybody, the https URL that it then has, how keys are made that may do",
            "one thing only, and how those get in who come with a token. `{bucket-url}` is the bucket's URL at the S3",
            "endpoint. What is done `by-hand` stands in the stack output `next-steps`.",
            "",
            *_table(
                ("provider", "public by", "URL", "its limits", "keys by", "tokens by"),
                (
                    (
                        f"`{row.name}`",
                        row.public.value,
                        _code(row.public_url) if row.public_url.value else "`public-url` must be given",
                        row.public_url.note or "",
                        row.keys.value,
                        row.oidc.value,
                    )
                    for row in rows
                ),
            ),
            "",
            "## What it can do",
            "",
            "In italics what is unverified.",
            "",
            *_table(
                ("", *(f"`{row.name}`" for row in rows)),
                ((f"`{name}`", *(_mark(row.capabilities[name]) for row in rows)) for name in CAPABILITIES),
            ),
            "",
            *(f"- `{name}`: {meaning}" for name, meaning in CAPABILITIES.items()),
            "",
            "Where a store has no conditional writes, two writers at once can lose each other's packages: set",
            "`index.writers` to `single`, and see to it that one writes at a time.",
            "",
            *(line for row in rows for line in _section(row)),
        ]
    )


def _section(row: Provider) -> list[str]:
    return [
        f"## {row.title}",
        "",
        *_table(
            (f"`{row.name}`", "", "limits", "where it is from"),
            ((f"`{name}`", _code(fact), fact.note or "", _source(fact)) for name, fact in row.facts().items()),
        ),
        "",
    ]


def _mark(fact: Fact[Support]) -> str:
    mark = _MARKS[fact.value]
    return f"*{mark}*" if fact.source == UNVERIFIED and fact.value != "unknown" else mark


def _source(fact: Fact[Any]) -> str:
    return f"*{UNVERIFIED}*" if fact.source == UNVERIFIED else fact.source


def _code(fact: Fact[Any]) -> str:
    return "must be given" if fact.value is None else f"`{fact.value}`"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = [*head]
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
