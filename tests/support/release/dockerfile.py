"""The instructions of the Dockerfile, read as docker reads the part of the language that it uses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from support.paths import ROOT


@dataclass(frozen=True)
class Stage:
    """What stands between a FROM and the next."""

    image: str
    name: str | None
    instructions: tuple[tuple[str, str], ...]
    """Each its keyword and the rest."""

    def all(self, keyword: str) -> list[str]:
        """The rests of the instructions with that keyword, in order."""
        return [rest for each, rest in self.instructions if each == keyword]


def stages() -> list[Stage]:
    """Raises ValueError for a line that is no instruction."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    found: list[Stage] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"([A-Z]+) (.+)", line)
        if match is None:
            raise ValueError(f"{line!r} is no instruction")
        keyword, rest = match.groups()
        if keyword == "FROM":
            image, _, name = rest.partition(" AS ")
            found.append(Stage(image, name or None, ()))
        else:
            last = found.pop()
            found.append(Stage(last.image, last.name, (*last.instructions, (keyword, rest))))
    return found


def copied() -> list[tuple[str, str]]:
    """(from, to) of what the first stage copies from the checkout."""
    return [(name, to) for rest in stages()[0].all("COPY") for *names, to in [rest.split()] for name in names]


def context(files: list[str]) -> set[str]:
    """Those of the files that .dockerignore lets through: the last line that matches it, or its folder, decides."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    found = set()
    for file in files:
        parts = file.split("/")
        tops = ["/".join(parts[: count + 1]) for count in range(len(parts))]
        kept = True
        for pattern in patterns:
            wanted = pattern.removeprefix("!")
            if any(fnmatchcase(top, wanted) or fnmatchcase(f"/{top}", wanted.replace("**/", "*/")) for top in tops):
                kept = pattern.startswith("!")
        if kept:
            found.add(file)
    return found
