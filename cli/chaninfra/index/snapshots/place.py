"""A place that is a snapshot, and no channel to write to."""

from __future__ import annotations

from chaninfra.channel.conda.object_names import SNAPSHOTS_FOLDER, SNAPSHOTS_JSON
from chaninfra.channel.conda.snapshots import is_snapshot_name
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import join
from chaninfra.channel.objects import ObjectStore, exists


def refuse_snapshot(store: ObjectStore, bucket: str, prefix: str) -> None:
    """Raise ConfigurationError if there is a snapshot at this place, which has no channel.json: clients read it as a
    channel, and no command of chaninfra works on it. Makes a request only where it is called like one.
    """
    above, _, name = prefix.rpartition("/")
    parent, _, folder = above.rpartition("/")
    if folder != SNAPSHOTS_FOLDER or not is_snapshot_name(name) or not exists(store, join(parent, SNAPSHOTS_JSON)):
        return
    channel = f"s3://{join(bucket, parent)}"
    raise ConfigurationError(
        f"is a snapshot of {channel}, which clients read, and commands do not",
        where=f"s3://{join(bucket, prefix)}",
        remedy=f"name the channel; the settings of the snapshot: `chaninfra manifest {channel} --snapshot {name}`",
    )
