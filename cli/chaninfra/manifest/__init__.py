"""Client settings for a channel, from its descriptor: one pure renderer per format.

A renderer returns values (`Rendered`); `text` writes them, and `merge` puts them into files that people keep.
"""

from __future__ import annotations

from chaninfra.manifest.client_access import AccessMethod, ChannelAccess, channel_access
from chaninfra.manifest.formats.table import FORMATS, NAMES, Format, listing, render
from chaninfra.manifest.request import ManifestRequest, Sso

__all__ = [
    "FORMATS",
    "NAMES",
    "AccessMethod",
    "ChannelAccess",
    "Format",
    "ManifestRequest",
    "Sso",
    "channel_access",
    "listing",
    "render",
]
