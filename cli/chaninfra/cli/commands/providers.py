"""`chaninfra providers`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chaninfra.channel.providers import PROVIDERS, Provider
from chaninfra.cli import output
from chaninfra.cli.store_flags import provider_names


def providers(
    *,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="One provider.", autocompletion=provider_names)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program to read.")] = False,
) -> None:
    """Print the known stores, or all about one.

    \b
    Examples:
      chaninfra providers
      chaninfra providers r2
    """
    from chaninfra.channel.spec import provider_row

    rows = [provider_row(name, None, "providers")] if name else [*PROVIDERS.values()]
    if as_json:
        documents = [_document(row) for row in rows]
        output.result_json(documents[0] if name else documents)
    elif name:
        output.result(_details(rows[0]))
    else:
        output.result(_table(rows))


def _table(rows: list[Provider]) -> str:
    head = ("NAME", "STORE", "ENDPOINT", "REGION", "ADDRESSING", "PUBLIC")
    return output.table(
        [
            head,
            *(
                (
                    row.name,
                    row.title,
                    row.endpoint or "(needed)",
                    row.region or "(needed)",
                    row.addressing,
                    row.public,
                )
                for row in rows
            ),
        ]
    )


def _details(row: Provider) -> str:
    return output.table([(f"{key}:", _plain(value)) for key, value in _document(row).items() if value is not None])


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _document(row: Provider) -> dict[str, Any]:
    return {
        "name": row.name,
        "title": row.title,
        "endpoint": row.endpoint,
        "region": row.region,
        "addressing": row.addressing,
        "force-path-style": row.addressing == "path",
        "public": row.public,
        "public-note": row.public_note,
        "source": row.source,
    }
