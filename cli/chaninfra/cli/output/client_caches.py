"""Tell whoever changed an index that clients keep the old one for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaninfra.channel.conda.index_settings import kept_seconds
from chaninfra.cli.output import streams

if TYPE_CHECKING:
    from chaninfra.channel.outputs.descriptor import Descriptor
    from chaninfra.index.report import Report

SKIP = "pixi clean cache --repodata, or conda clean --index-cache"
"""What makes a client ask for the index again."""


def tell(descriptor: Descriptor, report: Report) -> None:
    """A note if the records of a subdir changed, and clients may keep the index that they have fetched before."""
    seconds = kept_seconds(descriptor.index.cache_control)
    if seconds and any(each.added or each.replaced or each.dropped or each.yanked for each in report.subdirs):
        streams.note(f"clients that have read this channel may keep its old index for {seconds} s; to skip that: {SKIP}")
