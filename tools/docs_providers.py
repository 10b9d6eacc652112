"""`docs/providers.md`, printed from the rows of PROVIDERS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.evidence import Ground, evidence, ground
from chaninfra.channel.providers.model import CAPABILITIES, UNVERIFIED, Fact, Provider, Source, Support

_MARKS: dict[Support, str] = {"yes": "yes", "no": "no", "unknown": "?"}
_GROUNDS: dict[Ground, str] = {"measured": "**{}**", "documented": "{}", "unverified": "*{}*"}
_HEAD = """# The stores

What chaninfra knows about each store. The tables are generated from the data that the program uses;
`chaninfra providers NAME` prints the facts about one store. Every fact has a source. `unverified` means that nobody has
looked it up or tried it, and `?` that nothing is known: `chaninfra doctor --probe` tests what your store really does.

Measured facts were tried on a server of our own, by tests that fail where the server does something else: with several
writers at once where that matters, and with readers who must not get what they ask for. All other facts are from
documents, or from others who tried. Nobody waits for days, so a lifecycle rule counts as measured when the store keeps
it.

Choose the store with `provider` in the stack config, or with `--provider`. Its facts are defaults: `region`,
`endpoint-url` and `force-path-style` override them. Stores that pixi's documentation covers have the defaults shown
there, even if the store's own documentation uses another region; the column "limits" then mentions that region."""


def providers() -> str:
    """The text of the page."""
    rows = [*PROVIDERS.values()]
    return "\n".join(
        [
            _HEAD,
            "",
            "## Measured, or from documents",
            "",
            *_table(
                ("provider", "store", "facts from", "last", "measured", "documented", "unverified"),
                map(_evidence, rows),
            ),
            "",
            "## Endpoints",
            "",
            "`{names}` are keys of the stack config; the part in `[…]` is omitted if its key is not set.",
            "",
            *_table(
                ("provider", "store", "endpoint", "region", "addressing"),
                ((f"`{row.name}`", row.title, *map(_code, (row.endpoint, row.region, row.addressing))) for row in rows),
            ),
            "",
            "## Public channels and access keys",
            "",
            "How a bucket is made public, the https URL that it then has, how access keys with limited permissions",
            "are made, and how tokens of an OIDC issuer are accepted. `{bucket-url}` is the bucket's URL at the S3",
            'endpoint. Instructions for what is `by-hand` are in the stack output `next-steps`. The column "page at /"',
            "says whether the URL, with a slash at its end, answers with the [page](page.md) of the channel; at",
            "`index.html` below it the page is on every store.",
            "",
            *_table(
                ("provider", "public by", "URL", "limits of the URL", "page at /", "keys by", "tokens by"),
                (
                    (
                        f"`{row.name}`",
                        row.public.value,
                        _code(row.public_url) if row.public_url.value else "`public-url` must be given",
                        row.public_url.note or "",
                        _mark(row.index_document),
                        row.keys.value,
                        row.oidc.value,
                    )
                    for row in rows
                ),
            ),
            "",
            "## Settings of a bucket",
            "",
            "What becomes of several settings of a bucket (versioning, lifecycle, CORS, tags, policy) that are changed",
            "at the same time. `one-by-one`: the store answers all with success, and one may be lost. A stack changes",
            "them one after the other on every store, and reads each back. So where this is not `independent`, let",
            "only one stack with the same bucket run at a time.",
            "",
            *_table(
                ("provider", "changes at once"),
                (
                    (f"`{row.name}`", _of_ground(row.settings_changes, row.settings_changes.value))
                    for row in rows
                    if row.settings_changes.value != "unknown"
                ),
            ),
            "",
            "Of all other stores it is not known.",
            "",
            "## Capabilities",
            "",
            "Measured values are in bold, unverified ones in italics.",
            "",
            *_table(
                ("", *(f"`{row.name}`" for row in rows)),
                ((f"`{name}`", *(_mark(row.capabilities[name]) for row in rows)) for name in CAPABILITIES),
            ),
            "",
            *(f"- `{name}`: {meaning}" for name, meaning in CAPABILITIES.items()),
            "",
            "Without conditional writes, two writers that run at the same time can lose each other's packages. On",
            "such a store set `index.writers` to `single`, and make sure that only one writer runs at a time.",
            "",
            *(line for row in rows for line in _section(row)),
        ]
    )


def _section(row: Provider) -> list[str]:
    return [
        f"## {row.title}",
        "",
        *_table(
            (f"`{row.name}`", "", "limits", "source"),
            ((f"`{name}`", _code(fact), fact.note or "", _sources(fact)) for name, fact in row.facts().items()),
        ),
        "",
    ]


def _evidence(row: Provider) -> tuple[str, ...]:
    known = evidence(row)
    where = ", ".join(known.servers) if known.servers else "documents"
    counts = (known.measured, known.documented, known.unverified)
    return (f"`{row.name}`", row.title, where, known.date or "", *map(str, counts))


def _mark(fact: Fact[Support]) -> str:
    mark = _MARKS[fact.value]
    return mark if fact.value == "unknown" else _of_ground(fact, mark)


def _of_ground(fact: Fact[Any], text: str) -> str:
    return _GROUNDS[ground(fact)].format(text)


def _sources(fact: Fact[Any]) -> str:
    if fact.cited == UNVERIFIED:
        return f"*{UNVERIFIED.title}*"
    return "; ".join(map(_link, fact.sources))


def _link(source: Source) -> str:
    return source.title if source.url is None else f"[{source.title}]({source.url})"


def _code(fact: Fact[Any]) -> str:
    return "must be given" if fact.value is None else f"`{fact.value}`"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = [*head]
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
