"""`chaninfra schema`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from chaninfra.cli import output


def schema(
    *,
    name: Annotated[
        Literal["stack-config", "channel", "access"] | None,
        typer.Argument(metavar="NAME", help="Which one; left out, their names."),
    ] = None,
) -> None:
    """Print a JSON schema.

    Of the stack config, of a channel.json, or of the stack output `access`.

    \b
    Examples:
      chaninfra schema
      chaninfra schema stack-config > stack-config.schema.json
    """
    from chaninfra.channel.schemas import NAMES, folder

    output.result((folder() / f"{name}.schema.json").read_text("utf-8") if name else "\n".join(NAMES))
