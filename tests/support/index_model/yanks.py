"""What yanked.json must say when all processes have ended."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import parse_shard, shard_key
from chaninfra.channel.conda.yank import Yank, unpacked
from chaninfra.index.commit.yanked_json import Yanked
from support.index_model.model_checker import ViolationError
from support.index_model.processes import FOLDER, PREFIX
from support.index_model.requests import Held


def check_document(there: Mapping[str, Held], index: ShardIndex) -> frozenset[str]:
    """The yanked files by the shards of the index; yanked.json must say the same. Raises ViolationError."""
    yanks: dict[str, Yank] = {}
    for name, digest in index.hashes.items():
        shard = parse_shard(there[f"{FOLDER}/{shard_key(digest)}"].data, name, digest)
        yanks |= {file: unpacked(yank) for file, yank in (shard.yanks if shard else {}).items()}
    held = there.get(f"{PREFIX}/yanked.json")
    document = msgspec.json.decode(held.data, type=Yanked).of("noarch") if held else {}
    if document != yanks:
        raise ViolationError(f"yanked.json has {sorted(document)}, and the index {sorted(yanks)}")
    return frozenset(yanks)
