"""The patches that a channel of chaninfra tells whoever copies from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chaninfra.channel.conda.object_names import HISTORY_FOLDER, PATCHES_FOLDER
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import CredentialsError, DeniedError
from chaninfra.index.json_document import DamagedError
from chaninfra.index.patches.document import MAX_DOCUMENT, Patches, parse_patches

if TYPE_CHECKING:
    from chaninfra.index.copy.sources.index_reader import Get

Exists = Callable[[str], bool]
"""Whether there is a file, by its reference relative to the index of the subdir. Raises StorageError."""


def told_patches(index: ShardIndex, subdir: Subdir, url: str, get: Get, exists: Exists) -> Patches | None:
    """The patches of a subdir whose index chaninfra wrote last; None for those who may not read them, and for a copy of
    a channel that was made without its `.chaninfra`. `url` is that of the subdir.
    """
    reference = f"../{PATCHES_FOLDER}/{subdir}.json"
    try:
        data = get(reference, MAX_DOCUMENT)
        if data is None:
            return {} if not index.hashes or _is_kept(index, subdir, exists) else None
    except CredentialsError:
        raise
    except DeniedError:
        return None
    try:
        return parse_patches(data, subdir, f"{url}/{reference}")
    except DamagedError as error:
        error.remedy = "try again; if it stays so, whoever writes the source has to mend its patches"
        raise


def _is_kept(index: ShardIndex, subdir: Subdir, exists: Exists) -> bool:
    """Whether the source has the history of its index, and so its `.chaninfra`. The writer keeps the index that it has
    written after its commit, and the one before until then.
    """
    number = index.stamp.number if index.stamp is not None else 0
    return any(exists(f"../{HISTORY_FOLDER}/{subdir}/{each}") for each in (number, number - 1) if each > 0)
