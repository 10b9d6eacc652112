"""`chaninfra providers`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from chaninfra.cli import output
from chaninfra.cli.store_flags import provider_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chaninfra.channel.provider import Fact, Provider


def providers(
    *,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="One provider.", autocompletion=provider_names)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program to read.")] = False,
) -> None:
    """Print the known stores, or every fact about one.

    \b
    Examples:
      chaninfra providers
      chaninfra providers r2
      chaninfra providers r2 --json
    """
    from chaninfra.channel.providers import PROVIDERS
    from chaninfra.channel.spec import provider_row

    rows = [provider_row(name, None, "providers")] if name else [*PROVIDERS.values()]
    if as_json:
        documents = [_document(row) for row in rows]
        output.result_json(documents[0] if name else documents)
    elif name:
        output.result(_details(rows[0]))
    else:
        output.result(_table(rows))


def _table(rows: Iterable[Provider]) -> str:
    head = ("NAME", "STORE", "REGION", "ADDRESSING", "PUBLIC BY", "KEYS BY", "CONDITIONAL WRITES")
    return output.table(
        [
            head,
            *(
                (
                    row.name,
                    row.title,
                    row.region.value or "(needed)",
                    row.addressing.value,
                    row.public.value,
                    row.keys.value,
                    _conditional(row),
                )
                for row in rows
            ),
        ]
    )


def _conditional(row: Provider) -> str:
    """The conditional writes that the row says yes to; `?` where it knows nothing."""
    found = {
        "create": row.capabilities["conditional-create"].value,
        "replace": row.capabilities["conditional-replace"].value,
        "multipart": row.capabilities["conditional-multipart"].value,
    }
    if "unknown" in found.values():
        return "?"
    return ", ".join(name for name, value in found.items() if value == "yes") or "none"


def _details(row: Provider) -> str:
    """One row: a line for each fact, below it its limits, beside it its source."""
    lines = [(f"{row.title} ({row.name})", "", "")]
    for column, fact in row.facts().items():
        lines += [(column, _plain(fact), fact.source), *([("", f"  {fact.note}", "")] if fact.note else [])]
    return output.table(lines)


def _plain(fact: Fact[Any]) -> str:
    return "(needed)" if fact.value is None else str(fact.value)


def _document(row: Provider) -> dict[str, Any]:
    facts = {
        name: {"value": fact.value, "source": fact.source} | ({"note": fact.note} if fact.note else {})
        for name, fact in row.facts().items()
    }
    return {"name": row.name, "title": row.title, **facts}
