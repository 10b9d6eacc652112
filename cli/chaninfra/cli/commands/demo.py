"""`chaninfra demo`."""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated

import typer

from chaninfra.channel.errors import ConfigurationError

# The module → the package of the extra `demo` that has it.
_PACKAGES = {"pulumi": "pulumi", "moto": "moto", "psutil": "psutil", "rattler_build": "py-rattler-build"}


def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the store and the channel until Ctrl-C.")] = False,
) -> None:
    """Show the whole workflow on this machine.

    Starts a local S3 store, declares a channel and provisions it with Pulumi, publishes a package and installs it.
    Needs no account, but the extra packages of `pip install '.[demo]'` in a clone.

    \b
    Examples:
      chaninfra demo
      chaninfra demo --keep
    """
    _require_packages()
    from chaninfra.demo import run

    # The engine prints characters that not every terminal has.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    run(keep=keep)


def _require_packages() -> None:
    """Raise ConfigurationError if a package of the extra `demo` is not installed."""
    missing = []
    for module, package in _PACKAGES.items():
        try:
            import_module(module)
        except ModuleNotFoundError:
            missing.append(package)
    if missing:
        raise ConfigurationError(
            f"the demo needs packages that are not installed: {', '.join(missing)}",
            remedy="in a clone of chaninfra: pip install '.[demo]', or make demo",
        )
