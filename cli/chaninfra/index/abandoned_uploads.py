"""Multipart uploads of packages that nobody finished: their parts cost storage, and no listing shows them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Literal

from chaninfra.channel.conda.layout import package_keys
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import UnsupportedError
from chaninfra.index.channel import Channel

UPLOADS_KEPT = timedelta(days=1)
"""Age from which a multipart upload counts as abandoned."""


def sweep_uploads(
    channel: Channel, subdirs: Collection[Subdir], mode: Literal["write", "check"]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Abort the abandoned uploads to the channel's subdirs, and to `subdirs`: their keys, and notes on what the store
    has no call for. Raises StorageError.

    Not those to other folders, where a maintainer may do nothing: one such upload would make every run fail.
    """
    from chaninfra.channel.s3.object_versions import abort, listed_uploads

    client, location, prefix = channel.client(), channel.descriptor.location, channel.descriptor.prefix
    folders = {channel.descriptor.key(subdir) for subdir in {*channel.descriptor.subdirs, *subdirs}}
    newest = datetime.now(UTC) - UPLOADS_KEPT
    found: list[str] = []
    try:
        for upload in [*listed_uploads(client, location, prefix)]:
            # Only packages: other uploads to this bucket, such as to a channel below this one, may take longer.
            if (
                upload.initiated < newest
                and upload.key.rpartition("/")[0] in folders
                and package_keys([upload.key], prefix)
                and (mode == "check" or abort(client, location, upload.key, upload.upload_id))
            ):
                found.append(upload.key)
    except UnsupportedError as error:
        return tuple(found), (f"abandoned uploads stay, if there are any: {error.message}",)
    return tuple(found), ()
