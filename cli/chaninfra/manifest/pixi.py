"""The TOML of pixi: its manifest in pixi.toml or pyproject.toml, and its own config.toml.

The format is pixi's manifest (pixi.sh, reference "pixi manifest", and the JSON schema that it publishes) and its
configuration (reference "The configuration of Pixi itself").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaninfra.channel.subdirs import DEFAULT_SUBDIRS, NOARCH
from chaninfra.manifest import toml
from chaninfra.manifest.access import AWS_CHAIN_SINCE, Client
from chaninfra.manifest.settings import Settings, notes, options


def pixi_toml(settings: Settings) -> str:
    """A complete pixi.toml; the first channel names the workspace."""
    return _text(settings, {"workspace": _workspace(settings)})


def pyproject(settings: Settings) -> str:
    """The tables of pixi in a pyproject.toml."""
    return _text(settings, {"tool": {"pixi": {"workspace": _workspace(settings)}}})


def config(settings: Settings) -> str:
    """pixi's configuration: for all that has no workspace, as `pixi global`, `pixi exec` and `pixi init`."""
    found: dict[str, Any] = {"default-channels": settings.channels}
    if wanted := options(settings.clients):
        found["s3-options"] = wanted
    return _text(settings, found)


def _workspace(settings: Settings) -> dict[str, Any]:
    clients = settings.clients
    found: dict[str, Any] = {"name": clients[0].descriptor.name, "channels": settings.channels}
    found["platforms"] = _platforms(clients)
    if any(each.way == "aws" and each.has_options for each in clients):
        found["requires-pixi"] = f">={AWS_CHAIN_SINCE}"
    if wanted := options(clients):
        found["s3-options"] = wanted
    return found


def _platforms(clients: Sequence[Client]) -> list[str]:
    order = dict.fromkeys(subdir for each in clients for subdir in each.descriptor.subdirs if subdir != NOARCH)
    # A noarch package is at home everywhere, but a workspace needs a platform.
    return [*order] or [subdir for subdir in DEFAULT_SUBDIRS if subdir != NOARCH]


def _text(settings: Settings, tables: dict[str, Any]) -> str:
    return "".join(f"{toml.comment(line)}\n" for line in notes(settings.clients)) + toml.document(tables)
