"""Waits for a follower to index what was uploaded, where it is the one writer of the index."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.object_names import LEFT_OUT_JSON
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.errors import ConfigurationError, StorageError
from chaninfra.index.channel import Channel
from chaninfra.index.commit.authority import ForeignIndexError, read_our_authority
from chaninfra.index.commit.change import Applied
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.commit.shard_writer import joined
from chaninfra.index.left_out_json import read_to_follow
from chaninfra.index.package.sidecars import Sidecar
from chaninfra.index.reindex_plan import sha256_in
from chaninfra.index.report import SubdirReport
from chaninfra.index.signatures import Signatures
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.upload import Uploaded

LONGEST_MS = 120_000
"""Longest time in ms that is waited."""
_PAUSE = 4


def wait_for_follower(
    channel: Channel,
    subdir_index: SubdirIndex,
    uploads: Sequence[Uploaded],
    sidecars: Mapping[str, Sidecar | None],
) -> tuple[Applied, SubdirReport]:
    """Append the sidecars that lie on disk (`<subdir>/<file>` → sidecar), and wait for the packages. Raises as
    `wait_indexed`, and as `Signatures.add`.
    """
    signatures = Signatures(subdir_index)
    for uploaded in uploads:
        package = uploaded.package
        if sidecar := sidecars[package.path_in_channel]:
            signatures.add(package.path.name, sidecar, fresh=uploaded.outcome == "uploaded")
    files = {uploaded.package.path.name: uploaded.package.sha256 for uploaded in uploads}
    applied, report = wait_indexed(channel, subdir_index, files)
    return applied, dataclasses.replace(report, left_out=tuple(signatures.left_out()))


def wait_indexed(channel: Channel, subdir_index: SubdirIndex, files: Mapping[str, str]) -> tuple[Applied, SubdirReport]:
    """Wait until the index has these files (file name → hex sha256), or they are yanked.

    Raises StorageError where the follower has left one out, or has not indexed them after two minutes.
    """
    runtime = subdir_index.runtime
    end, before, after = runtime.now_ms() + LONGEST_MS, None, 0
    reader = ShardReader(subdir_index)
    while True:
        waiting = sorted(files)
        applied = Applied()
        try:
            authority = read_our_authority(subdir_index)
        except ForeignIndexError:
            # The follower takes it over.
            pass
        else:
            after = authority.stamp.count
            before = after if before is None else before
            hashes = authority.index.hashes if authority.index is not None else {}
            shards = reader.read(hashes, set(map(package_name, files)))
            found = joined(subdir_index.subdir, shards.values())
            yanked = {file for shard in shards.values() for file in shard.yanks} & files.keys()
            applied.yanked = {file: package_name(file) for file in yanked}
            waiting = [file for file in waiting if file not in yanked and not _has(found, file, files[file])]
        if not waiting:
            report = SubdirReport(subdir=subdir_index.subdir, before=before, after=after)
            return applied, report
        _check_left_out(channel, subdir_index, waiting, files)
        if runtime.now_ms() > end:
            raise ConfigurationError(
                f"{len(waiting)} of {len(files)} packages are not indexed after {LONGEST_MS // 1000} s, {waiting[0]} "
                "for one: this channel has one writer, its follower (`index.follow` and `writers: single`)",
                where=channel.descriptor.url,
                remedy="see whether `chaninfra follow` runs for it; what was uploaded is indexed when it starts",
            )
        runtime.pause(_PAUSE)


def _has(found: Repodata, file: str, sha256: str) -> bool:
    return sha256_in(found, file) == sha256


def _check_left_out(channel: Channel, subdir_index: SubdirIndex, waiting: list[str], files: Mapping[str, str]) -> None:
    left_out = read_to_follow(channel.writer, channel.descriptor.key(LEFT_OUT_JSON))[0].packages
    for file in waiting:
        path = f"{subdir_index.subdir}/{file}"
        left = left_out.get(path)
        if left is not None and left.sha256 == files[file]:
            raise StorageError(f"{path} {left.reason}", where=channel.descriptor.url, remedy=left.remedy or None)
