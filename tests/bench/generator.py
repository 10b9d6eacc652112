"""A conda channel that does not exist: names, versions, builds and dependencies distributed as in a real one.

The shape is that of conda-forge's linux-64: a few names have very many builds and most have a few (a power law), a
record has about seven dependencies and 400 to 600 bytes of JSON. Payloads are heavy-tailed too, but about two hundred
times smaller than in earnest, so that a hundred thousand packages fit on a disk; an index does not depend on them. The
same arguments give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import zstandard

SUBDIR = "linux-64"
SEED = 20260101

_SYLLABLES = (
    "ar",
    "bo",
    "ca",
    "del",
    "fi",
    "gra",
    "hu",
    "in",
    "jo",
    "ka",
    "lo",
    "mi",
    "nu",
    "pan",
    "qui",
    "ro",
    "ten",
    "vi",
    "web",
    "yam",
)
_PREFIXES = ("", "", "", "", "lib", "lib", "py-", "python-", "r-", "r-", "perl-", "rust-", "go-", "ros-")
_LICENSES = ("MIT", "BSD-3-Clause", "Apache-2.0", "GPL-3.0-or-later", "LGPL-2.1-or-later", "MPL-2.0", "PSF-2.0")
_PYTHONS = ("39", "310", "311", "312", "313")
# How popular the name of rank r is: r ** -_SKEW. In a channel of 100,000 packages the first then has about 1,300.
_SKEW = 0.7
_FIRST_DAY = 1_577_836_800_000
_DAYS = 2100
# Its checksum is made with spaces in its place.
_HEADER = bytearray(tarfile.TarInfo().tobuf(tarfile.USTAR_FORMAT))
_HEADER[148:156] = b" " * 8
_NOISE = random.Random(SEED).randbytes(1 << 20)
_LARGEST = 256 << 10
_COMPRESSOR = zstandard.ZstdCompressor(level=1)


@dataclass(frozen=True)
class Package:
    """A package of the channel; `payload` are the bytes that it installs."""

    index: dict[str, Any]
    payload: bytes

    @property
    def file(self) -> str:
        """Its file name."""
        return f"{self.index['name']}-{self.index['version']}-{self.index['build']}.conda"

    @cached_property
    def data(self) -> bytes:
        """The bytes of the .conda file."""
        return _conda(self.index, self.file.removesuffix(".conda"), self.payload)

    def record(self) -> dict[str, Any]:
        """What the index says of it."""
        data = self.data
        return {
            **self.index,
            "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            "sha256": hashlib.sha256(data).hexdigest(),
            "size": len(data),
        }


@dataclass(frozen=True)
class Shape:
    """So many packages under so many names; `payload`: so many bytes that do not compress in each, None as above."""

    packages: int
    names: int
    payload: int | None = None


class Channel:
    """The channel of a shape."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._names = _names(shape.names)
        weights = [(rank + 1) ** -_SKEW for rank in range(shape.names)]
        # A name depends on popular ones.
        self._popular = random.Random(SEED + 1).choices(self._names, weights, k=1 << 14)
        self._counts = _shares(shape.packages, weights)

    @property
    def names(self) -> list[str]:
        """The names, the one with the most packages first."""
        return self._names

    def __iter__(self) -> Iterator[Package]:
        """Every package, name by name."""
        for rank, count in enumerate(self._counts):
            for number in range(count):
                yield self._package(rank, number)

    def records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """File name and record of every package, without making the packages: their hashes and sizes are random."""
        rng = random.Random(SEED + 2)
        for package in self:
            made_up = {
                "md5": f"{rng.getrandbits(128):032x}",
                "sha256": f"{rng.getrandbits(256):064x}",
                "size": rng.randrange(1 << 20),
            }
            yield package.file, {**package.index, **made_up}

    def more(self, number: int) -> Package:
        """A package that the channel does not have, each `number` another: the next build of a name with several."""
        turn, rank = divmod(self.shape.names // 20 + number, self.shape.names)
        return self._package(rank, self._counts[rank] + turn)

    def _package(self, rank: int, number: int) -> Package:
        name = self._names[rank]
        of_name = random.Random(f"{SEED} {name}")
        per_version = of_name.choice((1, 1, 1, 2, len(_PYTHONS)))
        version, variant = divmod(number, per_version)
        rng = random.Random(f"{SEED} {name} {number}")
        digest = f"{rng.getrandbits(28):07x}"
        build_number = min(int(rng.expovariate(1.2)), 9)
        depends = self._dependencies(of_name, rng)
        build = f"h{digest}_{build_number}"
        if per_version == len(_PYTHONS):
            python = _PYTHONS[variant]
            build = f"py{python}{build}"
            minor = int(python[1:])
            depends += [f"python >=3.{minor},<3.{minor + 1}.0a0", f"python_abi 3.{minor}.* *_cp{python}"]
        elif per_version == 2:
            build = f"{('mpi_mpich', 'nompi')[variant]}_{build}"
        index: dict[str, Any] = {
            "arch": "x86_64",
            "build": build,
            "build_number": build_number,
            "depends": sorted(depends),
            "license": of_name.choice(_LICENSES),
            "name": name,
            "platform": "linux",
            "subdir": SUBDIR,
            "timestamp": _FIRST_DAY + int(rng.random() * _DAYS * 86_400_000),
            "version": f"{of_name.randrange(4)}.{version // 6}.{version % 6}",
        }
        if rng.random() < 0.25:
            index["constrains"] = [f"{rng.choice(self._popular)} >={rng.randrange(3)}.{rng.randrange(20)}"]
        if rng.random() < 0.5:
            index["license_family"] = index["license"].split("-")[0]
        if self.shape.payload is not None:
            return Package(index, rng.randbytes(self.shape.payload))
        size = min(int(rng.lognormvariate(6.5, 1.5)), _LARGEST)
        start = rng.randrange(len(_NOISE) - size)
        return Package(index, _NOISE[start : start + size])

    def _dependencies(self, of_name: random.Random, rng: random.Random) -> list[str]:
        """The builds of a name depend on the same names, each on versions of its day."""
        depends = {"__glibc": "__glibc >=2.17,<3.0.a0", "libgcc": f"libgcc >={rng.randrange(12, 15)}"}
        for _ in range(min(int(of_name.expovariate(0.25)), 40)):
            name = of_name.choice(self._popular)
            major, minor = rng.randrange(4), rng.randrange(30)
            depends[name] = of_name.choice(
                (name, f"{name} >={major}.{minor}", f"{name} >={major}.{minor}.0,<{major + 1}.0a0")
            )
        return list(depends.values())


def _names(count: int) -> list[str]:
    rng = random.Random(SEED)
    names: dict[str, None] = {}
    while len(names) < count:
        stem = "".join(rng.choices(_SYLLABLES, k=rng.randrange(2, 5)))
        tail = rng.choice(("", "", "", "-core", "-devel", "-tools", f"-{rng.choice(_SYLLABLES)}"))
        names[f"{rng.choice(_PREFIXES)}{stem}{tail}"] = None
    return list(names)


def _shares(total: int, weights: list[float]) -> list[int]:
    """`total` as whole numbers, one a weight and at least one each, in proportion to the weights."""
    spare, whole = total - len(weights), sum(weights)
    shares, passed, given = [], 0.0, 0
    for weight in weights:
        passed += weight
        upto = round(spare * passed / whole)
        shares.append(1 + upto - given)
        given = upto
    return shares


def _conda(index: dict[str, Any], stem: str, payload: bytes) -> bytes:
    """A .conda file (conda's package format 2): a zip of stored members, two of them a compressed tar."""
    path = f"share/{index['name']}.bin"
    entry = {
        "_path": path,
        "path_type": "hardlink",
        "sha256": hashlib.sha256(payload).hexdigest(),
        "size_in_bytes": len(payload),
    }
    info = {
        "info/index.json": _json(index),
        "info/paths.json": _json({"paths": [entry], "paths_version": 1}),
        "info/files": f"{path}\n".encode(),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in (
            ("metadata.json", b'{"conda_pkg_format_version": 2}'),
            (f"pkg-{stem}.tar.zst", _COMPRESSOR.compress(_tar({path: payload}))),
            (f"info-{stem}.tar.zst", _COMPRESSOR.compress(_tar(info))),
        ):
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def _tar(files: dict[str, bytes]) -> bytes:
    parts = []
    for name, data in files.items():
        parts += [_header(name, len(data)), data, bytes(-len(data) % tarfile.BLOCKSIZE)]
    return b"".join([*parts, bytes(2 * tarfile.BLOCKSIZE)])


def _header(name: str, size: int) -> bytes:
    """As tarfile would make it, in a tenth of the time: only name and size differ."""
    header = bytearray(_HEADER)
    header[: len(name)] = name.encode()
    header[124:135] = b"%011o" % size
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()
