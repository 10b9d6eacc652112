"""The code of the function that follows channels in AWS Lambda, as a zip file with all that it needs.

The same chaninfra gives the same bytes on every machine, so an update with nothing new changes nothing. `content` says
what is in it; the packages of others come from wheels for Lambda's platform, by pip and a lock with their hashes.

The zip has 36 MB (Lambda takes 50 MB without a bucket) and 119 MB unpacked (of 250 MB): AWS Lambda, "Quotas".
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
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
            remedy="make room there, or set XDG_CACHE_HOME to a folder that can be written",
        ) from error
    return CodePackage(path=path, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
