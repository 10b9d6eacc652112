"""`.condarc`, for conda and mamba (conda's documentation, "Using the .condarc conda configuration file")."""

from __future__ import annotations

from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import ManifestRequest, access_notes


def condarc(request: ManifestRequest) -> Rendered:
    """The channels, with strict priority: without it conda may take a package from conda-forge instead."""
    values = {"channels": request.channel_urls, "channel_priority": "strict"}
    alone = [access.url for access in request.channels if access.descriptor.index.monolith == "never"]
    notes = [f"{url} has shards and no repodata.json: for conda from 26.3 and mamba from 2.6." for url in alone]
    return Rendered((*access_notes(request.channels), *notes), values)
