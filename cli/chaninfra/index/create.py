"""Making a channel in a bucket that is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msgspec import structs

from chaninfra.channel.conda.index_settings import ConditionalWrites, Writers
from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.skeleton import create_missing, ensure
from chaninfra.channel.errors import ConflictError
from chaninfra.channel.objects import IfMatch, ObjectBody, ObjectStore, StoredObject
from chaninfra.channel.outputs.descriptor import CACHE_CONTROL, Descriptor, dump, parse
from chaninfra.channel.s3.object_versions import is_older_than_versioning
from chaninfra.index.channel import Channel

Probe = Callable[[], ConditionalWrites | None]
"""Finds out which conditional writes the store honours; None: that could not be found out."""


@dataclass(frozen=True, kw_only=True)
class Created:
    """The keys that were written, the subdirs that have packages but no index, and the descriptor that is there now."""

    written: tuple[str, ...]
    to_reindex: tuple[str, ...]
    descriptor: Descriptor


def create(channel: Channel, writers: Writers | None, probe: Probe) -> Created:
    """Write the skeleton and channel.json; what is there stays, but for who may write where `writers` says it.

    The store is probed unless channel.json says what it honours, and again where the bucket got versions since then:
    some stores ignore conditions there. Raises ConflictError where there is a channel.json
    that says otherwise; nothing was written then.
    """
    store = channel.store()
    key = channel.descriptor.key(CHANNEL_JSON)
    stored = store.get(key)
    there = parse(stored.data, where=channel.url(CHANNEL_JSON)) if stored else None
    if there is not None and not _same(there, channel.descriptor):
        raise ConflictError(
            "there is a channel.json already, and it describes the channel otherwise",
            where=channel.url(CHANNEL_JSON),
            remedy="give the flags that it was made with; or change its stack config and run `pulumi up`; or delete it",
        )
    outdated = there is not None and is_older_than_versioning(channel.client(), there.location, key)
    descriptor = _settled(there or channel.descriptor, writers, probe, again=outdated)
    layout = ChannelLayout(prefix=descriptor.prefix, subdirs=descriptor.subdirs, index=descriptor.index)
    made = ensure(store, layout)
    written = [*made.keys]
    if descriptor != there or outdated:
        # Last: who finds it finds a channel.
        _write(store, key, descriptor, stored)
        written.append(key)
    return Created(written=tuple(written), to_reindex=made.to_reindex, descriptor=descriptor)


def _same(one: Descriptor, other: Descriptor) -> bool:
    """Whether they say the same, but for who may write and what a probe found."""
    index = structs.replace(one.index, writers=other.index.writers, conditional_writes=other.index.conditional_writes)
    return structs.replace(one, index=index) == other


def _settled(descriptor: Descriptor, writers: Writers | None, probe: Probe, *, again: bool) -> Descriptor:
    index = descriptor.index
    if again or index.conditional_writes is None:
        index = structs.replace(index, conditional_writes=probe())
    return structs.replace(descriptor, index=structs.replace(index, writers=writers or index.writers))


def _write(store: ObjectStore, key: str, descriptor: Descriptor, stored: StoredObject | None) -> None:
    body = ObjectBody(data=dump(descriptor), content_type="application/json", cache_control=CACHE_CONTROL)
    if stored is None:
        if not create_missing(store, key, body):
            raise ConflictError("another one made this channel meanwhile", remedy="try again")
        return
    honoured = descriptor.index.conditional_writes
    store.put(key, body, IfMatch(stored.entry.etag) if honoured and honoured.replace else None)
