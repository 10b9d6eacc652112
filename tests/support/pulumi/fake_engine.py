"""Fake programs on PATH, in place of the Pulumi engine and of Go."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from chaninfra.channel import user_cache as cache
from chaninfra.engine import VERSION

# Answers gobuild as go does; the program that it "builds" prints the engine's version.
FAKE_GO = f"""
args = sys.argv[1:]
if args[0] == "env":
    print("go1.99.0")
elif args[0] == "build":
    assert "-mod=readonly" in os.environ["GOFLAGS"], os.environ["GOFLAGS"]
    target = pathlib.Path(args[args.index("-o") + 1])
    target.write_text("#!/bin/sh\\necho v{VERSION}\\n")
    target.chmod(0o755)
elif args[0] == "list":
    print(os.environ["FAKE_SDK"])
"""


def fake(folder: Path, name: str, body: str) -> Path:
    """Write a program `name` into `folder`; `body` is Python."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!{sys.executable}\nimport os, pathlib, sys, time\n{body}\n")
    program.chmod(0o755)
    return program


def fake_pulumi(folder: Path, version: str = "v3.250.0") -> Path:
    fake(folder, "pulumi-language-python", "")
    return fake(folder, "pulumi", f"print({version!r})")


def cached() -> Path:
    """The folder of the cached copy of the engine."""
    return cache.folder() / "engine" / VERSION


def wait_for(true: Callable[[], bool]) -> None:
    """Wait until `true()`; fail after 20 s."""
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "waited for 20 s"
        time.sleep(0.02)
