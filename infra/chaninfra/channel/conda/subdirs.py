"""The subdirs of a conda channel: one folder for each platform, and `noarch` (CEP 26)."""

from __future__ import annotations

from typing import Literal, get_args

# The platforms of pixi's manifest schema (`$defs/Platform`); a test compares them.
Subdir = Literal[
    "noarch",
    "linux-32",
    "linux-64",
    "linux-aarch64",
    "linux-armv6l",
    "linux-armv7l",
    "linux-ppc64",
    "linux-ppc64le",
    "linux-riscv32",
    "linux-riscv64",
    "linux-s390x",
    "osx-64",
    "osx-arm64",
    "win-32",
    "win-64",
    "win-arm64",
    "emscripten-wasm32",
    "wasi-wasm32",
    "zos-z",
]

KNOWN_SUBDIRS: tuple[Subdir, ...] = get_args(Subdir)

NOARCH: Subdir = "noarch"

DEFAULT_SUBDIRS: tuple[Subdir, ...] = (NOARCH, "linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64")
