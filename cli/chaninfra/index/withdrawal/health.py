"""Which withdrawals were stopped, and which withdrawn files are there again, for the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from chaninfra.channel.conda.object_names import WITHDRAWN_JSON
from chaninfra.index.channel import Channel
from chaninfra.index.runtime import run_all
from chaninfra.index.withdrawal.document import Withdrawal, read_withdrawn

_LOOKED_AT = 1000
"""So many files, the last ones, are looked for."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """What there is of withdrawn packages."""

    total: int
    unfinished: tuple[Withdrawal, ...]
    back: tuple[Withdrawal, ...]
    """Those whose file is there, perhaps published again on purpose."""


def health(channel: Channel) -> Health:
    """What there is of withdrawn packages. Raises StorageError."""
    store = channel.store()
    document = read_withdrawn(store, channel.descriptor.key(WITHDRAWN_JSON))[0]
    ended = {each.path: each for each in document.packages if each.stage is None}
    last = [*ended.values()][-_LOOKED_AT:]
    there = run_all(
        channel.runtime, [partial(store.head, channel.descriptor.key(each.subdir, each.file)) for each in last]
    )
    return Health(
        total=len(document.packages),
        unfinished=tuple(each for each in document.packages if each.stage is not None),
        back=tuple(each for each, entry in zip(last, there, strict=True) if entry is not None),
    )
