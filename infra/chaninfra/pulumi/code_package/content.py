"""Which files the zip of the function has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from chaninfra.channel.config import schema
from chaninfra.pulumi.code_package.archive import Entry, entries, stored

PARTS = ("channel", "index", "follow")
"""The packages of chaninfra that the function runs; the other ones need Pulumi, or make a command line."""

_SERVICES = ("cloudfront", "s3", "sts")
"""The services of AWS whose description the function needs; botocore has those of all."""
_LEFT_OUT = re.compile(
    # For people, type checkers and installers. Only METADATA is read by programs: it has the version.
    r".*\.pyi|.*/py\.typed|.*/tests?/.*|[^/]+\.dist-info/(?!METADATA$).*|[^/]+\.data/scripts/.*"
    rf"|botocore/data/(?!(?:{'|'.join(_SERVICES)})/)[^/]+/.*|boto3/(?:data|examples)/.*"
    # The second implementation, of which each Python uses one.
    r"|zstandard/(?:_cffi\..*|backend_cffi\.py)",
    re.DOTALL,
)


def own_entries() -> list[Entry]:
    """The code of chaninfra as it is installed, its version, and the schemas, which tell what a channel.json lacks."""
    found = [
        stored(f"chaninfra/{part}/{path.relative_to(folder).as_posix()}", path.read_bytes())
        for part in PARTS
        for folder in _folders(part)
        for path in folder.rglob("*.py")
    ]
    schemas = schema.folder().glob("*.schema.json")
    found += [stored(f"chaninfra/schemas/{path.name}", path.read_bytes()) for path in schemas]
    number = version("chaninfra")
    metadata = f"Metadata-Version: 2.1\nName: chaninfra\nVersion: {number}\n"
    found.append(stored(f"chaninfra-{number}.dist-info/METADATA", metadata.encode()))
    return sorted(found, key=lambda entry: entry.name)


def _folders(part: str) -> Iterator[Path]:
    spec = find_spec(f"chaninfra.{part}")
    for folder in (spec and spec.submodule_search_locations) or ():
        yield Path(folder)


def entries_of_wheel(wheel: Path) -> Iterator[Entry]:
    """The files of a wheel that the function needs."""
    return (entry for entry in entries(wheel) if not _LEFT_OUT.fullmatch(entry.name))
