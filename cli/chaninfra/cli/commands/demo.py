"""`chaninfra demo`."""

from __future__ import annotations

from typing import Annotated

import typer


def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the store running until Ctrl-C.")] = False,
) -> None:
    """Tell the whole story on this machine.

    Declares a channel, provisions it, publishes to it and installs from it. Needs no account
    anywhere, and `pip install 'chaninfra[demo]'`.

    \b
    Examples:
      chaninfra demo
      chaninfra demo --keep
    """
    from chaninfra.demo import run

    run(keep=keep)
