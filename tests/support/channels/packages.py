"""Real conda packages for tests, made by rattler-build."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rattler_build import ArchiveType, assemble_package

_TIMESTAMP = datetime(2026, 1, 1, tzinfo=UTC)


def make_package(
    folder: Path,
    name: str,
    version: str,
    build: str = "0",
    subdir: str = "noarch",
    depends: Sequence[str] = (),
    payload: bytes = b"hello\n",
    archive: ArchiveType = ArchiveType.Conda,
    **about: str,
) -> Path:
    """The path of a new package in `folder`; it installs one file, `share/<name>.txt`, that holds `payload`. `about`:
    what it says of itself, `summary`, `description`, `license` and `homepage`.

    The same arguments give the same bytes; another `payload` gives others under the same file name.
    """
    with tempfile.TemporaryDirectory() as staged:
        file = Path(staged, "share", f"{name}.txt")
        file.parent.mkdir()
        file.write_bytes(payload)
        output = assemble_package(
            name,
            version,
            subdir,
            build,
            folder,
            files_dir=staged,
            depends=list(depends),
            noarch="generic" if subdir == "noarch" else None,
            timestamp=_TIMESTAMP,
            archive_type=archive,
            compression_level=1,
            **about,
        )
    return Path(output.path)
