"""The snapshots of a channel: their names, where their files lie, and what these say of its packages and shards.

A snapshot is a channel at `<prefix>/snapshots/NAME/`: for each subdir the index files of one state, and neither
packages nor shards. Its `base_url` (CEP 15) and `shards_base_url` (CEP 16) are relative, so they hold for every URL of
the channel: pixi, py-rattler and rattler follow them by https and by s3.
"""

from __future__ import annotations

import re

from chaninfra.channel.conda.index_files import FILE_NAMES, SHARDS
from chaninfra.channel.conda.object_names import SNAPSHOTS_FOLDER, SNAPSHOTS_JSON
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS

NAME = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
"""What the name of a snapshot matches as a whole. It has no dot, so none is `index.json`."""
NAME_RULE = (
    "letters, digits, hyphens and underscores, at most 64, a letter or digit first, and not the name of a subdir"
)

_NAME = re.compile(NAME)


def is_snapshot_name(name: str) -> bool:
    """Whether a snapshot may have this name."""
    return _NAME.fullmatch(name) is not None and name.lower() not in KNOWN_SUBDIRS


def snapshot_folder(name: str) -> str:
    """The folder of a snapshot, relative to the channel; a client adds it to the URL of the channel."""
    return f"{SNAPSHOTS_FOLDER}/{name}"


def base_url(subdir: str) -> str:
    """Where the packages of a subdir are, as seen from the snapshot's index files. libmamba wants the slash."""
    return f"../../../{subdir}/"


def shards_base_url(subdir: str) -> str:
    """Where the shards of a subdir are, as seen from the snapshot's shard index."""
    return f"{base_url(subdir)}{SHARDS}/"


def shard_index_of(key: str) -> str | None:
    """The subdir whose shard index in a snapshot is at this key, relative to the channel; None for other keys.

    Of a snapshot of any name, also of one that chaninfra would not give: somebody may have made it by hand.
    """
    parts = key.split("/")
    if len(parts) != 4 or parts[0] != SNAPSHOTS_FOLDER or parts[3] != FILE_NAMES["shards"]:
        return None
    return parts[2]


def is_file_of_snapshots(key: str) -> bool:
    """Whether chaninfra writes a file at this key, relative to the channel, for a snapshot."""
    if key == SNAPSHOTS_JSON:
        return True
    folder, name, subdir, file = [*key.split("/"), "", "", ""][:4]
    return (
        key.count("/") == 3
        and folder == SNAPSHOTS_FOLDER
        and is_snapshot_name(name)
        and subdir in KNOWN_SUBDIRS
        and file in FILE_NAMES.values()
    )
