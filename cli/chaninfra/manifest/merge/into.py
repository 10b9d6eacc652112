"""A file with our settings in it: read, merged, compared, and written in one step or not at all."""

from __future__ import annotations

import contextlib
import difflib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.manifest.formats.table import FORMATS, Format, render
from chaninfra.manifest.request import ManifestRequest

_BOM = "\ufeff"
SECRET_MODE = 0o600


@dataclass(frozen=True)
class Change:
    """What becomes of a file. `old` is None where it is not there yet; a secret file's texts are in no repr."""

    path: Path
    old: str | None = field(repr=False)
    new: str = field(repr=False)
    secret: bool = False

    @property
    def needed(self) -> bool:
        """Whether the file is not as it should be, its mode included where it holds secrets."""
        return self.old != self.new or (self.secret and self.path.stat().st_mode & 0o777 != SECRET_MODE)

    def diff(self) -> str:
        """A unified diff; of a file with secrets only the sentence that says so."""
        if self.secret:
            return f"{self.path}: the keys differ (they are not shown)\n" if self.needed else ""
        old, new = (self.old or "").splitlines(keepends=True), self.new.splitlines(keepends=True)
        name = "/dev/null" if self.old is None else str(self.path)
        lines = difflib.unified_diff(old, new, name, str(self.path))
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

    def write(self) -> None:
        """Puts the new text in place: a file of its own first, renamed over the old one, whose mode it gets.

        A link is followed. Raises ChaninfraError where the file system refuses; then the old file is as it was.
        """
        target = Path(os.path.realpath(self.path))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            mode = SECRET_MODE if self.secret else _mode(target)
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            try:
                with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                    file.write(self.new)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).chmod(mode)
                Path(name).replace(target)
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            raise ChaninfraError(
                f"cannot be written: {error.strerror}", where=str(self.path), remedy="it is as it was before"
            ) from error


def named(path: Path) -> Format | None:
    """The format that a file's name stands for."""
    return next((name for name, row in FORMATS.items() if any(path.absolute().match(each) for each in row.files)), None)


def fits(path: Path, name: Format) -> bool:
    """Whether the format may go into a file of that name: one that stands for another format takes nothing else."""
    usual = named(path)
    # A job that installs and one that publishes are both at home in a CI's files.
    return usual is None or usual.partition("-")[0] == name.partition("-")[0]


def change(path: Path, name: Format, settings: ManifestRequest) -> Change:
    """What `--into` does to a file; nothing is written yet.

    Raises ConfigurationError where the format is not merged, or the file cannot be read or is not of the format.
    """
    row = FORMATS[name]
    if row.merge is None:
        names = ", ".join(each for each, other in FORMATS.items() if other.merge)
        raise ConfigurationError(
            f"{name} is printed, and not merged into a file",
            where=str(path),
            remedy=f"append it yourself: chaninfra manifest --format {name} >> FILE (merged are: {names})",
        )
    rendered = render(name, settings)
    old = _read(path)
    text = (old or "").removeprefix(_BOM)
    # A file whose lines all end in CRLF gets such lines; one that mixes them gets ours as they are.
    crlf = "\r\n" in text and "\n" not in text.replace("\r\n", "")
    new = _merged(text.replace("\r\n", "\n") if crlf else text, rendered, name, settings, str(path))
    new = new.replace("\n", "\r\n") if crlf else new
    if old is not None and old.startswith(_BOM):
        new = _BOM + new
    return Change(path, old, new, secret=row.merge == "json")


def _merged(text: str, rendered: str, name: Format, settings: ManifestRequest, where: str) -> str:
    if not text:
        return rendered
    match FORMATS[name].merge:
        case "toml":
            from chaninfra.manifest.merge import toml

            return toml.merge(text, rendered, settings.clients, where)
        case "json":
            from chaninfra.manifest.merge import json

            return json.merge(text, rendered, where)
    from chaninfra.manifest.merge import workflow, yaml

    merged = getattr(workflow, name.partition("-")[0])
    return yaml.merge(text, rendered, settings.clients, where, merged)


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ConfigurationError("is not UTF-8", where=str(path), remedy="convert it; nothing was written") from error
    except (OSError, ValueError) as error:
        # ValueError: a name that no file system takes.
        problem = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(
            f"cannot be read: {problem}", where=repr(str(path)), remedy="name a file that can be written"
        ) from error


def _mode(target: Path) -> int:
    try:
        return target.stat().st_mode & 0o7777
    except FileNotFoundError:
        # What any new file would get.
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
