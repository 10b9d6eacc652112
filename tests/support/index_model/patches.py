"""Processes that patch and unpatch, and what must hold of patches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from chaninfra.channel.conda.patch import Patch
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import parse_shard, shard_key
from chaninfra.channel.conda.yank import unpacked
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.objects import ObjectStore
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.index.patches.add import add
from chaninfra.index.patches.document import PatchesDocument
from chaninfra.index.patches.remove import remove
from support.index_model.memory_store import SequentialRuntime
from support.index_model.model_checker import Process, ViolationError
from support.index_model.processes import DEFAULT, FOLDER, PREFIX, channel, file
from support.index_model.requests import Held

LICENSE = "patched"
"""The license that patches set."""
PATCHES = f"{PREFIX}/.chaninfra/patches/noarch.json"


class _Record(Protocol):
    sha256: str
    license: str | None


def patching(name: str, *, process: str = "", index: DescribedIndex = DEFAULT, last: bool = True) -> Process:
    """`chaninfra patch add`, also of a package that is not there; without `last` another process may remove it."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        try:
            add(channel(store, runtime, index), [f"noarch/{file(name)}"], {"license": LICENSE})
        except ChaninfraError as error:
            if last or "is being removed" not in error.message:
                raise

    return Process(process or f"patch-{name}", run, derives=True)


def unpatching(name: str, *, index: DescribedIndex = DEFAULT, last: bool = True) -> Process:
    """`chaninfra patch rm`; without `last` the package may have no patch."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        try:
            remove(channel(store, runtime, index), [file(name)])
        except ChaninfraError as error:
            if last or not error.message.startswith("there is no patch"):
                raise

    return Process(f"unpatch-{name}", run, derives=True)


def check_patches(
    there: Mapping[str, Held], index: ShardIndex, records: Mapping[str, _Record], *, only: bool = True
) -> None:
    """Each record is patched if a patch fits it, and, with `only`, else not; nor are those that yanks keep. Raises
    ViolationError.
    """
    held = there.get(PATCHES)
    patches = msgspec.json.decode(held.data, type=PatchesDocument).files if held else {}
    for name, record in records.items():
        _check(name, patches.get(name), record.sha256, record.license, must=True, only=only)
    for name, digest in index.hashes.items():
        shard = parse_shard(there[f"{FOLDER}/{shard_key(digest)}"].data, name, digest)
        for yanked, packed in (shard.yanks if shard else {}).items():
            kept: dict[str, Any] = unpacked(packed).record or {}
            _check(yanked, patches.get(yanked), kept.get("sha256", ""), kept.get("license"), must=False, only=only)


def _check(name: str, patch: Patch | None, sha256: str, found: str | None, *, must: bool, only: bool) -> None:
    if patch is not None and patch.removing:
        return
    fits = patch is not None and patch.fits(sha256)
    if must and fits and found != LICENSE:
        raise ViolationError(f"the record of {name} lacks its patch")
    if only and found == LICENSE and not fits:
        raise ViolationError(f"the record of {name} is patched, and there is no such patch")
