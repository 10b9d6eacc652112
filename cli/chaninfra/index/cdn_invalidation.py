"""The CDN before a channel: after a commit it is told to fetch anew what it has copies of.

Without that it serves the old index for as long as `index.cache-control` says.
"""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.outputs.descriptor import Descriptor

if TYPE_CHECKING:
    from chaninfra.index.channel import Channel
    from chaninfra.index.reindex_plan import Scope
    from chaninfra.index.report import Report

# The names of all index files begin so; shards are named by their content, so a copy of one is never old. A path with a
# wildcard costs as much as one file, but only 15 may be under way at a time, whoever asked for them (CloudFront
# Developer Guide, "Quotas"); so where there are many, the files are named.
_INDEX_FILES = "repodata*"
_WILDCARDS = 5


def changed(report: Report, replaced: Iterable[str] = ()) -> list[Subdir]:
    """The subdirs whose index changed, those of packages that were `replaced` (`<subdir>/<file>`) among them."""
    touched = {label.partition("/")[0] for label in replaced}
    return [
        each.subdir for each in report.subdirs if each.differed or each.after != each.before or each.subdir in touched
    ]


def paths(
    descriptor: Descriptor, subdirs: Collection[Subdir], replaced: Iterable[str] = (), scope: Scope = "changed"
) -> list[str]:
    """The paths, as CloudFront names them, of the index files of `subdirs` and of packages that were `replaced`.

    For the scope `all`, where any package may have other bytes, they are those of all files.

    Clients write some names, those with a plus for one, in two ways, and CloudFront keeps a copy for each.
    """
    few = len(subdirs) <= _WILDCARDS
    if scope == "all":
        return [f"/{descriptor.key(subdir, '*')}" for subdir in subdirs] if few else [f"/{descriptor.key('*')}"]
    names = [_INDEX_FILES] if few else [FILE_NAMES[kind] for kind in descriptor.index.formats]
    keys = [descriptor.key(subdir, name) for subdir in subdirs for name in names]
    packages = [descriptor.key(label) for label in replaced]
    return [f"/{path}" for path in dict.fromkeys([*keys, *packages, *map(quote, packages)])]


def invalidate(channel: Channel, changed_paths: Sequence[str]) -> str | None:
    """Tell the CDN before the channel that `changed_paths` changed; the id of the invalidation, which takes a minute to
    reach all of the CDN. None: there is no CDN, or nothing changed.

    Raises ChaninfraError with the command that does the same.
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
            # CloudFront is one for all regions, and signs as this one.
            region_name="us-east-1",
            aws_access_key_id=keys.access_key_id if keys else None,
            aws_secret_access_key=keys.secret_access_key if keys else None,
            aws_session_token=keys.session_token if keys else None,
            config=Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "max_attempts": 3}),
        )
        made = client.create_invalidation(
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
            f"the index is written, but the CDN was not told ({reason}), and serves its copies until they are too old",
            where=f"distribution {cdn.id}",
            remedy=f"run: {shlex.join(command)}",
        ) from error
    return str(made["Invalidation"]["Id"])
