"""The pages for each kind of user: their commands run in order, and what these print put below them.

A `console` block is a dialogue: each line after `$ ` is run, and what it prints, errors too, is what stands below it.
The commands of an `sh` block are run as well and must succeed; what they print is not shown. A block after
`<!-- not run: WHY -->` is left as it is; one after `<!-- file: NAME -->` is written to that file. A dialogue after
`<!-- screen: NAME.svg -->` is run on a terminal, and that picture is what is then on its screen. What is exported
stays so on its page. All pages share one folder, one store and one stack, so that what one page made is there for the
next. As a program it writes the pages and the pictures.
"""

from __future__ import annotations

import re
import secrets
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chaninfra.demo.server import direct
from support.cases import screens
from support.channels.packages import make_package
from support.paths import ROOT
from support.pulumi.stacks import PASSPHRASE, engine
from support.servers import s3_servers
from support.servers.s3_servers import Server

PAGES = ("platform-team.md", "package-author.md", "developer.md")
_BLOCK = re.compile(
    r"(?:<!-- (?P<mark>not run|file|screen): (?P<name>[^>]+) -->\n)?```(?P<kind>[a-z]+)\n(?P<body>.*?)```\n", re.DOTALL
)
_LASTS = re.compile(
    r"^(?:dry run: )?[a-z0-9 -]+: (?:.*, )?(?:\d+:\d\d(?: so far)?|about \d+:\d\d left)\n", re.MULTILINE
)
_TIME = re.compile(r"\b\d+(\.\d+)? (s|ms)\b")
_ENDPOINT, _BUCKET = "https://minio.example.com", "my-bucket"
_ABORTED = "Fatal Python error: PyGILState_Release"
"""A thread of py-rattler (0.28) may outlive the interpreter of a program that has done its work; it is run again."""


@dataclass(frozen=True)
class Place:
    """Where the commands run, and what the names of the pages stand for."""

    folder: Path
    environment: Mapping[str, str]
    names: Mapping[str, str]

    def real(self, text: str) -> str:
        """The text with what its names stand for."""
        for name, real in self.names.items():
            text = text.replace(name, real)
        return text

    def run(self, command: str) -> tuple[int, str]:
        """The exit code, and what was printed on both streams, in the words of the pages."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.real(command)],
            cwd=self.folder,
            env={**self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        # What a slow machine tells while something lasts.
        return done.returncode, self._named(_LASTS.sub("", done.stdout))

    def on_a_terminal(self, command: str) -> str:
        """What the command leaves on the screen of a terminal, in its colours and in the words of the pages."""
        return self._named(screens.run(self.real(command), self.folder, self.environment))

    def _named(self, printed: str) -> str:
        for name, real in self.names.items():
            printed = printed.replace(real, name)
        return printed


def place(folder: Path, minio: Server) -> Place:
    """A folder like a fresh clone, as far as the commands see it, with packages to publish, and a bucket's name."""
    project = folder / "project"
    (project / "rebuilt").mkdir(parents=True)
    (folder / "state").mkdir()
    for name in ("infra", "Pulumi.yaml", "schemas"):
        (project / name).symlink_to(ROOT / name)
    make_package(project, "my-package", "1.0")
    make_package(project, "my-package", "1.1", depends=["python >=3.11"])
    make_package(project / "rebuilt", "my-package", "1.1", payload=b"other bytes\n")
    dropped = ("AWS_", "S3_", "PULUMI_", "CHANINFRA_")
    inherited = {name: value for name, value in engine().environment({}).items() if not name.startswith(dropped)}
    environment = {
        **inherited,
        **minio.environment(),
        "HOME": str(folder),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "COLUMNS": "100",
    }
    # As long as the name that it stands for, so that tables are as wide.
    return Place(project, environment, {_ENDPOINT: minio.endpoint_url, _BUCKET: f"test-{secrets.token_hex(2)}"})


@dataclass(frozen=True)
class Played:
    """A page with what its commands print now."""

    text: str
    screens: Mapping[str, str]
    """Name in `docs/` → picture of a screen."""


def played(text: str, at: Place) -> Played:
    """The page with what its commands print now. Raises AssertionError where one of an `sh` block fails."""

    exports = ""
    pictures: dict[str, str] = {}

    def block(found: re.Match[str]) -> str:
        nonlocal exports
        if found["mark"] == "file":
            (at.folder / found["name"]).write_text(at.real(found["body"]), "utf-8")
        if found["mark"] in ("file", "not run") or found["kind"] not in ("sh", "console"):
            return found[0]
        if found["kind"] == "sh":
            code, printed = at.run(exports + found["body"])
            if code and _ABORTED in printed:
                code, printed = at.run(exports + found["body"])
            assert code == 0, f"{found['body']}{printed}"
            exports += "".join(re.findall(r"^export .*\n", found["body"], re.MULTILINE))
            return found[0]
        commands = _commands(found["body"])
        assert commands, found[0]
        on_a_screen = found["mark"] == "screen"
        dialogue = "".join(f"$ {each}\n{_printed(exports + each, on_a_screen)}" for each in commands)
        if not on_a_screen:
            return f"```console\n{dialogue}```\n"
        pictures[found["name"]] = screens.picture(dialogue)
        return f"<!-- screen: {found['name']} -->\n```console\n{screens.plain(dialogue)}```\n"

    def _printed(command: str, on_a_screen: bool) -> str:
        printed = at.on_a_terminal(command) if on_a_screen else at.run(command)[1]
        return printed if printed.endswith("\n") or not printed else f"{printed}\n"

    return Played(_BLOCK.sub(block, text), pictures)


def _commands(body: str) -> list[str]:
    """The commands of a dialogue; one goes on where its line ends in a backslash."""
    return [found.removeprefix("$ ") for found in re.findall(r"^\$ (?:.*\\\n)*.*$", body, re.MULTILINE)]


def without_times(text: str) -> str:
    """A page or a picture to compare: how long a thing takes is nobody's promise."""
    return _TIME.sub("… s", screens.words(text) if text.startswith("<svg") else text)


if __name__ == "__main__":
    import os

    os.environ.update(direct(os.environ))
    with tempfile.TemporaryDirectory() as name, s3_servers.minio(Path(name, "minio")) as server:
        there = place(Path(name, "pages"), server)
        for page in PAGES:
            after = played((ROOT / "docs" / page).read_text("utf-8"), there)
            for name, text in {page: after.text, **after.screens}.items():
                path = ROOT / "docs" / name
                if not path.is_file() or without_times(path.read_text("utf-8")) != without_times(text):
                    path.write_text(text, "utf-8")
                    print(f"docs: {name} written")
