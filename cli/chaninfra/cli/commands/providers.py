"""`chaninfra providers`."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import provider_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chaninfra.channel.providers.model import Capability, Fact, Provider

_REQUIRED = "(required)"
_WIDTH = 100
_NARROWEST = 20


def providers(
    *,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Print every fact about this provider.", autocompletion=provider_names),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """List the known stores, or the facts about one.

    PUBLIC BY: what `pulumi up` uses to make a channel public; by-hand: you do it, the stack output `next-steps` says
    how. KEYS BY: what creates access keys; by-hand: you, in the store's console. CONDITIONAL WRITES: which ones the
    store honours; `?` means unknown. MEASURED: whether facts were tried on a server of our own, or all of them
    are from documents; with NAME, on which server and day.

    With NAME, each fact has the number of its source.

    \b
    Examples:
      chaninfra providers
      chaninfra providers r2
      chaninfra providers r2 --json
    """
    from chaninfra.channel.providers import PROVIDERS
    from chaninfra.channel.spec.locate import provider_row

    rows = [provider_row(name, None, "providers")] if name else [*PROVIDERS.values()]
    if as_json:
        documents = [_document(row) for row in rows]
        streams.result_json(documents[0] if name else documents)
    elif name:
        streams.result(_details(rows[0]))
    else:
        streams.result(_table(rows))


def _table(rows: Iterable[Provider]) -> str:
    from chaninfra.channel.providers.evidence import evidence

    head = ("NAME", "STORE", "REGION", "PUBLIC BY", "KEYS BY", "CONDITIONAL WRITES", "MEASURED")
    return streams.table(
        [
            head,
            *(
                (
                    row.name,
                    row.title,
                    row.region.value or _REQUIRED,
                    row.public.value,
                    row.keys.value,
                    _conditional(row),
                    "yes" if evidence(row).servers else "no",
                )
                for row in rows
            ),
        ]
    )


def _conditional(row: Provider) -> str:
    """The kinds of conditional writes that the store honours; a kind of which it is not known gets a `?`."""
    suffixes = {"yes": "", "unknown": "?"}
    kinds: dict[str, Capability] = {
        "create": "conditional-create",
        "replace": "conditional-replace",
        "multipart": "conditional-multipart",
    }
    values = {kind: row.capabilities[capability].value for kind, capability in kinds.items()}
    return " ".join(f"{kind}{suffixes[value]}" for kind, value in values.items() if value != "no") or "none"


def _grounds(row: Provider) -> str:
    """On what the facts rest: `31 facts: 26 measured (Ceph 16.2.15, 2026-11-27), 3 documented, 2 unverified`."""
    from chaninfra.channel.providers.evidence import evidence

    known = evidence(row)
    where = f" ({', '.join([*known.servers, known.date or ''])})" if known.servers else ""
    total = known.measured + known.documented + known.unverified
    counts = f"{known.measured} measured{where}, {known.documented} documented, {known.unverified} unverified"
    return f"{total} facts: {counts}"


def _details(row: Provider) -> str:
    """One provider: a line per fact with the number of its source, below it the fact's note; then the sources."""
    from chaninfra.cli.output.tables import terminal_width

    facts = row.facts()
    sources = [*dict.fromkeys(fact.source for fact in facts.values())]
    indent = " " * (max(map(len, facts)) + 2)
    width = max(len(indent) + _NARROWEST, min(_WIDTH, terminal_width() or _WIDTH))
    lines = [f"{row.title} ({row.name})", _grounds(row), ""]
    for column, fact in facts.items():
        lines.append(f"{column.ljust(len(indent))}{_plain(fact)}  [{sources.index(fact.source) + 1}]")
        if fact.note:
            lines += wrap(fact.note, width, initial_indent=f"{indent}  ", subsequent_indent=f"{indent}  ")
    return "\n".join([*lines, "", *(f"[{number}] {source}" for number, source in enumerate(sources, 1))])


def _plain(fact: Fact[Any]) -> str:
    return _REQUIRED if fact.value is None else str(fact.value)


def _document(row: Provider) -> dict[str, Any]:
    from dataclasses import asdict

    from chaninfra.channel.providers.evidence import evidence, ground

    facts = {
        name: {"value": fact.value, "source": fact.source, "ground": ground(fact)}
        | ({"note": fact.note} if fact.note else {})
        for name, fact in row.facts().items()
    }
    return {"name": row.name, "title": row.title, "evidence": asdict(evidence(row)), **facts}
