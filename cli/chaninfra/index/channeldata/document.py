"""channeldata.json as an object: what it was made from, and whether chaninfra has written it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from chaninfra.channel.conda.commit_stamp import MAX_NUMBER
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.objects import ObjectBody, StoredObject

VERSION = 1
MAX_CHANNELDATA = 256 << 20
"""Largest channeldata.json that is read or written, in bytes: an entry of a name has some kB."""
METADATA = "chaninfra-commits"
"""The name of the object metadata that say what it was made from."""

_METADATA = re.compile(r"([0-9a-f]{8}) ([0-9]{1,12})((?: [a-z0-9-]{1,30}:[1-9][0-9]{0,15})*)")


@prepared
class Channeldata(Struct, frozen=True, kw_only=True):
    """The document; what is unknown at its top level is not kept."""

    channeldata_version: int
    packages: dict[str, Raw]
    subdirs: Annotated[list[str], Meta(max_length=1000)] = []


@dataclass(frozen=True, kw_only=True)
class Made:
    """A channeldata.json that chaninfra has written."""

    packages: Mapping[str, Raw]
    """Package name → its entry."""
    numbers: Mapping[Subdir, int]
    """Subdir → the number of the commit that it contains."""


def read(stored: StoredObject) -> Made | None:
    """The document; None: another tool wrote it, or it is damaged."""
    found = _METADATA.fullmatch(stored.metadata.get(METADATA, ""))
    if found is None or (found[1], found[2]) != _digest(stored.data):
        return None
    pairs = [pair.partition(":") for pair in found[3].split()]
    numbers = {subdir: int(number) for subdir in KNOWN_SUBDIRS for name, _, number in pairs if name == subdir}
    try:
        document = msgspec.json.decode(stored.data, type=Channeldata)
    except MALFORMED:
        return None
    if max(numbers.values(), default=0) > MAX_NUMBER:
        return None
    return Made(packages=document.packages, numbers=numbers)


def numbers_in(metadata: Mapping[str, str]) -> dict[str, int] | None:
    """Subdir → number of the commit, by the metadata alone; None: another tool wrote it."""
    found = _METADATA.fullmatch(metadata.get(METADATA, ""))
    return None if found is None else {pair.partition(":")[0]: int(pair.partition(":")[2]) for pair in found[3].split()}


def body(
    packages: Mapping[str, Raw | dict[str, Any]], subdirs: Iterable[Subdir], numbers: Mapping[Subdir, int], cache: str
) -> ObjectBody:
    """The object. Equal content gives equal bytes."""
    ordered = dict(sorted(packages.items()))
    data = msgspec.json.encode({"channeldata_version": VERSION, "packages": ordered, "subdirs": sorted(subdirs)})
    told = "".join(f" {subdir}:{number}" for subdir, number in sorted(numbers.items()))
    crc, length = _digest(data)
    return ObjectBody(
        data=data,
        content_type="application/json",
        cache_control=cache,
        metadata={METADATA: f"{crc} {length}{told}"},
    )


def _digest(data: bytes) -> tuple[str, str]:
    return f"{zlib.crc32(data):08x}", str(len(data))
