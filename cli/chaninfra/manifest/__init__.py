"""Client settings for a channel, from its descriptor: one pure renderer per format.

A renderer returns values (`Rendered`); `text` writes them, and `merge` puts them into files that people keep.
"""

from __future__ import annotations

from chaninfra.manifest.client_access import AccessMethod, ClientChannel, client_channel
from chaninfra.manifest.formats.table import FORMATS, NAMES, Format, listing, render
from chaninfra.manifest.request import CONDA_FORGE, ManifestRequest, Sso

__all__ = [
    "CONDA_FORGE",
    "FORMATS",
    "NAMES",
    "AccessMethod",
    "ClientChannel",
    "Format",
    "ManifestRequest",
    "Sso",
    "client_channel",
    "listing",
    "render",
]
