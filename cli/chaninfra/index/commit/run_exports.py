"""Makes run_exports.json (CEP 12) of the records of a subdir, without what patches say of run exports."""

from __future__ import annotations

from msgspec import Raw

from chaninfra.channel.conda.record_facts import read_facts
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.run_exports import encode_run_exports
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.index.patches.document import Patches, read_patches
from chaninfra.index.subdir_index import SubdirIndex

_KEY = "run_exports"


def run_exports_of(subdir_index: SubdirIndex, repodata: Repodata) -> bytes:
    """The bytes of run_exports.json of these records. Raises StorageError.

    What a patch says of run exports is not in it (CEP 12), so such a package is read again; hardly any patch does. One
    that cannot be read has what its record says.
    """
    # Rule: the patches are read later than the index. Who adds one writes it before the commit that lays it.
    patches, _ = read_patches(subdir_index)
    return encode_run_exports(repodata, subdir_index.subdir, _unpatched(subdir_index, repodata, patches))


def _unpatched(subdir_index: SubdirIndex, repodata: Repodata, patches: Patches) -> dict[str, Raw]:
    """File name → the record that the package gives, of those to which a patch gives other run exports."""
    sha256: dict[str, str] = {}
    for file, patch in patches.items():
        place = repodata.find(file) if _KEY in patch.changes else None
        if place is not None and (found := _sha256(repodata.records[place[0]][place[1]])) and patch.is_of(found):
            sha256[file] = found
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
