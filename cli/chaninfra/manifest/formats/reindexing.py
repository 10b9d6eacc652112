"""What the scheduled jobs of all CI systems share: their commands, their times, and which channels they are for.

`reindex` finds each upload and deletion by a listing; without a follower it is how packages of other tools get into the
index. `gc` needs a run now and then: what one run marks, another deletes at least a week later. Where the channel has
`snapshots`, each hour `snapshot create --scheduled` makes the one that is due. All are a maintainer's: a publisher can
re-index, but neither write yanked.json nor delete, nor make snapshots. A
package that is left out is an error of `reindex`, each time, until it is mended; the others run all the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Literal

from msgspec import UNSET

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats.rattler_build import store_flags
from chaninfra.manifest.text import shell

Task = Literal["reindex", "gc"]
MINUTES = 60
"""How long a run may take; one that hangs would keep the next ones waiting."""
_EVERY: Mapping[Task, str] = {"reindex": "1h", "gc": "7d"}


def check_writers(access: ClientChannel) -> None:
    """Raise ConfigurationError if the follower is the only writer of the index, beside which no other may run."""
    if access.descriptor.index.only_a_follower_commits:
        raise ConfigurationError(
            "the index has one writer at a time (`writers: single`), and that is the follower, beside which no job may "
            "write",
            where=access.descriptor.url,
            key=("index", "writers"),
            remedy=f"let the follower list it: chaninfra follow {shell.word(access.descriptor.url)} --every 1h; or "
            "take `follow` out of its stack config and run `pulumi up`",
        )


def hourly(access: ClientChannel) -> str:
    """The cron expression of `reindex`. The minute is the channel's own, so that not all jobs of the world run at once,
    and is never within three minutes of the full hour or the half."""
    return f"{3 + _digest(access)[0] % 25} * * * *"


def weekly(access: ClientChannel) -> str:
    """The cron expression of `gc`: half an hour after a run of `reindex`, on one day of the week."""
    minute, hour, day = _digest(access)[:3]
    return f"{33 + minute % 25} {hour % 24} * * {day % 7}"


def _digest(access: ClientChannel) -> bytes:
    descriptor = access.descriptor
    return hashlib.sha256(f"{descriptor.endpoint_url} {descriptor.url}".encode()).digest()


def command(name: Task, access: ClientChannel) -> str:
    """The command line of one of the two commands, which leaves its mark for the doctor."""
    words = [".venv/bin/chaninfra", name, access.descriptor.url, *store_flags(access)]
    return shell.command([*words, "--scheduled", _EVERY[name]])


def snapshots(access: ClientChannel) -> str | None:
    """The command line that makes the snapshot that is due; None: the channel has no `snapshots`."""
    if access.descriptor.snapshots is UNSET:
        return None
    words = [".venv/bin/chaninfra", "snapshot", "create", "-c", access.descriptor.url, *store_flags(access)]
    return shell.command([*words, "--scheduled"])


def notes(access: ClientChannel) -> list[str]:
    """What else people must know: whether they may publish meanwhile."""
    if access.descriptor.index.writers == "many":
        return []
    return ["The index has one writer at a time (`writers: single`): do not publish while this job runs."]
