"""Tell whoever changed an index that clients keep the old one for a while."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from chaninfra.channel.conda.index_settings import kept_seconds
from chaninfra.cli.output import streams

if TYPE_CHECKING:
    from chaninfra.channel.outputs.descriptor import Descriptor

SKIP = "pixi clean cache --repodata, or conda clean --index-cache"
"""What makes a client ask for the index again."""


def tell(descriptor: Descriptor, changed: Collection[str]) -> None:
    """A note if the indexes of some subdirs changed, and clients may keep those that they have fetched before."""
    seconds = kept_seconds(descriptor.index.cache_control)
    if seconds and changed:
        streams.note(f"clients that know this channel may keep its old index for {seconds} s; to skip that: {SKIP}")
