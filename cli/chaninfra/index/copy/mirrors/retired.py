"""What a mirror does not copy, since a retention rule of the channel would take it at once.

What `prune` has deleted leaves no trace; so a mirror that copied whatever the channel lacks would bring it back, and
`prune` would delete it again, for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from chaninfra.channel.conda.filenames import PACKAGE_TABLES
from chaninfra.index.channel import Channel
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.locks import Lock
from chaninfra.index.prune import plan
from chaninfra.index.prune.packages import Package, came_at
from chaninfra.index.prune.prepare import matchers_of, packages_of
from chaninfra.index.yank import open_indexes


def retired(channel: Channel, packages: Sequence[SourcePackage], locks: Sequence[Lock] = ()) -> Mapping[str, str]:
    """`<subdir>/<file>` of those of these packages, which the index lacks, that a rule would take → that rule.

    A package is as old as the source says: it was there before it was here. One that does not tell its age counts as
    old. Raises ConfigurationError for rules that are not valid; what `read_whole` raises; StorageError.
    """
    if not packages or not channel.descriptor.rules:
        return {}
    new = [_as_in_index(each) for each in packages if each.table in PACKAGE_TABLES]
    here = packages_of(open_indexes(channel))
    found = plan.plan([*here, *new], matchers_of(channel), channel.runtime.now_ms(), locks=locks)
    paths = {each.path_in_channel for each in new}
    return {path: each.rule for each in found.yank if (path := each.package.path_in_channel) in paths}


def _as_in_index(package: SourcePackage) -> Package:
    made = Package(package.subdir, package.file, bytes(package.record))
    facts = made.facts()
    if facts is None or came_at(facts) is not None:
        return made
    record: dict[str, Any] = msgspec.json.decode(package.record)
    return Package(package.subdir, package.file, msgspec.json.encode({**record, "indexed_timestamp": 0}))
