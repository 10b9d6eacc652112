"""A channeldata.json that the settings of a channel do not ask for any more."""

from __future__ import annotations

from typing import Literal

from chaninfra.channel.conda.object_names import CHANNELDATA_JSON
from chaninfra.channel.errors import DeniedError
from chaninfra.channel.objects import ObjectMeta, ObjectStore
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.index.channel import Channel
from chaninfra.index.channeldata.document import numbers_in


def unasked_channeldata(store: ObjectStore, descriptor: Descriptor) -> ObjectMeta | None:
    """channeldata.json, if it is there, chaninfra has made it, and the settings do not ask for it any more."""
    if descriptor.index.has_channeldata:
        return None
    entry = store.head(descriptor.key(CHANNELDATA_JSON))
    return entry if entry is not None and numbers_in(entry.metadata) is not None else None


def sweep_channeldata(channel: Channel, mode: Literal["write", "check"]) -> tuple[list[ObjectMeta], list[str]]:
    """Delete it, in mode `write`: what was or would be deleted, and notes. Raises StorageError."""
    entry = unasked_channeldata(channel.writer, channel.descriptor)
    if entry is None:
        return [], []
    if mode == "write":
        try:
            channel.writer.delete([entry.key])
        except DeniedError:
            # No role may write what the settings do not ask for.
            note = (
                f"{entry.key}: `index.channeldata` does not ask for it any more, and these credentials may not delete "
                "it: delete it with the store's own tools"
            )
            return [], [note]
    return [entry], []
