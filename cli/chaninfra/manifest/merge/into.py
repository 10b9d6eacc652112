"""`--into FILE`: the file is read, merged and compared, and replaced in one step or not at all."""

from __future__ import annotations

import difflib
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.formats.table import FORMATS, render_values, to_text
from chaninfra.manifest.merge.file import TextFile, read, replace
from chaninfra.manifest.names import Format
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import ManifestRequest

_BOM = "\ufeff"
SECRET_MODE = 0o600


@dataclass(frozen=True)
class Change:
    """The change that a merge makes to a file."""

    file: TextFile
    new: str = field(repr=False)
    """The text that it must have. The repr omits it, since it may hold secrets."""
    secret: bool = False
    """Whether the file holds secrets: it gets mode 0600, and its diff is not shown."""
    notes: tuple[str, ...] = ()
    """What the reader must know and the file does not say: a new file has it in comments, another one keeps its own."""

    @property
    def needed(self) -> bool:
        """Whether the text differs, or the mode of a file with secrets."""
        # Windows tells 0666 of each file.
        wrong_mode = self.secret and sys.platform != "win32" and self.file.mode != SECRET_MODE
        return self.file.text != self.new or wrong_mode

    def diff(self) -> str:
        """A unified diff; for a file with secrets a sentence instead."""
        if self.secret:
            if not self.needed:
                return ""
            difference = "is made, with the keys" if self.file.text is None else "the keys differ"
            return f"{self.file.path}: {difference} (they are not shown)\n"
        old, new = (self.file.text or "").splitlines(keepends=True), self.new.splitlines(keepends=True)
        name = "/dev/null" if self.file.text is None else str(self.file.path)
        lines = difflib.unified_diff(old, new, name, str(self.file.path))
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

    def write(self) -> None:
        """Replace the file. Raises ChaninfraError if it cannot be written; it is then unchanged."""
        replace(self.file, self.new, SECRET_MODE if self.secret else None)


def named(path: Path) -> Format | None:
    """The format that the file's name stands for; None if it stands for none."""
    absolute = path.absolute()
    return next((name for name, row in FORMATS.items() if any(map(absolute.match, row.files))), None)


def fits(path: Path, name: Format) -> bool:
    """Whether the format may go into the file: not if the file's name stands for another program's format."""
    usual = named(path)
    # A CI's file may have all its jobs: github and github-publish, gitlab and gitlab-publish.
    return usual is None or name == usual or name.startswith(f"{usual}-")


def change(path: Path, name: Format, request: ManifestRequest) -> Change:
    """The change that `--into` makes to a file; nothing is written yet.

    Raises ConfigurationError if the format cannot be merged, the file cannot be read, or it does not have the format.
    """
    row = FORMATS[name]
    if not row.merges:
        names = ", ".join(other for other, other_row in FORMATS.items() if other_row.merges)
        raise ConfigurationError(
            f"{name} can only be printed, not merged into a file",
            where=str(path),
            remedy=f"append it: chaninfra manifest --format {name} >> FILE (--into works with {names})",
        )
    rendered = render_values(name, request)
    file = read(path)
    old = file.text
    text = (old or "").removeprefix(_BOM)
    # A file whose lines all end in CRLF gets lines with CRLF; one with both line ends gets ours with LF.
    crlf = "\r\n" in text and "\n" not in text.replace("\r\n", "")
    new = _merged(text.replace("\r\n", "\n") if crlf else text, rendered, name, request, str(path))
    new = new.replace("\n", "\r\n") if crlf else new
    if old is not None and old.startswith(_BOM):
        new = _BOM + new
    if name == "auth-file":
        use = f"To use it: export RATTLER_AUTH_FILE={shlex.quote(str(path.absolute()))}"
        return Change(file, new, secret=True, notes=(use,))
    return Change(file, new, notes=rendered.notes[1:] if text else ())


def _merged(text: str, rendered: Rendered, name: Format, request: ManifestRequest, where: str) -> str:
    if not text:
        return to_text(name, rendered)
    match FORMATS[name].file_type:
        case "toml":
            from chaninfra.manifest.merge import toml

            return toml.merge(text, rendered, request.channels, where)
        case "json":
            from chaninfra.manifest.merge import json

            return json.merge(text, rendered.document, where)
    from chaninfra.manifest.merge import workflow, yaml

    if check := workflow.CHECKS.get(name):
        check(text, where)
    return yaml.merge(text, rendered, request.channels, where, workflow.MERGED[name])
