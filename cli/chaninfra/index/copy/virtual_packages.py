"""What a machine has that packages ask for: the virtual packages of each subdir, as a solver takes them.

The versions are the oldest that pixi solves for by default (its page "System Requirements"), so that what is copied can
be installed on any machine that pixi works for by default. The microarchitectures are those that rattler takes for a
platform (rattler_virtual_packages, `Archspec::from_platform`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import shown
from chaninfra.index.prune.packages import order_of

_SYSTEMS: dict[str, dict[str, str]] = {
    "linux": {"__unix": "0", "__linux": "4.18", "__glibc": "2.28"},
    "osx": {"__unix": "0", "__osx": "13.0"},
    "win": {"__win": "0"},
    "emscripten": {"__unix": "0"},
    "wasi": {"__unix": "0"},
}
_ARCHITECTURES: dict[Subdir, str] = {
    "linux-32": "x86",
    "linux-64": "x86_64",
    "linux-aarch64": "aarch64",
    "linux-armv6l": "aarch64",
    "linux-armv7l": "aarch64",
    "linux-ppc64": "ppc64",
    "linux-ppc64le": "ppc64le",
    "linux-riscv32": "riscv32",
    "linux-riscv64": "riscv64",
    "linux-s390x": "s390x",
    "osx-64": "x86_64",
    "osx-arm64": "m1",
    "win-32": "x86",
    "win-64": "x86_64",
    "win-arm64": "aarch64",
}


@dataclass(frozen=True)
class VirtualPackage:
    """A virtual package: `__glibc`, `2.28`."""

    name: str
    version: str
    build: str = "0"


def virtual_packages(subdir: Subdir, given: Mapping[str, str] | None) -> tuple[VirtualPackage, ...]:
    """Those of the subdir, and what is `given` (name → version) besides them, or instead. noarch has none of its own.

    Raises ConfigurationError for a name or version that is none.
    """
    defaults = [VirtualPackage(*each) for each in _SYSTEMS.get(subdir.partition("-")[0], {}).items()]
    if subdir in _ARCHITECTURES:
        defaults.append(VirtualPackage("__archspec", "1", _ARCHITECTURES[subdir]))
    for name, version in (given or {}).items():
        if not (name.startswith("__") and name.isascii() and name.replace("-", "_").isidentifier()):
            raise ConfigurationError(
                f"is not a virtual package: {shown(name)}",
                where="--virtual-package",
                remedy="write __NAME=VERSION, for example __glibc=2.28 or __cuda=12.4",
            )
        if order_of(version) is None:
            raise ConfigurationError(
                f"{name} has no version that can be compared: {shown(version)}",
                where="--virtual-package",
                remedy=f"write a version: {name}=2.28",
            )
    return (
        *(each for each in defaults if each.name not in (given or {})),
        *(VirtualPackage(name, version) for name, version in (given or {}).items()),
    )
