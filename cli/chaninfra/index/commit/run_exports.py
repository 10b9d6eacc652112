"""Makes run_exports.json (CEP 12) of the records of a subdir, without what patches say of run exports."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from msgspec import Raw

from chaninfra.channel.conda.commit_stamp import Origin
from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.index_files import FILE_NAMES, MAX_REPODATA, MAX_ZST, decompress
from chaninfra.channel.conda.record_facts import read_facts
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.run_exports import encode_run_exports, entries_in, run_exports_in
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.objects import StoredObject, get_within
from chaninfra.index.commit.history import kept_index, touched_since
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.patches.document import Patches, read_patches
from chaninfra.index.subdir_index import SubdirIndex

_KEY = "run_exports"
_NOTHING = Raw(b"{}")


@dataclass(frozen=True)
class _Patched:
    """The record of a package to which a patch gives other run exports."""

    table: str
    key: str
    record: Raw
    sha256: str


def run_exports_of(
    subdir_index: SubdirIndex, repodata: Repodata, index: ShardIndex, shards: ShardReader, replaced: ShardIndex | None
) -> bytes:
    """The bytes of run_exports.json of these records, which are those of `index`. Raises StorageError.

    What a patch says of run exports is not in it (CEP 12). Of such a package the entry that was made before is taken,
    if its record has not changed since; else the package is read again. One that cannot be read has what its record
    says. `replaced`: the index that one's own commit has replaced, None: there was none, or no commit.
    """
    # Rule: the patches are read later than the index. Who adds one writes it before the commit that lays it.
    patches, _ = read_patches(subdir_index)
    patched = _patched(repodata, patches)
    if not patched:
        return encode_run_exports(repodata, subdir_index.subdir, {})
    unpatched = dict(_told_before(subdir_index, repodata, patched, index, shards, replaced))
    unknown = {file: each.sha256 for file, each in patched.items() if file not in unpatched}
    unpatched |= _read_again(subdir_index, unknown)
    return encode_run_exports(repodata, subdir_index.subdir, unpatched)


def _patched(repodata: Repodata, patches: Patches) -> dict[str, _Patched]:
    """The packages to which a patch gives other run exports, by file name."""
    found: dict[str, _Patched] = {}
    for file, patch in patches.items():
        place = repodata.find(file) if _KEY in patch.changes else None
        if place is None:
            continue
        record = repodata.records[place[0]][place[1]]
        sha256 = _sha256(record)
        if sha256 and patch.is_of(sha256):
            found[file] = _Patched(*place, record, sha256)
    return found


def _told_before(
    subdir_index: SubdirIndex,
    repodata: Repodata,
    patched: Mapping[str, _Patched],
    index: ShardIndex,
    shards: ShardReader,
    replaced: ShardIndex | None,
) -> Iterator[tuple[str, Raw]]:
    """Those of the patched packages whose record is that from which the run_exports.json that is there was made, and
    what that one tells of them.
    """
    stored = get_within(subdir_index.store, subdir_index.key(FILE_NAMES["run_exports_zst"]), MAX_ZST)
    origin = Origin.read(stored.metadata) if isinstance(stored, StoredObject) else None
    if not isinstance(stored, StoredObject) or origin is None:
        return
    # The length that the metadata promise is not trusted.
    plain = decompress(stored.data, min(origin.length, MAX_REPODATA))
    touched = touched_since(subdir_index, index, origin.number)
    entries = entries_in(plain) if plain is not None and origin.is_of(plain) else None
    if entries is None or touched is None:
        return
    names = {file: repodata.name_in(each.table, each.key) for file, each in patched.items()}
    old: dict[tuple[str, str], Raw] = {}
    if again := touched.intersection(name for name in names.values() if name is not None):
        is_own = replaced is not None and replaced.stamp is not None and replaced.stamp.number == origin.number
        base = replaced if is_own else kept_index(subdir_index, origin.number)
        old = _records(shards, base, again) if base is not None else {}
    for file, each in patched.items():
        if names[file] in touched and old.get((each.table, each.key)) != each.record:
            continue
        # A `.tar.bz2` that says nothing has no entry.
        absent: dict[str, list[str]] | None = {} if suffix_of(file) == ".tar.bz2" else None
        told = run_exports_in(entries[file]) if file in entries else absent
        # What the record says was told where the package could not be read: it may be readable now.
        if told is not None and told != (run_exports_in(each.record) or {}):
            yield file, entries.get(file, _NOTHING)


def _records(shards: ShardReader, index: ShardIndex, names: Collection[str]) -> dict[tuple[str, str], Raw]:
    """(table, key) → record, of the packages of these names in an index, as far as its shards are there."""
    found = shards.find({name: digest for name, digest in index.hashes.items() if name in names})
    return {
        (table, key): record
        for shard in found.values()
        if shard is not None
        for table, records in shard.records.items()
        for key, record in records.items()
    }


def _read_again(subdir_index: SubdirIndex, sha256: Mapping[str, str]) -> dict[str, Raw]:
    """File name → the record that the package gives, of those whose bytes have this sha256."""
    if not sha256:
        return {}
    # Imported here, since most commands need it for nothing.
    from chaninfra.index.package_reader import Read, read_files

    return {
        read.file: read.record.encode(0)
        for read in read_files(subdir_index, sorted(sha256))
        if isinstance(read, Read) and read.record is not None and read.sha256 == sha256[read.file]
    }


def _sha256(record: Raw) -> str | None:
    try:
        return read_facts(record, "sha256").sha256
    except MALFORMED:
        return None
