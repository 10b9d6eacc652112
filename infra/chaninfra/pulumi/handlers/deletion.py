"""Deleting for good: objects with all their versions, and uploads that were never finished; and what would be lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from chaninfra.channel.conda.filenames import is_package
from chaninfra.channel.conda.index_files import REPODATA
from chaninfra.channel.conda.layout import own_keys
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.errors import StorageError
from chaninfra.channel.s3.object_versions import abort, delete, open_uploads, versions
from chaninfra.pulumi.bucket_session import Session

_AT_ONCE = 16


def objects(session: Session, prefix: str) -> set[str]:
    """The keys below the folder `prefix` that have content, be it in an old version: a deleted object is brought back
    from that."""
    return {key for key, _, marker in versions(session.client, session.location, prefix) if not marker}


def packages(session: Session, prefix: str) -> int:
    """How many packages lie below the folder `prefix`, those counted that only an old version is left of."""
    return sum(1 for key in objects(session, prefix) if is_package(key))


def is_blank(session: Session, prefix: str) -> bool:
    """Whether the channel has no package, and no repodata.json that speaks of any; theirs may lie elsewhere."""
    keys = objects(session, prefix)
    if any(is_package(key) for key in keys):
        return False
    return all(_says_nothing(session, key) for key in own_keys(keys, prefix) if key.endswith(f"/{REPODATA}"))


def _says_nothing(session: Session, key: str) -> bool:
    stored = session.objects.get(key)
    if stored is None:
        return True
    try:
        repodata = Repodata.parse(stored.data, where=key)
    except StorageError:
        # What we cannot read is somebody's.
        return False
    return not repodata.count and not repodata.info().get("base_url")


def purge(session: Session, prefix: str, choose: Callable[[list[str]], list[str]]) -> None:
    """Deletes every version of the keys below the folder `prefix` that `choose` picks, and their open uploads."""
    found: dict[str, list[str | None]] = {}
    for key, version, _ in versions(session.client, session.location, prefix):
        found.setdefault(key, []).append(version)

    def delete_all(key: str) -> None:
        # One after the other: of the versions of one key, deleted at once, a store may forget to delete one. And not by
        # DeleteObjects, which needs a checksum that the stores do not agree on.
        for version in found[key]:
            delete(session.client, session.location, key, version)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(delete_all, set(choose(list(found)))))
    for key, upload, _ in [*open_uploads(session.client, session.location, prefix)]:
        if choose([key]):
            abort(session.client, session.location, key, upload)
