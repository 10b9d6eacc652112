"""The yanks that a change makes, each with the record that the package has in the index at that moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.untrusted import MALFORMED, check_plain
from chaninfra.channel.conda.yank import Yank


def add_yanks(repodata: Repodata, yanks: dict[str, Raw], new: Mapping[str, Yank]) -> dict[str, str]:
    """Add `new` (file name → yank) to `yanks`, as in Shard. A file that is yanked already keeps its date, reason and
    record. Returns the files that were not, and the names of their packages.
    """
    added: dict[str, str] = {}
    for file, yank in new.items():
        if file not in yanks:
            yanks[file] = with_record(yank, repodata, file).packed()
            added[file] = package_name(file)
    return added


def with_record(yank: Yank, repodata: Repodata, file: str) -> Yank:
    """The yank with the record that the file has; as it is where there is none. Raises StorageError where the record is
    not valid.
    """
    place = repodata.find(file)
    if place is None:
        return yank
    table, key = place
    try:
        record: dict[str, Any] = msgspec.json.decode(repodata.records[table][key], type=dict[str, Any])
        check_plain(record)
    except MALFORMED as error:
        raise repodata.invalid(key, error) from error
    return msgspec.structs.replace(yank, table=table, record=record)
