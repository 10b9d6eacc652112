"""Conda packages written member by member, for what no build tool would write, and fast."""

from __future__ import annotations

import bz2
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import zstandard

METADATA = b'{"conda_pkg_format_version": 2}'


def index_json(name: str = "x", version: str = "1", build: str = "0", **more: Any) -> dict[str, Any]:
    """The least index.json of a noarch package, and `more`."""
    return {"name": name, "version": version, "build": build, "build_number": 0, "subdir": "noarch", **more}


def tar(members: Mapping[str, bytes]) -> bytes:
    """A tar of these files."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def zipped(members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of these files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return data.getvalue()


def conda(
    index: dict[str, Any] | bytes, more: Mapping[str, bytes] | None = None, payload: bytes = b"", stem: str = "x-1-0"
) -> bytes:
    """A `.conda` with this index.json, `more` files beside it in `info/`, and `payload` in its other part. Some tools
    look for its parts by `stem`, that of its file name.
    """
    raw = index if isinstance(index, bytes) else json.dumps(index, ensure_ascii=False).encode()
    info = {"info/index.json": raw, **{f"info/{name}": content for name, content in (more or {}).items()}}
    return zipped(
        {
            "metadata.json": METADATA,
            f"pkg-{stem}.tar.zst": zstandard.compress(tar({"share/x": payload}), 1),
            f"info-{stem}.tar.zst": zstandard.compress(tar(info), 1),
        }
    )


def tar_bz2(index: dict[str, Any] | bytes, more: Mapping[str, bytes] | None = None, payload: bytes = b"") -> bytes:
    """A `.tar.bz2` with this index.json, `more` files beside it in `info/`, and `payload` before it."""
    raw = index if isinstance(index, bytes) else json.dumps(index, ensure_ascii=False).encode()
    info = {f"info/{name}": content for name, content in (more or {}).items()}
    return bz2.compress(tar({"share/x": payload, **info, "info/index.json": raw}))


def write(folder: Path, data: bytes, name: str = "x-1-0.conda") -> Path:
    """Puts a package into a folder, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    return path
