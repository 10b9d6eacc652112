"""The files that are derived from the authoritative index, as they were read. See `derived_files`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from chaninfra.channel.conda.commit_stamp import Origin
from chaninfra.channel.conda.index_files import FILE_NAMES, MAX_REPODATA, MAX_ZST, REPODATA, decompress
from chaninfra.channel.conda.index_settings import RUN_EXPORTS, Format
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.errors import InvalidRepodataError
from chaninfra.channel.objects import ObjectMeta, StoredObject, get_within
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex

DERIVED: tuple[Format, ...] = ("json", "zst")
"""Those that have the records."""


@dataclass(frozen=True, kw_only=True)
class DerivedFile:
    """A derived file that exists."""

    entry: ObjectMeta
    origin: Origin | None
    """None: another tool wrote it, or the metadata were lost."""
    repodata: Repodata | None = None
    """Its content; None: it is not ours, or was not read."""


Derived = Mapping[Format, DerivedFile]
"""The derived files that exist."""


def read_derived(subdir_index: SubdirIndex) -> Callable[[], Derived]:
    """Start to read the zst, and the metadata of the others; where they are not written by each commit, the metadata of
    all. The function that is returned waits for them; they are read once.
    """
    settings = subdir_index.layout.index
    read: list[Format] = ["zst"] if settings.monolith == "each-commit" else []
    head, submit = subdir_index.store.head, subdir_index.runtime.submit
    heads = {
        kind: submit(partial(head, subdir_index.key(FILE_NAMES[kind]))) for kind in settings.derived if kind not in read
    }
    # Unpacked there too, while the commit waits for other answers.
    zst = submit(partial(_read_zst, subdir_index)) if read else dict[Format, DerivedFile]
    return lambda: _existing({kind: answer() for kind, answer in heads.items()}) | zst()


def derived_metadata(subdir_index: SubdirIndex) -> Derived:
    """The derived files that the settings ask for, without their bytes; none where the channel has shards alone."""
    return _heads(subdir_index, subdir_index.layout.index.derived)


def existing(subdir_index: SubdirIndex) -> Derived:
    """repodata.json and its zst, whatever the settings say, and what else they ask for, without their bytes: those that
    exist.
    """
    return _heads(subdir_index, dict.fromkeys([*DERIVED, *subdir_index.layout.index.derived]))


def _heads(subdir_index: SubdirIndex, kinds: Iterable[Format]) -> Derived:
    named = [*kinds]
    heads = [partial(subdir_index.store.head, subdir_index.key(FILE_NAMES[kind])) for kind in named]
    return _existing(dict(zip(named, run_all(subdir_index.runtime, heads), strict=True)))


def _existing(read: Mapping[Format, ObjectMeta | None]) -> dict[Format, DerivedFile]:
    return {kind: DerivedFile(entry=entry, origin=_origin(kind, entry)) for kind, entry in read.items() if entry}


def _origin(kind: Format, entry: ObjectMeta) -> Origin | None:
    origin = Origin.read(entry.metadata)
    # Another tool may keep the metadata.
    plain = kind in ("json", "run_exports")
    return None if origin and plain and entry.size != origin.length else origin


def _read_zst(subdir_index: SubdirIndex) -> dict[Format, DerivedFile]:
    read = get_within(subdir_index.store, subdir_index.key(FILE_NAMES["zst"]), MAX_ZST)
    files = _existing({"zst": read.entry if isinstance(read, StoredObject) else read})
    if not isinstance(read, StoredObject) or files["zst"].origin is None:
        return files
    # The length that the metadata promise is not trusted.
    plain = decompress(read.data, min(files["zst"].origin.length, MAX_REPODATA))
    return {"zst": dataclasses.replace(files["zst"], repodata=_parsed(subdir_index, files["zst"].origin, plain))}


def number_of(subdir_index: SubdirIndex, derived: Derived) -> int:
    """The number of the commit that all derived files contain; 0: one is missing or another tool's."""
    files = [derived.get(kind) for kind in subdir_index.layout.index.derived]
    return min((file.origin.number if file and file.origin else 0 for file in files), default=0)


def of_others(derived: Derived) -> list[Format]:
    """Those that another tool has written, and that may have what the index does not: run_exports.json says nothing
    that the packages do not.
    """
    return [kind for kind, file in derived.items() if file.origin is None and kind not in RUN_EXPORTS]


def newest_number(derived: Derived) -> int:
    """The greatest number of a commit that a derived file contains; 0: there is none of ours."""
    return max((file.origin.number for file in derived.values() if file.origin), default=0)


def our_repodata(subdir_index: SubdirIndex, derived: Derived) -> tuple[int, Repodata] | None:
    """The content of a derived file that chaninfra wrote, and the number of its commit; None if there is none."""
    zst, json = derived.get("zst"), derived.get("json")
    if zst and zst.origin and zst.repodata:
        return zst.origin.number, zst.repodata
    stored = get_within(subdir_index.store, json.entry.key, MAX_REPODATA) if json and json.origin else None
    origin = Origin.read(stored.metadata) if isinstance(stored, StoredObject) else None
    if isinstance(stored, StoredObject) and origin and (repodata := _parsed(subdir_index, origin, stored.data)):
        return origin.number, repodata
    # Of the zst only the metadata may have been read.
    read = _read_zst(subdir_index).get("zst") if zst and zst.origin else None
    return (read.origin.number, read.repodata) if read and read.origin and read.repodata else None


def _parsed(subdir_index: SubdirIndex, origin: Origin, plain: bytes | bytearray | None) -> Repodata | None:
    """None: these are not the bytes that the metadata are about."""
    if plain is None or not origin.is_of(plain):
        return None
    try:
        return Repodata.parse(plain, where=subdir_index.key(REPODATA), subdir=subdir_index.subdir)
    except InvalidRepodataError:
        return None
