"""pixi's TOML files: the manifest (pixi.toml, or pyproject.toml) and the config.toml of pixi and rattler-build.

The formats are pixi's manifest (pixi.sh, reference "pixi manifest", and the JSON schema that it publishes) and its
configuration (reference "The configuration of Pixi itself"), which rattler_config reads (locations.rs).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaninfra.channel.conda.subdirs import DEFAULT_SUBDIRS, NOARCH
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats.versions import PIXI_AWS_CHAIN, PIXI_SHARED_CONFIG, RATTLER_BUILD_SHARED_CONFIG
from chaninfra.manifest.rendered import Document, Rendered
from chaninfra.manifest.request import ManifestRequest, access_notes, s3_options, shared_s3_options


def pixi_toml(request: ManifestRequest) -> Rendered:
    """A complete pixi.toml; the workspace is named after the first channel."""
    return Rendered(_notes(request), {"workspace": _workspace(request)})


def pyproject(request: ManifestRequest) -> Rendered:
    """The table `tool.pixi.workspace` of a pyproject.toml."""
    return Rendered(_notes(request), {"tool": {"pixi": {"workspace": _workspace(request)}}})


def config(request: ManifestRequest) -> Rendered:
    """The configuration of pixi and rattler-build, for commands without a workspace: `pixi global`, `pixi exec`, …"""
    values: Document = {"default-channels": request.channel_urls}
    notes = [*access_notes(request.channels), _PLACES]
    if options := shared_s3_options(request.channels):
        values["s3-options"] = options
        notes.append(_INIT)
    return Rendered(tuple(notes), values)


_PLACES = (
    f"Its place: ~/.config/rattler/config.toml, for pixi from {PIXI_SHARED_CONFIG} and rattler-build from "
    f"{RATTLER_BUILD_SHARED_CONFIG}; or ~/.pixi/config.toml, for pixi of any version and not for rattler-build."
)
_INIT = (
    "With s3-options in it, `pixi init` (seen with 0.77) writes `force-path-style = True` or `False` into pixi.toml, "
    "which no pixi reads: write true or false there."
)


def _workspace(request: ManifestRequest) -> dict[str, Any]:
    channels = request.channels
    table: dict[str, Any] = {
        "name": channels[0].descriptor.name,
        "channels": request.channel_urls,
        "platforms": _platforms(channels),
    }
    if any(access.method == "aws" and access.has_s3_options for access in channels):
        table["requires-pixi"] = f">={PIXI_AWS_CHAIN}"
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
