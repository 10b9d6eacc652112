"""Names of the objects that chaninfra keeps in a channel, beside packages and index files."""

from __future__ import annotations

YANKED_JSON = "yanked.json"

CHANINFRA_FOLDER = ".chaninfra"

CHANNEL_JSON = "channel.json"

PROBE_FOLDER = ".chaninfra/probe"
