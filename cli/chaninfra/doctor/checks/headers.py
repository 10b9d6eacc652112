"""The headers that index files are served with: caches and clients go by them."""

from __future__ import annotations

from collections.abc import Iterator

from chaninfra.channel.conda.index_files import CONTENT_TYPES, FILE_NAMES, IMMUTABLE
from chaninfra.channel.conda.shards import ShardIndex, shard_key
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.s3.boto import code_and_status, translating_errors
from chaninfra.doctor.examination import Case

_SHARDS = 3
"""So many shards of a subdir are looked at: all were written alike."""


def headers(case: Case) -> Iterator[Finding]:
    """Each index file has its Content-Type and the declared Cache-Control."""
    wrong = []
    seen = 0
    for subdir in case.subdirs:
        for name, kind, cache in _files(case, subdir):
            served = _served(case, case.descriptor.key(subdir, name))
            if served is None:
                continue
            seen += 1
            wrong += [
                f"{subdir}/{name}: {header} is {is_!r}, not {should!r}"
                for header, is_, should in zip(("Content-Type", "Cache-Control"), served, (kind, cache), strict=True)
                if is_ != should
            ]
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        found = "; ".join(wrong[:5]) + more
        yield Finding(name="headers", state="failed", found=found, remedy=case.remedies.run("reindex", "--force"))
    else:
        found = f"Content-Type and Cache-Control ({case.settings.cache_control}) are right on {seen} files"
        yield Finding(name="headers", state="ok", found=found)


def _files(case: Case, subdir: Subdir) -> Iterator[tuple[str, str, str]]:
    """(name, Content-Type, Cache-Control) of the files of a subdir as they should be."""
    settings = case.settings
    for each in settings.formats:
        yield FILE_NAMES[each], CONTENT_TYPES[each], settings.cache_control
    if "shards" in settings.formats:
        stored = case.store.get(case.descriptor.key(subdir, FILE_NAMES["shards"]))
        index = ShardIndex.parse(stored.data) if stored else None
        for digest in [*index.hashes.values()][:_SHARDS] if index else ():
            yield shard_key(digest), CONTENT_TYPES["shards"], IMMUTABLE


def _served(case: Case, key: str) -> tuple[str, str] | None:
    """The two headers of an object, None where there is none. Raises StorageError."""
    from botocore.exceptions import ClientError

    location = case.descriptor.location
    with translating_errors(location, "look at", key):
        try:
            head = case.channel.client().head_object(Bucket=location.bucket, Key=key)
        except ClientError as error:
            if code_and_status(error)[1] == 404:
                return None
            raise
    return head.get("ContentType", ""), head.get("CacheControl", "")
