"""Settings for clients, printed from descriptors: one pure renderer a format, imported when it is used."""

from __future__ import annotations

from chaninfra.manifest.client_access import ChannelAccess, Way, channel_access
from chaninfra.manifest.formats.table import FORMATS, NAMES, Format, listing, render
from chaninfra.manifest.request import ManifestRequest, Sso

__all__ = [
    "FORMATS",
    "NAMES",
    "ChannelAccess",
    "Format",
    "ManifestRequest",
    "Sso",
    "Way",
    "channel_access",
    "listing",
    "render",
]
