"""The wheels of the function, for Lambda's platform and not for this one, by pip from the index that it uses.

`<architecture>.lock` has one wheel of each package, by its hash; `make lock` writes it. So which wheel is taken depends
neither on pip nor on the index.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, NoReturn

from chaninfra.channel import user_cache
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.text import one_line, without_secrets

Architecture = Literal["arm64", "x86_64"]
"""As Lambda names them."""

MACHINES: dict[Architecture, str] = {"arm64": "aarch64", "x86_64": "x86_64"}
"""As the tags of wheels name them."""
PYTHON = "3.13"
_GLIBC = 34
"""The minor version of the glibc 2 of Amazon Linux 2023; wheels for any earlier one run on it."""
_OLDEST_GLIBC = 17

_PINNED = re.compile(r"([a-z0-9-]+)==([^ ;\\]+) --hash=sha256:([0-9a-f]{64})")
_REMEDY = "check the index that pip uses (`pip config list`), or set PIP_INDEX_URL to one that has them, then try again"
# What users may have set for other uses of pip. Where packages come from stays.
_DROPPED = frozenset({"PIP_CONSTRAINT", "PIP_REQUIREMENT", "PIP_TARGET", "PIP_NO_BINARY", "PIP_PLATFORM", "PIP_ABI"})


def lock_of(architecture: Architecture) -> str:
    """The text of the lock."""
    return lock_path(architecture).read_text("utf-8")


def lock_path(architecture: Architecture) -> Path:
    """The file of the lock."""
    return Path(__file__).with_name(f"{architecture}.lock")


def pinned(lock: str) -> dict[str, str]:
    """The sha256 of a wheel → `name==version`, of each line of a lock."""
    return {found[3]: f"{found[1]}=={found[2]}" for found in map(_PINNED.fullmatch, lock.splitlines()) if found}


def locked_wheels(architecture: Architecture, report: Callable[[str], None]) -> list[Path]:
    """The wheels of the lock, from the user's cache folder or downloaded now. Raises ChaninfraError."""
    lock = lock_of(architecture)
    wanted = pinned(lock)
    name = f"wheels-{architecture}-{hashlib.sha256(lock.encode()).hexdigest()[:20]}"

    def fill(folder: Path) -> None:
        report(f"downloading {len(wanted)} wheels for the function in AWS Lambda")
        download(["-r", str(lock_path(architecture))], architecture, folder)

    folder = user_cache.kept(user_cache.folder() / "lambda" / name, fill, report)
    found = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in sorted(folder.glob("*.whl"))}
    if found.keys() != wanted.keys():
        names = [path.name for digest, path in found.items() if digest not in wanted]
        names += [package for digest, package in wanted.items() if digest not in found]
        raise ChaninfraError(
            f"other wheels than those of {lock_path(architecture).name}: {one_line(', '.join(sorted(names)))}",
            where=str(folder),
            remedy=f"remove the folder, then try again: {shlex.join(['rm', '-r', str(folder)])}",
        )
    return [found[digest] for digest in wanted]


def download(requirements: Sequence[str], architecture: Architecture, folder: Path) -> None:
    """Download wheels that have a hash among `requirements`, arguments of pip. Raises ChaninfraError."""
    platforms = [f"manylinux_2_{minor}" for minor in range(_GLIBC, _OLDEST_GLIBC - 1, -1)] + ["manylinux2014"]
    command = [*_pip(), "download", "--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--implementation", "cp", "--python-version", PYTHON]
    command += [word for each in platforms for word in ("--platform", f"{each}_{MACHINES[architecture]}")]
    env = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    try:
        done = subprocess.run(
            [*command, "--dest", str(folder), *requirements],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=env,
        )
    except OSError as error:
        raise ChaninfraError(
            f"pip does not start: {error.strerror}", where=command[0], remedy="check that this Python is complete"
        ) from error
    if done.returncode != 0:
        _failed(done.stderr, architecture)


def _pip() -> list[str]:
    """The command of pip: any will do, since it downloads for another platform. Raises ChaninfraError."""
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip") or shutil.which("pip3")
    if found is None:
        raise ChaninfraError(
            "there is no pip, which downloads the packages of the function in AWS Lambda",
            where=sys.executable,
            remedy=f"install it: {shlex.quote(sys.executable)} -m ensurepip, or with uv: uv pip install pip",
        )
    return [found]


def _failed(said: str, architecture: Architecture) -> NoReturn:
    """Raise ChaninfraError with the reason that pip said."""
    where = f"the wheels of {lock_path(architecture)}"
    if "DO NOT MATCH THE HASHES" in said:
        found = re.search(r"^\s+(\S+==\S+|\S+) from ", said, re.MULTILINE)
        raise ChaninfraError(
            f"the package index has other bytes than the lock for {one_line(found[1]) if found else 'a package'}",
            where=where,
            remedy="somebody has changed them there, or the mirror that pip is set up with is damaged: use another one "
            "(PIP_INDEX_URL)",
        )
    if "connection broken" in said or "onnection error" in said:
        raise ChaninfraError("pip cannot reach the package index", where=where, remedy=_REMEDY)
    errors = [line.partition("ERROR: ")[2] for line in said.splitlines() if "ERROR: " in line]
    reason = one_line(without_secrets(errors[-1] if errors else (said.strip().splitlines() or ["no output"])[-1]))
    raise ChaninfraError(
        f"pip cannot download them: {reason}",
        where=where,
        remedy=_REMEDY,
    )
