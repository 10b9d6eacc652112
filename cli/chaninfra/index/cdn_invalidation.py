"""Invalidates a channel's files in its CloudFront distribution after a commit.

Without that the CDN serves the old index for as long as `index.cache-control` says.
"""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.index_settings import RUN_EXPORTS
from chaninfra.channel.conda.object_names import CHANNELDATA_JSON, NOTICES_JSON, SNAPSHOTS_FOLDER, SNAPSHOTS_JSON
from chaninfra.channel.conda.snapshots import snapshot_folder
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.outputs.descriptor import Descriptor

if TYPE_CHECKING:
    from chaninfra.index.channel import Channel
    from chaninfra.index.reindex_plan import Scope
    from chaninfra.index.report import Report

_INDEX_FILES = "repodata*"
"""Matches all index files with records. Shards are named by their content, so their copies are never outdated."""
_MAX_WILDCARDS = 5
"""Most subdirs for which a wildcard is used. A path with a wildcard costs as much as one file, but a distribution can
have only 15 in progress at a time (CloudFront Developer Guide, "Quotas"); for more subdirs the files are named."""


def changed(report: Report, replaced: Iterable[str] = ()) -> list[Subdir]:
    """The subdirs whose index changed, and those of the packages `replaced` (`<subdir>/<file>`)."""
    touched = {path.partition("/")[0] for path in replaced}
    return [
        subdir.subdir
        for subdir in report.subdirs
        if subdir.differed or subdir.after != subdir.before or subdir.subdir in touched
    ]


def paths(
    descriptor: Descriptor,
    subdirs: Collection[Subdir],
    replaced: Iterable[str] = (),
    scope: Scope = "changed",
    documents: Collection[str] = (),
) -> list[str]:
    """The paths to invalidate (`/<key>`): of the index files of `subdirs`, with channeldata.json where the channel has
    it, of the packages `replaced` (`<subdir>/<file>`), and of `documents` beside channel.json. With the scope `all`,
    when any package may have other bytes, of all files.

    Package names are given as they are and URL-encoded: clients request some, for example names with a plus, in both
    forms, and CloudFront caches each form.
    """
    few = len(subdirs) <= _MAX_WILDCARDS
    channeldata = [CHANNELDATA_JSON] if descriptor.index.has_channeldata and subdirs else []
    told = [f"/{descriptor.key(name)}" for name in dict.fromkeys([*channeldata, *documents])]
    if scope == "all":
        return (
            [*(f"/{descriptor.key(subdir, '*')}" for subdir in subdirs), *told] if few else [f"/{descriptor.key('*')}"]
        )
    formats = descriptor.index.formats
    run_exports = [FILE_NAMES[kind] for kind in RUN_EXPORTS if kind in formats]
    # A wildcard more for each subdir would be too many.
    names = [_INDEX_FILES, *run_exports] if few else [FILE_NAMES[kind] for kind in formats]
    keys = [descriptor.key(subdir, name) for subdir in subdirs for name in names]
    packages = [descriptor.key(path) for path in replaced]
    return [f"/{path}" for path in dict.fromkeys([*keys, *packages, *map(quote, packages)])] + told


def snapshot_paths(descriptor: Descriptor, names: Collection[str] = ()) -> list[str]:
    """The paths of the list of the snapshots, and of the files of those of these names; of all, if they are many."""
    if len(names) > _MAX_WILDCARDS:
        return [f"/{descriptor.key(SNAPSHOTS_FOLDER, '*')}"]
    return [f"/{descriptor.key(SNAPSHOTS_JSON)}", *(f"/{descriptor.key(snapshot_folder(name), '*')}" for name in names)]


def notices_paths(descriptor: Descriptor) -> list[str]:
    """The path of the channel's notices."""
    return [f"/{descriptor.key(NOTICES_JSON)}"]


def all_paths(descriptor: Descriptor) -> list[str]:
    """The path of all files of the channel: a wildcard costs as much as one file."""
    return [f"/{descriptor.key('*')}"]


def invalidate(channel: Channel, changed_paths: Sequence[str]) -> str | None:
    """Invalidate `changed_paths` in the CDN. Returns the id of the invalidation, which takes about a minute to
    complete; None if the channel has no CDN or no path changed.

    Raises ChaninfraError, whose remedy is the AWS CLI command that does the same.
    """
    cdn = channel.descriptor.cdn
    if cdn is None or not changed_paths:
        return None
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    from chaninfra.channel.s3.boto import code_and_status

    keys = channel.credentials
    try:
        client = boto3.session.Session().client(
            "cloudfront",
            # CloudFront is a global service; its requests are signed for this region.
            region_name="us-east-1",
            aws_access_key_id=keys.access_key_id if keys else None,
            aws_secret_access_key=keys.secret_access_key if keys else None,
            aws_session_token=keys.session_token if keys else None,
            config=Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 3}),
        )
        response = client.create_invalidation(
            DistributionId=cdn.id,
            InvalidationBatch={
                "Paths": {"Quantity": len(changed_paths), "Items": list(changed_paths)},
                "CallerReference": f"chaninfra-{secrets.token_hex(8)}",
            },
        )
    except (ClientError, BotoCoreError) as error:
        reason = code_and_status(error)[0] or type(error).__name__
        command = ["aws", "cloudfront", "create-invalidation", "--distribution-id", cdn.id, "--paths", *changed_paths]
        raise ChaninfraError(
            f"the files are written, but the CDN was not invalidated ({reason}); it serves old files until they expire",
            where=f"distribution {cdn.id}",
            remedy=f"run: {shlex.join(command)}",
        ) from error
    return str(response["Invalidation"]["Id"])
