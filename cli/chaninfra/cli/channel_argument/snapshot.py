"""The snapshot that `--snapshot NAME` names: whether it is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chaninfra.channel.conda.object_names import SNAPSHOTS_JSON
from chaninfra.channel.conda.snapshots import NAME_RULE, is_snapshot_name
from chaninfra.channel.errors import ConfigurationError, remedy_if_denied
from chaninfra.channel.text import nearest, shown

if TYPE_CHECKING:
    from chaninfra.cli.channel_argument.find import Found
    from chaninfra.cli.store_flags import StoreFlags

_PERMIT = (
    "give credentials of a reader; or a channel.json file and --offline, and nobody looks whether the snapshot is there"
)


def require_snapshot(name: str, found: Sequence[Found], flags: StoreFlags, *, offline: bool) -> None:
    """Raise ConfigurationError if no snapshot may have the name or, unless `offline`, a channel has none of it that is
    ready; and what the store raises.
    """
    if not is_snapshot_name(name):
        raise ConfigurationError(
            f"{shown(name)} is not the name of a snapshot", where="--snapshot", remedy=f"it takes {NAME_RULE}"
        )
    if offline:
        return
    from chaninfra.cli.channel_argument.credentials import credentials_for
    from chaninfra.index.channel import Channel
    from chaninfra.index.snapshots.document import read_snapshots
    from chaninfra.index.snapshots.words import making

    for each in found:
        channel = Channel(descriptor=each.descriptor, credentials=credentials_for(each, flags, "read"))
        with remedy_if_denied(_PERMIT):
            there = read_snapshots(channel.store(), each.descriptor.key(SNAPSHOTS_JSON))[0].snapshots
        if name not in there:
            raise ConfigurationError(
                f"there is no snapshot {name}",
                where=each.descriptor.url,
                remedy=nearest(name, there) if there else f"`chaninfra snapshot create {making(name)[1]}` makes one",
            )
        if there[name].stage != "ready":
            raise ConfigurationError(
                f"the snapshot {name} is not whole: it is being made or removed, or that was stopped",
                where=each.descriptor.url,
                remedy="run `chaninfra snapshot ls`, which says how to go on",
            )
