"""Making a channel in a bucket that is there."""

from __future__ import annotations

from dataclasses import dataclass

from chaninfra.channel.descriptor import CACHE_CONTROL, FILE_NAME, dump, parse
from chaninfra.channel.errors import ConflictError
from chaninfra.channel.skeleton import Layout, ensure
from chaninfra.channel.store import Body, Condition
from chaninfra.index.channel import Channel


@dataclass(frozen=True, kw_only=True)
class Created:
    """The keys that were written, and the subdirs that have packages but no index."""

    written: tuple[str, ...]
    to_reindex: tuple[str, ...]


def create(channel: Channel) -> Created:
    """Write the skeleton and channel.json; what is there stays.

    Raises ConflictError where there is a channel.json that says otherwise; nothing was written then.
    """
    store = channel.store()
    descriptor = channel.descriptor
    key = descriptor.key(FILE_NAME)
    stored = store.get(key)
    if stored is not None and parse(stored.data, where=channel.url(FILE_NAME)) != descriptor:
        raise ConflictError(
            "there is a channel.json already, and it describes the channel otherwise",
            where=channel.url(FILE_NAME),
            remedy="give the flags that it was made with; or change its stack config and run `pulumi up`; or delete it",
        )
    layout = Layout(prefix=descriptor.prefix, subdirs=descriptor.subdirs, index=descriptor.index)
    made = ensure(store, layout)
    written = [*made.keys]
    if stored is None:
        # Last: who finds it finds a channel.
        body = Body(data=dump(descriptor), content_type="application/json", cache_control=CACHE_CONTROL)
        store.put(key, body, Condition.CREATE)
        written.append(key)
    return Created(written=tuple(written), to_reindex=made.to_reindex)
