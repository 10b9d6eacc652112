"""The skeleton of a channel: the index files that clients need to read a channel without packages.

The rule: a subdir gets an empty index only if it has neither packages nor any file of an index, of ours or of another
tool. Where repodata.json or its zst is there, the files that are missing are made from it: pixi reads shards first, so
an empty shard index beside a full repodata.json would hide all packages. Where only shards are there, `reindex` or the
next commit makes the others from them, as always: it keeps the state of the index that they are made from. So it is
with run_exports.json.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from chaninfra.channel.conda.commit_stamp import Origin, first_stamp
from chaninfra.channel.conda.filenames import is_package
from chaninfra.channel.conda.index_files import (
    FILE_NAMES,
    MAX_REPODATA,
    MAX_ZST,
    REPODATA,
    body,
    compress,
    decompress,
)
from chaninfra.channel.conda.index_settings import RUN_EXPORTS, Format, IndexSettings
from chaninfra.channel.conda.layout import ChannelLayout, index_keys
from chaninfra.channel.conda.object_names import HISTORY_FOLDER
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.run_exports import encode_run_exports
from chaninfra.channel.conda.shard_index import ShardIndex, packed_keys, read_shard_index
from chaninfra.channel.conda.shards import is_shard, make_shards, shard_key
from chaninfra.channel.errors import ConflictError, UnsupportedError
from chaninfra.channel.objects import IfAbsent, ObjectBody, ObjectStore, StoredObject, get_within

_FIRST = first_stamp(1, "first", (), 0)
"""The stamp of the index of a subdir without packages, whose checksum is then filled in."""


@dataclass(frozen=True)
class Written:
    """The keys that `write_missing` wrote, and the subdirs that need a re-index: they have packages or a part of an
    index.
    """

    keys: tuple[str, ...]
    to_reindex: tuple[str, ...]


def existing_index_keys(store: ObjectStore, layout: ChannelLayout) -> tuple[str, ...]:
    """Those of `index_keys` that exist."""
    return tuple(key for key in index_keys(layout) if store.head(key) is not None)


def write_missing(store: ObjectStore, layout: ChannelLayout) -> Written:
    """Write the missing index files, by the rule above; existing ones stay as they are. Raises StorageError."""
    written: list[str] = []
    to_reindex: list[str] = []
    existing = set(existing_index_keys(store, layout))
    for subdir in layout.subdirs:
        missing = [kind for kind in layout.index.formats if layout.key(subdir, FILE_NAMES[kind]) not in existing]
        if not missing:
            continue
        files = _files(store, layout, subdir, missing)
        if files is None or not {FILE_NAMES[kind] for kind in missing} <= {name for name, _ in files}:
            to_reindex.append(subdir)
        if files is None:
            continue
        written += [
            layout.key(subdir, name)
            for name, content in files
            if create_missing(store, layout.key(subdir, name), content)
        ]
    return Written(keys=tuple(written), to_reindex=tuple(to_reindex))


def _files(
    store: ObjectStore, layout: ChannelLayout, subdir: str, missing: list[Format]
) -> list[tuple[str, ObjectBody]] | None:
    """The missing files of a subdir, names relative to it, in the order in which to write them: shards before the index
    that names them; without those of run exports, unless it has no packages. None: it must be indexed first.
    """
    repodata = _repodata_json(store, layout, subdir)
    first = repodata is not None and {*missing} <= {*RUN_EXPORTS} and _is_first(store, layout, subdir)
    if repodata is None or first:
        if not (_is_empty if "shards" in missing else _is_first)(store, layout, subdir):
            return None
        names = {FILE_NAMES[kind] for kind in missing}
        return [(name, content) for name, content in empty_index(subdir, layout.index) if name in names]
    data, metadata = repodata
    files: list[tuple[str, ObjectBody]] = []
    if "shards" in missing:
        parsed = Repodata.parse(data, where=layout.key(subdir, REPODATA), subdir=subdir)
        files += unstamped_shards(parsed, layout.index, layout.key(subdir, REPODATA))
    if "json" in missing:
        files.append((REPODATA, body(data, "json", layout.index, metadata)))
    if "zst" in missing:
        packed = compress(data, layout.index.compression_level)
        files.append((FILE_NAMES["zst"], body(packed, "zst", layout.index, metadata)))
    return files


def empty_index(subdir: str, settings: IndexSettings) -> Iterator[tuple[str, ObjectBody]]:
    """(name, file) of the index of a subdir without packages: commit 1. The authoritative index comes last."""
    data = Repodata.empty(subdir).encode(_FIRST)
    metadata = Origin.of(_FIRST.number, data).metadata()
    if "run_exports" in settings.formats:
        exports = encode_run_exports(Repodata.empty(subdir), subdir, {})
        made_of = Origin.of(_FIRST.number, exports).metadata()
        packed = compress(exports, settings.compression_level)
        yield FILE_NAMES["run_exports_zst"], body(packed, "run_exports_zst", settings, made_of)
        yield FILE_NAMES["run_exports"], body(exports, "run_exports", settings, made_of)
    if "json" in settings.formats:
        yield FILE_NAMES["zst"], body(compress(data, settings.compression_level), "zst", settings, metadata)
        yield REPODATA, body(data, "json", settings, metadata)
    index = ShardIndex(hashes={}, stamp=_FIRST, info={"subdir": subdir})
    packed = index.encode(settings.compression_level, time.time_ns() // 1_000_000)
    yield FILE_NAMES["shards"], body(packed, "shards", settings)


def unstamped_shards(
    repodata: Repodata, settings: IndexSettings, where: str = REPODATA
) -> Iterator[tuple[str, ObjectBody]]:
    """(name, file) of the shards and the shard index of a repodata.json, whose key is `where`. The index has no stamp,
    so that the next commit takes it for another tool's and looks at the packages first. Raises StorageError.
    """
    hashes: dict[str, bytes] = {}
    other = packed_keys(repodata, where=where)
    del other["info"]
    for new in make_shards(repodata, None, "adopted", settings.compression_level):
        hashes[new.name] = new.digest
        yield shard_key(new.digest), new.body
    index = ShardIndex(hashes=hashes, stamp=None, info=repodata.public_info(), other=other)
    packed = index.encode(settings.compression_level, time.time_ns() // 1_000_000)
    yield FILE_NAMES["shards"], body(packed, "shards", settings)


def _repodata_json(store: ObjectStore, layout: ChannelLayout, subdir: str) -> tuple[bytes, dict[str, str]] | None:
    """The bytes of repodata.json, and the metadata that say what it was made from; None if neither it nor the zst is
    there.
    """
    stored = get_within(store, layout.key(subdir, REPODATA), MAX_REPODATA)
    if isinstance(stored, StoredObject):
        origin = Origin.read(stored.metadata)
        return stored.data, origin.metadata() if origin else {}
    stored = get_within(store, layout.key(subdir, FILE_NAMES["zst"]), MAX_ZST)
    plain = decompress(stored.data, MAX_REPODATA) if isinstance(stored, StoredObject) else None
    if plain is None or not isinstance(stored, StoredObject):
        return None
    origin = Origin.read(stored.metadata)
    return bytes(plain), origin.metadata() if origin else {}


def _is_first(store: ObjectStore, layout: ChannelLayout, subdir: str) -> bool:
    """Whether the shard index is the one that `empty_index` makes: nothing was committed since."""
    index = read_shard_index(store, layout.key(subdir, FILE_NAMES["shards"]))
    if index is None or index.stamp is None or index.hashes or index.info != {"subdir": subdir} or index.other:
        return False
    return (index.stamp.number, index.stamp.revision) == (_FIRST.number, _FIRST.revision)


def _is_empty(store: ObjectStore, layout: ChannelLayout, subdir: str) -> bool:
    """Whether there is nothing of a subdir whose index files are missing: no packages, no shards, no history."""
    for entry in store.list(layout.key(subdir)):
        name = entry.key.removeprefix(layout.key(subdir) + "/")
        if is_package(entry.key) or name.startswith(FILE_NAMES["json"].partition(".")[0]) or is_shard(name):
            return False
    return next(iter(store.list(layout.key(HISTORY_FOLDER, subdir))), None) is None


def create_missing(store: ObjectStore, key: str, body: ObjectBody) -> bool:
    """Put a file that was just found missing, and return True; False if another writer has created it meanwhile.

    A store without conditional writes has one writer at a time, so a plain PUT overwrites nothing there.
    """
    try:
        store.put(key, body, IfAbsent())
    except ConflictError:
        return False
    except UnsupportedError:
        store.put(key, body)
    return True
