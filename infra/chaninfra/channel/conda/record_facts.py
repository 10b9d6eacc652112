"""The fields of repodata records that chaninfra reads. Records themselves are kept as the bytes that were read.

Fields and types are those of CEP 36 (repodata.json), CEP 47 (`indexed_timestamp`) and CEP 50 (`attestations_sha256`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from chaninfra.channel.conda.structs import prepared

_Integer = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
"""What clients hold in 64 bits."""

LAST_SECOND = 253_402_300_799
"""The end of the year 9999 in seconds since 1970: conda takes a greater `timestamp` for one in milliseconds."""


@prepared
class RecordName(Struct):
    """The package name only: sharding decodes it for each of a hundred thousand records."""

    name: str


@prepared
class RecordFacts(Struct, frozen=True, kw_only=True):
    """The fields of a record; the default where it does not have them. `size` in bytes, hex digests, times in ms since
    1970.
    """

    name: str | None = None
    version: str | None = None
    build: str | None = None
    build_number: _Integer = 0
    size: _Integer | None = None
    md5: str | None = None
    sha256: str | None = None
    timestamp: _Integer | None = None
    """When the package was built; some tools write seconds, see `in_ms`."""
    indexed_timestamp: _Integer | None = None
    """When a package with these bytes first came into the index."""
    attestations_sha256: str | None = None
    """Hex digest of its sidecar."""

    def identity(self) -> tuple[str, str, str]:
        """(name, version, build). Raises msgspec.ValidationError where the record lacks one of them."""
        if self.name is None or self.version is None or self.build is None:
            missing = next(field for field in ("name", "version", "build") if getattr(self, field) is None)
            raise msgspec.ValidationError(f"Object missing required field `{missing}`")
        return self.name, self.version, self.build


_facts = msgspec.json.Decoder(RecordFacts)

_document = msgspec.json.Decoder(dict[str, Any])


def read_facts(record: Raw | bytes, *fields: str) -> RecordFacts:
    """The facts in a record (JSON), of which the caller needs `fields`.

    Raises MALFORMED (see `untrusted`) where the record is not a JSON object, or where one of `fields` has
    another type than it should. Other fields are then None: a wrong field that the caller does not need is not an
    error.
    """
    try:
        return _facts.decode(record)
    except msgspec.ValidationError:
        return facts_in(fields_of(record), *fields)


def fields_of(record: Raw | bytes) -> dict[str, Any]:
    """All fields of a record (JSON). Raises MALFORMED (see `untrusted`) where it is not a JSON object."""
    return _document.decode(record)


def facts_in(document: Mapping[str, Any], *fields: str) -> RecordFacts:
    """These fields of a decoded record. Raises msgspec.ValidationError where one has another type than it should."""
    return msgspec.convert({field: document[field] for field in fields if field in document}, RecordFacts)


def in_ms(timestamp: int | None) -> int | None:
    """A record's `timestamp` in ms since 1970, by conda's rule for which unit it is in."""
    return timestamp * 1000 if timestamp is not None and timestamp <= LAST_SECOND else timestamp
