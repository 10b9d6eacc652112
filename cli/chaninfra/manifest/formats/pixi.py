"""pixi's TOML files: the manifest (pixi.toml, or pyproject.toml) and pixi's own config.toml.

The formats are pixi's manifest (pixi.sh, reference "pixi manifest", and the JSON schema that it publishes) and its
configuration (reference "The configuration of Pixi itself").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaninfra.channel.conda.subdirs import DEFAULT_SUBDIRS, NOARCH
from chaninfra.manifest.client_access import AWS_CHAIN_SINCE, ClientChannel
from chaninfra.manifest.rendered import Document, Rendered
from chaninfra.manifest.request import ManifestRequest, access_notes, s3_options


def pixi_toml(request: ManifestRequest) -> Rendered:
    """A complete pixi.toml; the workspace is named after the first channel."""
    return Rendered(_notes(request), {"workspace": _workspace(request)})


def pyproject(request: ManifestRequest) -> Rendered:
    """The table `tool.pixi.workspace` of a pyproject.toml."""
    return Rendered(_notes(request), {"tool": {"pixi": {"workspace": _workspace(request)}}})


def config(request: ManifestRequest) -> Rendered:
    """pixi's configuration, for commands without a workspace: `pixi global`, `pixi exec` and `pixi init`."""
    values: Document = {"default-channels": request.channel_urls}
    if options := s3_options(request.channels):
        values["s3-options"] = options
    return Rendered(access_notes(request.channels), values)


def _workspace(request: ManifestRequest) -> dict[str, Any]:
    channels = request.channels
    table: dict[str, Any] = {
        "name": channels[0].descriptor.name,
        "channels": request.channel_urls,
        "platforms": _platforms(channels),
    }
    if any(access.method == "aws" and access.has_s3_options for access in channels):
        table["requires-pixi"] = f">={AWS_CHAIN_SINCE}"
    if options := s3_options(channels):
        table["s3-options"] = options
    return table


def _platforms(channels: Sequence[ClientChannel]) -> list[str]:
    """The platforms of the channels; none where no channel.json says them: older versions of pixi need the key."""
    known = [access for access in channels if access.subdirs_known]
    subdirs = dict.fromkeys(subdir for access in known for subdir in access.descriptor.subdirs if subdir != NOARCH)
    # The packages of a noarch-only channel run on all platforms.
    return [*subdirs] or [subdir for subdir in DEFAULT_SUBDIRS if known and subdir != NOARCH]


def _notes(request: ManifestRequest) -> tuple[str, ...]:
    notes = access_notes(request.channels)
    if _platforms(request.channels):
        return notes
    return (
        *notes,
        "No channel.json was read, so the channel's platforms are not known. Add yours: "
        "pixi workspace platform add linux-64",
    )
