"""Creates a channel in an existing bucket."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from msgspec import UNSET, structs

from chaninfra.channel.conda.index_settings import ConditionalWrites, Writers
from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.object_names import CHANNEL_JSON, INDEX_HTML
from chaninfra.channel.conda.skeleton import create_missing, write_missing
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.errors import ConflictError, UnsupportedError
from chaninfra.channel.objects import IfMatch, ObjectBody, ObjectStore, StoredObject
from chaninfra.channel.outputs.build import page_setting
from chaninfra.channel.outputs.descriptor import (
    CACHE_CONTROL,
    Descriptor,
    dump,
    is_of_earlier_version,
    parse,
)
from chaninfra.channel.page.put import Put, is_own_page, own_page_keys, put_page
from chaninfra.channel.place import refuse_nested
from chaninfra.channel.probe.write_mode import honoured
from chaninfra.channel.s3.object_versions import is_older_than_versioning
from chaninfra.index.channel import Channel
from chaninfra.index.dry_run import DryStore
from chaninfra.index.place import bucket_of
from chaninfra.index.snapshots.place import refuse_snapshot

Probe = Callable[[Descriptor], ConditionalWrites | None]
"""Probes which conditional writes the store of a channel honours; None: the probe could not tell."""


@dataclass(frozen=True, kw_only=True)
class Created:
    """What `create` did."""

    written: tuple[str, ...]
    """Object keys that were written."""
    to_reindex: tuple[str, ...]
    """Subdirs that have packages or a part of an index, and lack an index file."""
    added: tuple[Subdir, ...]
    """Subdirs that an existing channel did not have before."""
    descriptor: Descriptor
    """The descriptor that is in the bucket now."""
    held: tuple[str, ...] = ()
    """Files of others where the page would be, relative to the channel: see `Put`."""
    deleted: tuple[str, ...] = ()
    """Object keys of a page that were deleted."""
    is_first_page: bool = False
    """Whether an existing channel got a page and had none: its packages may have no summaries, or old ones."""


def create(
    channel: Channel, writers: Writers | None, probe: Probe, *, add_subdirs: bool = False, page: bool | None = None
) -> Created:
    """Write the skeleton, the page and channel.json. Existing files stay, except that `writers` and `page` are set in
    channel.json if given, and with `add_subdirs` those of the channel are added; none is removed.

    A channel with a page gets that of this chaninfra; with `page` False it is deleted. An `index.html` of others stays.

    A channel.json of an earlier version becomes one of the current version.

    The store is probed unless channel.json has the result of a probe, and again if versioning was turned on since then:
    some stores ignore conditions in a versioned bucket. Raises ConflictError, before anything is written, where
    channel.json describes another channel; ConfigurationError where it would lie inside or around another one.
    """
    store = _writer(channel, channel.descriptor)
    declared, key = channel.descriptor, channel.descriptor.key(CHANNEL_JSON)
    stored = store.get(key)
    existing = parse(stored.data, where=channel.url(CHANNEL_JSON)) if stored else None
    added: tuple[Subdir, ...] = ()
    if existing is None:
        refuse_snapshot(store, declared.bucket, declared.prefix)
        refuse_nested(bucket_of(channel), declared.prefix)
    else:
        if add_subdirs:
            added = tuple(subdir for subdir in declared.subdirs if subdir not in existing.subdirs)
            declared = structs.replace(declared, subdirs=existing.subdirs)
        if page is not None or declared.page is UNSET:
            declared = structs.replace(declared, page=existing.page)
        if not _same(existing, declared):
            differences = _differences(existing, declared)
            raise ConflictError(
                "\n  ".join(["exists, and describes the channel differently:", *differences]),
                where=channel.url(CHANNEL_JSON),
                remedy="give the flags that it was created with, and --subdir for subdirs to add; change its stack "
                "config and run `pulumi up`; or delete it",
            )
    outdated = existing is not None and is_older_than_versioning(channel.client(), existing.location, key)
    chosen = _with_more(existing or declared, added)
    if page is not None:
        chosen = structs.replace(chosen, page=page_setting(chosen.visibility, page))
    descriptor = _completed(chosen, writers, probe, again=outdated)
    layout = ChannelLayout(prefix=descriptor.prefix, subdirs=descriptor.subdirs, index=descriptor.index)
    skeleton = write_missing(store, layout)
    had_none = existing is not None and descriptor.has_page and not is_own_page(store, descriptor.prefix)
    put = put_page(store, descriptor.prefix) if descriptor.has_page else Put(written=(), held=())
    # A page that nobody declares may be there for a reason, so it goes only on demand.
    unwanted = [*own_page_keys(store, descriptor.prefix)] if page is False else []
    if unwanted:
        store.delete(unwanted)
    written = [*skeleton.keys, *(descriptor.key(name) for name in put.written)]
    # Earlier versions of chaninfra stop only at a descriptor of the current version.
    earlier = stored is not None and is_of_earlier_version(stored.data)
    if descriptor != existing or outdated or earlier:
        # Last, so that a channel with channel.json is complete.
        _write(_writer(channel, descriptor), key, descriptor, stored)
        written.append(key)
    return Created(
        written=tuple(written),
        to_reindex=skeleton.to_reindex,
        added=added,
        descriptor=descriptor,
        held=put.held,
        deleted=tuple(unwanted),
        is_first_page=had_none and INDEX_HTML in put.written,
    )


def _writer(channel: Channel, descriptor: Descriptor) -> ObjectStore:
    """The store of the channel as `descriptor` says it is written to."""
    store = replace(channel, descriptor=descriptor).store()
    return DryStore(store) if channel.dry_run else store


def _with_more(descriptor: Descriptor, added: Collection[Subdir]) -> Descriptor:
    if not added:
        return descriptor
    together = {*descriptor.subdirs, *added}
    return structs.replace(descriptor, subdirs=tuple(subdir for subdir in KNOWN_SUBDIRS if subdir in together))


def _same(one: Descriptor, other: Descriptor) -> bool:
    """Whether the descriptors are equal, except for `writers` and the result of a probe."""
    index = structs.replace(one.index, writers=other.index.writers, conditional_writes=other.index.conditional_writes)
    return structs.replace(one, index=index) == other


def _differences(one: Descriptor, other: Descriptor) -> list[str]:
    """A line for each key that differs, but for the version and for what `_same` leaves out."""
    document, asked = json.loads(dump(one)), json.loads(dump(other))
    keys = [key for key in {**document, **asked} if key != "version" and document.get(key) != asked.get(key)]
    if one.index.writers != other.index.writers or one.index.conditional_writes != other.index.conditional_writes:
        index = {key for key in asked["index"] if document["index"].get(key) != asked["index"][key]}
        keys = [key for key in keys if key != "index" or index - {"writers", "conditional-writes"}]
    return [f"`{key}` is {_shown(document.get(key))}, and not {_shown(asked.get(key))}" for key in keys]


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value)


def _completed(descriptor: Descriptor, writers: Writers | None, probe: Probe, *, again: bool) -> Descriptor:
    # First, since the probe is judged by how many may write.
    index = structs.replace(descriptor.index, writers=writers or descriptor.index.writers)
    if again or index.conditional_writes is None:
        index = structs.replace(index, conditional_writes=probe(structs.replace(descriptor, index=index)))
    return structs.replace(descriptor, index=index)


def _write(store: ObjectStore, key: str, descriptor: Descriptor, stored: StoredObject | None) -> None:
    body = ObjectBody(data=dump(descriptor), content_type="application/json", cache_control=CACHE_CONTROL)
    if stored is None:
        if not create_missing(store, key, body):
            raise ConflictError("channel.json was created by someone else meanwhile", remedy="try again")
        return
    try:
        store.put(key, body, IfMatch(stored.entry.etag) if honoured(descriptor).replace else None)
    except UnsupportedError:
        # A store without conditional writes has one writer at a time.
        store.put(key, body)
