"""`chaninfra demo`."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated

import typer


def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the store and the channel until Ctrl-C.")] = False,
) -> None:
    """Show the whole workflow on this machine.

    Starts a local S3 store, declares a channel and provisions it with Pulumi, publishes a package and installs it.
    Needs no account, but the packages of the extra `demo`.

    \b
    Examples:
      chaninfra demo
      chaninfra demo --keep
    """
    from chaninfra.channel.extras import require

    require("demo", what="`chaninfra demo`")
    from chaninfra.demo import run

    # The engine prints characters that not every terminal has.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    run(keep=keep)
