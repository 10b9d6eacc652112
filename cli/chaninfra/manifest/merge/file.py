"""A file that people keep: read, and replaced in one step or not at all.

Only a regular file is replaced, since a rename over a device, a pipe or a socket would destroy it, and reading one may
never end. Links are followed. The mode and the owner stay.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chaninfra.channel.errors import ChaninfraError, ConfigurationError

MOST = 16 * 2**20
"""The bytes that are read at most; no file that people write is larger."""

_KINDS: Mapping[Callable[[int], bool], str] = {
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a named pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}


@dataclass(frozen=True)
class TextFile:
    """A file as it was read."""

    path: Path
    """As the user names it."""
    target: Path
    """The same with all links followed."""
    status: os.stat_result | None = field(repr=False)
    """None if the file does not exist."""
    text: str | None = field(repr=False)
    """None if the file does not exist. The repr omits it, since it may hold secrets."""

    @property
    def mode(self) -> int:
        """The permissions; for a file that does not exist those of any new file. Windows has none but read-only."""
        if self.status is not None:
            return stat.S_IMODE(self.status.st_mode)
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def read(path: Path) -> TextFile:
    """The file at the path. Raises ConfigurationError unless it is a regular file of UTF-8, or does not exist."""
    try:
        status = _status(path)
        target = Path(os.path.realpath(path))
        if status is None:
            if path.is_symlink() and not target.parent.is_dir():
                raise _refused(path, f"is a link to {str(target)!r}, whose folder does not exist")
            if any(parent.is_symlink() and not parent.exists() for parent in path.parents):
                raise _refused(path, f"leads by a link to {str(target)!r}, whose folder does not exist")
            return TextFile(path, target, None, None)
        with target.open("rb") as file:
            content = file.read(MOST + 1)
    except (OSError, ValueError) as error:
        # ValueError: a name that no file system accepts.
        problem = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(
            f"cannot be read: {problem}", where=repr(str(path)), remedy="name a file that can be written"
        ) from error
    if len(content) > MOST:
        raise _refused(path, f"is larger than {MOST} bytes")
    try:
        return TextFile(path, target, status, content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigurationError("is not UTF-8", where=str(path), remedy="convert it; nothing was written") from error


def replace(file: TextFile, text: str, mode: int | None = None) -> None:
    """Write the text to a temporary file, and rename that over the old file, with its owner and its mode, or `mode`.

    Raises ChaninfraError if that is not possible, or if the file is no longer as it was read; it is then unchanged.
    """
    target, status = file.target, file.status
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as new:
                new.write(text)
                new.flush()
                if status is not None:
                    _give(new.fileno(), file.path, status)
                # After the owner, since a change of the owner may change the mode.
                Path(name).chmod(file.mode if mode is None else mode)
                os.fsync(new.fileno())
            if _state(_status(file.path)) != _state(status):
                raise ChaninfraError(
                    "was changed while it was read", where=str(file.path), remedy="run the same command again"
                )
            Path(name).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise ChaninfraError(
            f"cannot be written: {error.strerror}",
            where=str(file.path),
            remedy=f"the file is unchanged; it is replaced by a new file in {target.parent}, which must be possible",
        ) from error


def _status(path: Path) -> os.stat_result | None:
    """The status of a regular file; None if there is none. Raises ConfigurationError for anything else."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    kind = next((kind for test, kind in _KINDS.items() if test(status.st_mode)), None)
    if kind is not None:
        raise _refused(path, f"is {kind}, not a file")
    return status


def _give(handle: int, path: Path, status: os.stat_result) -> None:
    """Give the new file the owner of the old one. On Windows the folder says who may read a new file."""
    if sys.platform == "win32":
        return
    try:
        os.fchown(handle, status.st_uid, status.st_gid)
    except OSError as error:
        owner = f"{status.st_uid}:{status.st_gid}"
        raise ChaninfraError(
            f"belongs to another user or group ({owner}), and would belong to you",
            where=str(path),
            remedy="run the command as its owner; the file is unchanged",
        ) from error


def _state(status: os.stat_result | None) -> tuple[int, ...]:
    """What changes if somebody writes the file, replaces it, or gives it away."""
    if status is None:
        return ()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _refused(path: Path, message: str) -> ConfigurationError:
    return ConfigurationError(message, where=str(path), remedy="name a regular file, or one that does not exist yet")
