"""Shards that the store does not have, or that clients do not look up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.index_files import SHARDS
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.shards import shard_key
from chaninfra.index.others_index import name_of

if TYPE_CHECKING:
    from chaninfra.index.survey import Survey


def lost_shards(survey: Survey) -> set[str]:
    """The package names whose shard the store does not have, or that the shard index spells as clients do not look them
    up, in both spellings. Their records are those that other index files have.
    """
    whole = survey.whole
    index = whole.authority.index if whole.authority else None
    if index is None or whole.adoption is not None:
        return set()
    # Looked for again, since the listing may be older than the shard index.
    missing = whole.shards.missing(
        {
            name: digest
            for name, digest in index.hashes.items()
            if name not in whole.lost and shard_key(digest) not in survey.listing.keys
        }
    )
    # The shard of a name that clients do not look up is of no use to them.
    misspelled = {name for name in index.hashes if client_name(name) != name}
    lost = (missing | misspelled) - whole.lost
    whole.shards.give_up({name: index.hashes[name] for name in lost})
    if lost and not whole.lost:
        survey.files += (SHARDS,)
    lost |= {*map(client_name, misspelled)}
    if lost:
        whole.foreign |= {
            file for file, table, key in whole.repodata.files() if name_of(whole.repodata, table, key) in lost
        }
        whole.removed |= {file for file in whole.repodata.removed if package_name(file) in lost}
    return whole.lost | lost
