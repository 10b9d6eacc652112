"""A stand-in for the zip of the function that follows channels: the real one is large, and has wheels of others."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from chaninfra.pulumi.code_package import CodePackage

CONTENT = "STAND_IN_CODE"
"""Variable with the text of its one file."""

PROGRAM = """
from chaninfra.pulumi.backends.aws import function
from chaninfra.pulumi.program import program
from support.pulumi.code_package_standin import code_package

function.code_package = code_package
program()
"""
"""The program of the stack, with the stand-in."""


def code_package(architecture: str, report: Callable[[str], None] = lambda _: None) -> CodePackage:
    """A zip with one file that no Lambda could run; the same bytes each time."""
    path = Path(tempfile.mkdtemp()) / "follower.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("stand_in.txt"), f"{architecture}: {os.environ.get(CONTENT, 'stands in')}")
    data = path.read_bytes()
    return CodePackage(path=path, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
