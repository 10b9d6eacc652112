"""A channel in a folder of this machine, such as `rattler-index fs` writes, or a copy of one in a bucket."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chaninfra.channel.conda.object_names import CHANNEL_JSON, SNAPSHOTS_FOLDER
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.errors import DeniedError, InvalidRepodataError, SkippedError, StorageError
from chaninfra.channel.location import join
from chaninfra.channel.text import shown
from chaninfra.index.copy.source import S3Object
from chaninfra.index.copy.sources.indexed import GONE, PIECE, IndexedSource, Likely
from chaninfra.index.copy.sources.reference import path_of
from chaninfra.index.copy.sources.web_pace import Pace

_OUTSIDE = "give the folder that has the packages, with its index, as the source"


def folder_source(folder: Path, *, rate: int | None = None) -> IndexedSource:
    """The channel in this folder. Nothing is read yet. `rate`: the most bytes that are read in a second: the disk may
    be one that others use.
    """
    return IndexedSource(FolderFiles(folder, Pace(rate, 1)))


class FolderFiles:
    """The files of a channel in a folder, see Files. Whatever its index or links say, nothing outside of it is read, or
    for a snapshot outside of the channel that it is of.
    """

    # Its bytes are here, so that whoever copies sees what was patched; and the folder may be a copy without .chaninfra.
    can_tell_patches = False

    def __init__(self, folder: Path, pace: Pace) -> None:
        self._pace = pace
        whole = folder.absolute()
        channel = whole.parent.parent
        is_snapshot = whole.parent.name == SNAPSHOTS_FOLDER and (channel / CHANNEL_JSON).is_file()
        above = channel if is_snapshot else whole
        self._root = above.resolve()
        self._prefix = whole.relative_to(above).as_posix() if above != whole else ""
        self.url = str(folder)

    def likely(self) -> Likely:
        """See Files."""
        return Likely(
            subdirs=[each for each in KNOWN_SUBDIRS if (self._root / self._prefix / each).is_dir()], certain=True
        )

    def get(self, subdir: Subdir, reference: str, most: int) -> bytes | None:
        """See Files."""
        path = self._path(subdir, reference)
        if path is None:
            raise InvalidRepodataError(
                f"says that its files are at {shown(reference)}, which {self._why_not(subdir, reference)}",
                where=f"{self.url}/{subdir}",
                remedy=_OUTSIDE,
            )
        with _reading(path):
            if not _is_there(path):
                return None
            with path.open("rb") as file:
                data = file.read(most + 1)
        if len(data) > most:
            raise StorageError(
                f"is larger than {most >> 20:,} MiB, so it was not read",
                where=str(path),
                remedy="index the folder again",
            )
        self._pace.took(len(data))
        return data

    def has(self, subdir: Subdir, name: str) -> bool:
        """See Files."""
        path = self._path(subdir, name)
        if path is None:
            return False
        with _reading(path):
            return _is_there(path)

    def chunks(self, subdir: Subdir, reference: str) -> Iterator[bytes]:
        """See Files."""
        path = self._path(subdir, reference)
        if path is None:
            raise SkippedError(
                f"is at {shown(reference)}, which {self._why_not(subdir, reference)}",
                where=f"{self.url}/{subdir}",
                remedy=_OUTSIDE,
            )
        with _reading(path):
            if not _is_there(path):
                raise SkippedError("is listed, and its file is not there", where=str(path), remedy=GONE)
            with path.open("rb") as file:
                while piece := file.read(self._pace.piece(PIECE)):
                    self._pace.took(len(piece))
                    yield piece

    def s3_object(self, subdir: Subdir, reference: str) -> S3Object | None:
        """See Files."""
        return None

    def _why_not(self, subdir: Subdir, reference: str) -> str:
        """Completes "which …", of what `_path` does not find."""
        named = path_of(join(self._prefix, subdir), reference)
        return "is not in this folder" if named is None else "is a link, or behind one, that leads out of this folder"

    def _path(self, subdir: Subdir, reference: str) -> Path | None:
        """The path that the index of the subdir refers to; None: it is outside of the folder, also by a link."""
        found = path_of(join(self._prefix, subdir), reference)
        if found is None:
            return None
        try:
            path = (self._root / found).resolve()
        except (OSError, RuntimeError):
            # A loop of links.
            return None
        return path if path.is_relative_to(self._root) else None


def _is_there(path: Path) -> bool:
    """Whether the file is there. Raises StorageError for a pipe or a device, whose end may never come."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISREG(mode):
        raise StorageError("is not a file", where=str(path), remedy="put the file there, or index the folder again")
    return True


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise DeniedError(
            "may not be read", where=str(path), remedy="give your user the right to read the folder and what is in it"
        ) from error
    except OSError as error:
        raise StorageError(
            f"cannot be read: {error.strerror or error}", where=str(path), remedy="check the disk, and try again"
        ) from error
