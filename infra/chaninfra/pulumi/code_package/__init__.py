"""The code of the function that follows channels in AWS Lambda, as a zip file with all that it needs.

The same chaninfra gives the same bytes on every machine, so an update with nothing new changes nothing. `content` says
what is in it; the packages of others come from wheels for Lambda's platform, by pip and a lock with their hashes.

Lambda takes 50 MB without a bucket, and 250 MB unpacked (AWS Lambda, "Quotas"); docs/follow.md says what it has.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from chaninfra.channel import user_cache
from chaninfra.channel.errors import ChaninfraError
from chaninfra.pulumi.code_package.archive import write_archive
from chaninfra.pulumi.code_package.content import entries_of_wheel, own_entries
from chaninfra.pulumi.code_package.wheels import PYTHON, Architecture, lock_of, locked_wheels

HANDLER = "chaninfra.follow.aws_lambda.handler"
"""The function in the zip that Lambda calls."""
RUNTIME = f"python{PYTHON}"
"""Lambda's name of the Python for which the wheels are: on Amazon Linux 2023, with glibc 2.34."""
MEMORY_MB = 2048
"""Memory of the function in MB: a channel of a million records takes 1.5 GB. With it comes its share of the cores, one
for each 1,769 MB (AWS Lambda Developer Guide, "Configure Lambda function memory"), so that it starts fast."""
TIMEOUT_S = 900
"""Longest run of the function in seconds, Lambda's most: the first index of a channel, or a re-index, may take long."""

_NAME = "follower.zip"
_UNUSED_S = 30 * 24 * 3600
"""A zip, or the wheels of a lock, that was not used for so many seconds is removed when another one is used: each
version of chaninfra has its own."""
_GONE = ".gone"
"""End of the name of a folder that is being removed."""


@dataclass(frozen=True, kw_only=True)
class CodePackage:
    """A zip for Lambda: its file, the hex digest of its bytes, and its size in bytes."""

    path: Path
    sha256: str
    size: int


def code_package(architecture: Architecture, report: Callable[[str], None] = lambda _: None) -> CodePackage:
    """The zip of the function, from the user's cache folder, or made now; `report` is told what takes long.

    Raises ChaninfraError where the wheels cannot be had, have other bytes than the lock says, or cannot be kept.
    """
    own = own_entries()
    digest = hashlib.sha256(lock_of(architecture).encode())
    for entry in own:
        digest.update(f"{entry.name}\0{len(entry.data)}\0".encode() + entry.data)
    # What decides on the content, too.
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())

    def fill(folder: Path) -> None:
        others = (entry for wheel in locked_wheels(architecture, report) for entry in entries_of_wheel(wheel))
        write_archive(folder / _NAME, [*own, *others])

    final = user_cache.folder() / "lambda" / f"{architecture}-{digest.hexdigest()[:20]}"
    try:
        data = (path := user_cache.kept(final, fill, report) / _NAME).read_bytes()
    except OSError as error:
        raise ChaninfraError(
            f"the code of the function in AWS Lambda cannot be kept there: {error.strerror}",
            where=str(final),
            remedy="make room there, or let this user write there; on Linux XDG_CACHE_HOME names another folder",
        ) from error
    _tidy(final.parent)
    return CodePackage(path=path, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def _tidy(folder: Path) -> None:
    """Remove what in the folder nothing has used for long; of that nothing is left which looks whole, also where this
    is interrupted.
    """
    # Where it may not be written, or another process was first, they stay or are gone.
    with suppress(OSError):
        for each in [*folder.iterdir()]:
            with suppress(OSError):
                if each.suffix == _GONE:
                    shutil.rmtree(each)
                elif each.is_dir() and time.time() - each.stat().st_mtime > _UNUSED_S:
                    shutil.rmtree(each.rename(each.with_name(f"{each.name}{_GONE}")))
