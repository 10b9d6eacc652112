"""Puts the page of a channel into the store, and removes it. What others have at its keys stays.

Assets come first, `index.html` last: a browser never sees a page whose assets are missing. The assets of earlier pages
stay as long as the channel has a page, since a browser or a CDN may have an `index.html` that loads them; they are few,
one set for each chaninfra that put a page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from chaninfra.channel.conda.layout import is_asset
from chaninfra.channel.conda.object_names import ASSETS_FOLDER, INDEX_HTML
from chaninfra.channel.conda.skeleton import create_missing
from chaninfra.channel.errors import ConflictError, UnsupportedError
from chaninfra.channel.location import join
from chaninfra.channel.objects import IfMatch, ObjectBody, ObjectStore, StoredObject, get_within
from chaninfra.channel.page.files import has_type, is_ours, page_files

MAX_FILE = 4 << 20
"""The most bytes of a file that are read to see whose it is; the files of the page are far smaller."""

_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Put:
    """What `put_page` did: names of files, relative to the channel."""

    written: tuple[str, ...]
    held: tuple[str, ...]
    """Files of others, which were not overwritten. If there are any, the page was not put, or not all of it."""


def put_page(store: ObjectStore, prefix: str) -> Put:
    """Put the files of the page that are missing or differ. Raises StorageError.

    An `index.html` is overwritten only if it is a page of chaninfra. An asset is never: its name has the hash of its
    content, so one with other bytes is not ours, and a page that would load it is not put.
    """
    written: list[str] = []
    held: list[str] = []
    for file in page_files():
        if held:
            break
        result = _put(store, join(prefix, file.name), file.name, file.body)
        if result == "written":
            written.append(file.name)
        elif result == "held":
            held.append(file.name)
    return Put(written=tuple(written), held=tuple(held))


def page_digests() -> dict[str, str]:
    """Name of each file of the page, relative to the channel → sha256 of its bytes (hex)."""
    return {file.name: _digest(file.body.data) for file in page_files()}


def digests_there(store: ObjectStore, prefix: str, digests: Mapping[str, str]) -> dict[str, str]:
    """Those of `digests` that are in the store with these bytes, as files that a browser takes. Raises StorageError."""
    found = {name: get_within(store, join(prefix, name), MAX_FILE) for name in digests}
    return {
        name: digests[name]
        for name, stored in found.items()
        if isinstance(stored, StoredObject)
        and _digest(stored.data) == digests[name]
        and has_type(name, stored.content_type)
    }


def is_own_page(store: ObjectStore, prefix: str) -> bool:
    """Whether the channel's `index.html` is a page of chaninfra, of any version. Raises StorageError."""
    stored = get_within(store, join(prefix, INDEX_HTML), MAX_FILE)
    return isinstance(stored, StoredObject) and is_ours(stored.data)


def own_page_keys(store: ObjectStore, prefix: str) -> Iterator[str]:
    """The keys of the page, and of the assets of earlier ones: in the order in which to delete them.

    Raises StorageError.
    """
    if is_own_page(store, prefix):
        yield join(prefix, INDEX_HTML)
    yield from own_asset_keys(store, prefix)


def own_asset_keys(store: ObjectStore, prefix: str) -> Iterator[str]:
    """The keys of the assets of the page and of earlier ones. Raises StorageError."""
    start = f"{prefix}/" if prefix else ""
    for entry in store.list(join(prefix, ASSETS_FOLDER)):
        if is_asset(entry.key.removeprefix(start)):
            yield entry.key


def why_held(url: str, name: str) -> str:
    """Why the page was not put: the file `name` of the channel at `url` is that of others. Without the remedy."""
    if name == INDEX_HTML:
        return f"{url}/{name} is not a page of chaninfra (other indexers write one, too), so it was not overwritten"
    return f"{url}/{name} is not the file that the page would load, so neither it nor {INDEX_HTML} was written"


def _put(store: ObjectStore, key: str, name: str, body: ObjectBody) -> Literal["there", "written", "held"]:
    for _ in range(_ATTEMPTS):
        stored = get_within(store, key, MAX_FILE)
        if stored is None:
            if create_missing(store, key, body):
                return "written"
            continue
        if not isinstance(stored, StoredObject):
            return "held"
        if stored.data == body.data and has_type(name, stored.content_type):
            return "there"
        if stored.data != body.data and not (name == INDEX_HTML and is_ours(stored.data)):
            return "held"
        try:
            store.put(key, body, IfMatch(stored.entry.etag))
        except ConflictError:
            continue
        except UnsupportedError:
            # A store without conditional writes has one writer at a time.
            store.put(key, body)
        return "written"
    raise ConflictError("is changed by someone else again and again", where=key, remedy="try again")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
