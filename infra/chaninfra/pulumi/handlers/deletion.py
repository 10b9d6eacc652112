"""Deleting objects with all their versions and incomplete uploads, and counting the packages that a deletion would
lose."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from chaninfra.channel.conda.filenames import is_package
from chaninfra.channel.conda.index_files import FILE_NAMES, MAX_REPODATA, MAX_SHARD_INDEX, REPODATA
from chaninfra.channel.conda.layout import own_and_sidecar_keys, own_keys
from chaninfra.channel.conda.object_names import INDEX_HTML
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.errors import InvalidRepodataError
from chaninfra.channel.location import join
from chaninfra.channel.objects import StoredObject, get_within
from chaninfra.channel.page.files import is_ours
from chaninfra.channel.page.put import MAX_FILE
from chaninfra.channel.s3.object_versions import (
    ObjectVersion,
    abort,
    delete,
    open_uploads,
    read,
    versions,
    versions_of,
)
from chaninfra.pulumi.bucket_session import Session

_AT_ONCE = 16

WITH_PACKAGES = (
    "To delete them too: set `force-destroy` to true (pulumi config set force-destroy true), run `pulumi up`, then "
    "`pulumi destroy`"
)
"""What to do where packages are in the way of a deletion."""


def objects(session: Session, prefix: str) -> set[str]:
    """The keys in the folder `prefix` with at least one version that has content. A deleted object is among them if an
    old version is left, since it can be restored."""
    return {each.key for each in versions(session.client, session.location, prefix) if not each.is_delete_marker}


def packages(session: Session, prefix: str) -> int:
    """The number of packages in the folder `prefix`; one that has only old versions counts."""
    return sum(1 for key in objects(session, prefix) if is_package(key))


def is_blank(session: Session, prefix: str) -> bool:
    """Whether the channel has no package, no repodata.json that lists any or has a `base_url` (CEP 15), which says that
    the packages are elsewhere, and no shard index that lists any."""
    keys = objects(session, prefix)
    if any(is_package(key) for key in keys):
        return False
    own = own_keys(keys, prefix)
    return all(_is_empty_index(session, key) for key in own if key.endswith(f"/{REPODATA}")) and all(
        _is_empty_shard_index(session, key) for key in own if key.endswith(f"/{FILE_NAMES['shards']}")
    )


def _is_empty_index(session: Session, key: str) -> bool:
    """Whether repodata.json at `key` is missing, or has no records and no `base_url`."""
    stored = get_within(session.objects, key, MAX_REPODATA)
    if stored is None:
        return True
    try:
        if not isinstance(stored, StoredObject):
            return False
        repodata = Repodata.parse(stored.data, where=key)
    except InvalidRepodataError:
        # Written by another tool.
        return False
    return not repodata.count and not repodata.info().get("base_url")


def _is_empty_shard_index(session: Session, key: str) -> bool:
    """Whether the shard index at `key` is missing, or has no shards and no `base_url`. One that cannot be read may."""
    stored = get_within(session.objects, key, MAX_SHARD_INDEX)
    index = ShardIndex.parse(stored.data) if isinstance(stored, StoredObject) else None
    return stored is None or (index is not None and not index.hashes and not index.info.get("base_url"))


def own_files(session: Session, keys: Collection[str], prefix: str) -> list[str]:
    """The keys of the channel's files but for packages: those of `own_and_sidecar_keys`, and the page."""
    return [*own_and_sidecar_keys(keys, prefix), *own_page(session, keys, prefix)]


def own_page(session: Session, keys: Collection[str], prefix: str) -> list[str]:
    """The key of `index.html`, if it is among the keys and all its versions are pages of chaninfra."""
    html = join(prefix, INDEX_HTML)
    return [html] if html in keys and not _pages(session, prefix).others else []


@dataclass(frozen=True, kw_only=True)
class _Pages:
    """The versions of `index.html`."""

    own: list[ObjectVersion]
    others: list[ObjectVersion]
    """Those that are no page of chaninfra: another tool wrote them before somebody made way for the page."""
    markers: list[ObjectVersion]


def _pages(session: Session, prefix: str) -> _Pages:
    found = _Pages(own=[], others=[], markers=[])
    for each in [*versions_of(session.client, session.location, join(prefix, INDEX_HTML))]:
        data = None if each.is_delete_marker else read(session.client, session.location, each, MAX_FILE)
        kind = found.markers if each.is_delete_marker else found.own if is_ours(data or b"") else found.others
        kind.append(each)
    return found


def purge_page(session: Session, prefix: str) -> None:
    """Deletes every version of `index.html` that is a page of chaninfra. Where there are versions of others, they stay,
    and the delete markers that hide them; nothing is deleted while the newest is such a one.
    """
    pages = _pages(session, prefix)
    if any(each.is_latest for each in pages.others):
        return
    for each in [*pages.own, *([] if pages.others else pages.markers)]:
        delete(session.client, session.location, each.key, each.version_id)


def purge_object(session: Session, key: str) -> None:
    """Deletes every version of one object."""
    for each in [*versions_of(session.client, session.location, key)]:
        delete(session.client, session.location, key, each.version_id)


def purge(session: Session, prefix: str, choose: Callable[[list[str]], list[str]]) -> None:
    """Deletes every version of the keys in the folder `prefix` that `choose` returns, and their incomplete uploads."""
    found: dict[str, list[str | None]] = {}
    for each in versions(session.client, session.location, prefix):
        found.setdefault(each.key, []).append(each.version_id)

    def delete_all(key: str) -> None:
        # One after the other: when versions of one key are deleted concurrently, some stores keep one of them. Not with
        # DeleteObjects: stores disagree on the checksum that it needs.
        for version in found[key]:
            delete(session.client, session.location, key, version)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(delete_all, set(choose(list(found)))))
    for key, upload, _ in [*open_uploads(session.client, session.location, prefix)]:
        if choose([key]):
            abort(session.client, session.location, key, upload)
