"""Which object keys a follower looks at: those of packages and of their sidecars, in the subdirs of the channel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.sidecar_names import package_of
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import is_file_name
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.index.package.sidecars import sidecar_name


@dataclass(frozen=True, kw_only=True)
class Named:
    """The files of a subdir that were named, as file names of packages."""

    packages: set[str] = field(default_factory=set)
    sidecars: set[str] = field(default_factory=set)
    """The packages whose sidecar was named."""


def path_of(descriptor: Descriptor, key: str) -> tuple[Subdir, str] | None:
    """(subdir, file name) of a key that is one of a package or sidecar of the channel; None for any other text."""
    start = f"{descriptor.prefix}/" if descriptor.prefix else ""
    if not key.startswith(start):
        return None
    folder, _, file = key[len(start) :].partition("/")
    subdir = next((each for each in descriptor.subdirs if each == folder), None)
    if subdir is None or not is_file_name(file) or not (suffix_of(file) or _is_sidecar(file)):
        return None
    return subdir, file


def _is_sidecar(file: str) -> bool:
    """Whether it is the name of a sidecar: not that of a copy of one, which never changes."""
    package = package_of(file)
    return package is not None and file == sidecar_name(package)


def named_in(descriptor: Descriptor, keys: Iterable[str]) -> tuple[dict[Subdir, Named], int]:
    """The files that the keys name, by subdir; and the number of keys that are none of a package or sidecar."""
    found: dict[Subdir, Named] = {}
    others = 0
    for key in keys:
        path = path_of(descriptor, key)
        if path is None:
            others += 1
            continue
        subdir, file = path
        named = found.setdefault(subdir, Named())
        if suffix_of(file):
            named.packages.add(file)
        else:
            named.sidecars.add(package_of(file) or file)
    return found, others
