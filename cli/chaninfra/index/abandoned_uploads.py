"""Multipart uploads of packages that nobody finished: their parts cost storage, and no listing shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from chaninfra.channel.conda.layout import package_keys
from chaninfra.channel.errors import UnsupportedError
from chaninfra.index.channel import Channel

UPLOADS_KEPT = timedelta(days=1)
"""Age from which a multipart upload counts as abandoned."""


def sweep_uploads(channel: Channel, mode: Literal["write", "check"]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Abort the abandoned uploads: their keys, and notes on what the store has no call for. Raises StorageError."""
    from chaninfra.channel.s3.object_versions import abort, listed_uploads

    client, location, prefix = channel.client(), channel.descriptor.location, channel.descriptor.prefix
    newest = datetime.now(UTC) - UPLOADS_KEPT
    found: list[str] = []
    try:
        for upload in [*listed_uploads(client, location, prefix)]:
            # Only packages: other uploads to this bucket, such as to a channel below this one, may take longer.
            if (
                upload.initiated < newest
                and package_keys([upload.key], prefix)
                and (mode == "check" or abort(client, location, upload.key, upload.upload_id))
            ):
                found.append(upload.key)
    except UnsupportedError as error:
        return tuple(found), (f"abandoned uploads stay, if there are any: {error.message}",)
    return tuple(found), ()
