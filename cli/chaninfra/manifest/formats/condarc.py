"""`.condarc`, for conda and mamba (conda's documentation, "Settings")."""

from __future__ import annotations

from chaninfra.manifest.request import ManifestRequest, notes
from chaninfra.manifest.text import toml, yaml


def condarc(settings: ManifestRequest) -> str:
    """The channels in their order, which conda keeps to only when told so."""
    found = {"channels": settings.channels, "channel_priority": "strict"}
    return "".join(f"{toml.comment(line)}\n" for line in notes(settings.clients)) + yaml.document(found)
