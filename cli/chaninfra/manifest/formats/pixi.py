"""The TOML of pixi: its manifest in pixi.toml or pyproject.toml, and its own config.toml.

The format is pixi's manifest (pixi.sh, reference "pixi manifest", and the JSON schema that it publishes) and its
configuration (reference "The configuration of Pixi itself").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaninfra.channel.conda.subdirs import DEFAULT_SUBDIRS, NOARCH
from chaninfra.manifest.client_access import AWS_CHAIN_SINCE, ChannelAccess
from chaninfra.manifest.request import ManifestRequest, notes, options
from chaninfra.manifest.text import toml


def pixi_toml(settings: ManifestRequest) -> str:
    """A complete pixi.toml; the first channel names the workspace."""
    return _text(settings, {"workspace": _workspace(settings)})


def pyproject(settings: ManifestRequest) -> str:
    """The tables of pixi in a pyproject.toml."""
    return _text(settings, {"tool": {"pixi": {"workspace": _workspace(settings)}}})


def config(settings: ManifestRequest) -> str:
    """pixi's configuration: for all that has no workspace, as `pixi global`, `pixi exec` and `pixi init`."""
    found: dict[str, Any] = {"default-channels": settings.channels}
    if wanted := options(settings.clients):
        found["s3-options"] = wanted
    return _text(settings, found)


def _workspace(settings: ManifestRequest) -> dict[str, Any]:
    clients = settings.clients
    found: dict[str, Any] = {"name": clients[0].descriptor.name, "channels": settings.channels}
    found["platforms"] = _platforms(clients)
    if any(each.way == "aws" and each.has_options for each in clients):
        found["requires-pixi"] = f">={AWS_CHAIN_SINCE}"
    if wanted := options(clients):
        found["s3-options"] = wanted
    return found


def _platforms(clients: Sequence[ChannelAccess]) -> list[str]:
    order = dict.fromkeys(subdir for each in clients for subdir in each.descriptor.subdirs if subdir != NOARCH)
    # A noarch package is at home everywhere, but a workspace needs a platform.
    return [*order] or [subdir for subdir in DEFAULT_SUBDIRS if subdir != NOARCH]


def _text(settings: ManifestRequest, tables: dict[str, Any]) -> str:
    return "".join(f"{toml.comment(line)}\n" for line in notes(settings.clients)) + toml.document(tables)
