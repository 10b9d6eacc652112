"""The headers of the index files, which decide how long caches and clients keep them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chaninfra.channel.conda.index_files import CONTENT_TYPES, FILE_NAMES, IMMUTABLE
from chaninfra.channel.conda.shard_index import read_shard_index
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.s3.boto import code_and_status, translating_errors

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_SHARDS = 3
"""The number of shards that are checked per subdir; a writer gives all of them the same headers."""
_SHOWN = 5


def headers(exam: Examination) -> Iterator[Finding]:
    """Each index file has its Content-Type and the declared Cache-Control."""
    wrong = []
    checked = 0
    for subdir in exam.subdirs:
        for name, *expected in _files(exam, subdir):
            served = _served(exam, exam.descriptor.key(subdir, name))
            if served is None:
                continue
            checked += 1
            wrong += [
                f"{subdir}/{name}: {header} is {value!r}, not {right!r}"
                for header, value, right in zip(("Content-Type", "Cache-Control"), served, expected, strict=True)
                if value != right
            ]
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        remedy = exam.remedies.command("reindex", "--force")
        yield Finding(state="failed", found="; ".join(wrong[:_SHOWN]) + more, remedy=remedy)
    else:
        found = f"Content-Type and Cache-Control ({exam.settings.cache_control}) are correct on {checked} files"
        yield Finding(state="ok", found=found)


def _files(exam: Examination, subdir: Subdir) -> Iterator[tuple[str, str, str]]:
    """Yield (name, expected Content-Type, expected Cache-Control) of the index files of a subdir."""
    settings = exam.settings
    for format_ in settings.formats:
        yield FILE_NAMES[format_], CONTENT_TYPES[format_], settings.cache_control
    index = read_shard_index(exam.store, exam.descriptor.key(subdir, FILE_NAMES["shards"]))
    for digest in [*index.hashes.values()][:_SHARDS] if index else ():
        yield shard_key(digest), CONTENT_TYPES["shards"], IMMUTABLE


def _served(exam: Examination, key: str) -> tuple[str, str] | None:
    """(Content-Type, Cache-Control) of an object; None if it does not exist. Raises StorageError."""
    from botocore.exceptions import ClientError

    location = exam.descriptor.location
    with translating_errors(location, "look at", key):
        try:
            head = exam.channel.client().head_object(Bucket=location.bucket, Key=key)
        except ClientError as error:
            if code_and_status(error)[1] == 404:
                return None
            raise
    return head.get("ContentType", ""), head.get("CacheControl", "")
