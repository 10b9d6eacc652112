"""Settings for clients, printed from descriptors: one pure renderer a format, imported when it is used."""

from __future__ import annotations

from chaninfra.manifest.access import Client, Way, client
from chaninfra.manifest.formats import FORMATS, NAMES, Format, listing, render
from chaninfra.manifest.settings import Settings, Sso

__all__ = ["FORMATS", "NAMES", "Client", "Format", "Settings", "Sso", "Way", "client", "listing", "render"]
