"""Which records of conda packages clients can read (CEP 36).

rattler's clients reject all packages of a name if one record of it has a field of another type, and all of a
repodata.json if they read it whole. So a record that another tool wrote wrong must not be written again.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED, check_plain
from chaninfra.index.package.index_json import PLAIN_VERSION, PackageError, RunExports, check_version
from chaninfra.index.package.record import canonical_purls

_Unsigned = Annotated[int, Meta(ge=0)]
"""Up to 64 bits, which `check_plain` holds."""
_Signed = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
_Md5 = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{32}\Z")]
_Sha256 = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{64}\Z")]


@prepared
class _Record(Struct):
    """The types that clients read; fields that they do not know may have any."""

    name: str
    version: str
    build: str
    build_number: _Unsigned
    subdir: str = ""
    arch: str | None = None
    attestations_sha256: _Sha256 | None = None
    constrains: list[str] = []
    depends: list[str] = []
    extra_depends: dict[str, list[str]] = {}
    features: str | None = None
    flags: list[str] = []
    indexed_timestamp: _Signed | None = None
    legacy_bz2_md5: _Md5 | None = None
    legacy_bz2_size: _Unsigned | None = None
    license: str | None = None
    license_family: str | None = None
    md5: _Md5 | None = None
    noarch: bool | Literal["", "generic", "python"] | None = None
    platform: str | None = None
    purls: list[str] | None = None
    python_site_packages_path: str | None = None
    run_exports: RunExports | None = None
    sha256: _Sha256 | None = None
    size: _Unsigned | None = None
    timestamp: _Signed | None = None
    track_features: str | list[str] = ""


_record = msgspec.json.Decoder(_Record)
_document = msgspec.json.Decoder(dict[str, Any])


def why_invalid(record: Raw) -> str | None:
    """Why clients cannot read the record of a conda package (JSON), or no shard can have it; None if they can."""
    try:
        found = _record.decode(record)
        check_plain(_document.decode(record))
        if not PLAIN_VERSION.fullmatch(found.version):
            check_version(found.version)
        if found.purls:
            canonical_purls(found.purls)
    except (*MALFORMED, PackageError) as error:
        return str(error)
    return None if found.name else "its name is empty"
