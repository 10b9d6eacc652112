"""Mistyped command lines and damaged files, and a runner that keeps the program in this process."""

from __future__ import annotations

import copy
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from unittest import mock

import typer
from hypothesis import strategies as st

from chaninfra.channel.outputs.descriptor import dump
from chaninfra.cli import app as program
from support.cases.manifests import descriptor
from support.channels.packages import make_package

# A port where nothing listens; a name that no resolver knows (RFC 2606).
NOWHERE = "http://127.0.0.1:1"
NO_NAME = "https://nowhere.invalid"
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": os.devnull,
    "AWS_ACCESS_KEY_ID": "an-id",
    "AWS_SECRET_ACCESS_KEY": "the-secret",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
}


@dataclass(frozen=True)
class Ended:
    """How a run of the program ended."""

    args: Sequence[str]
    code: int
    out: str
    err: str

    def check_reported(self) -> None:
        """Assert that the run ended with a documented exit code and, if it failed, with a readable error."""
        assert "Traceback" not in self.err, self
        assert "bug in chaninfra" not in self.err, self
        assert 0 <= self.code <= 5, self
        assert "the-secret" not in self.out + self.err, self
        if self.code:
            # A failed run prints an error and no Python repr.
            assert any(line.startswith(("error: ", "Error: ")) for line in self.err.splitlines()) or self.out, self
            assert "Error(" not in self.err, self
            assert " object at 0x" not in self.err, self


def run(*args: str | Path, stdin: bytes = b"", env: Mapping[str, str] | None = None, encoding: str = "utf-8") -> Ended:
    """Run a command line as the console script does, without ending the process."""
    out, err = io.BytesIO(), io.BytesIO()
    streams = {
        "stdin": io.TextIOWrapper(io.BytesIO(stdin), encoding),
        # `errors` as Python sets it for the standard streams.
        "stdout": io.TextIOWrapper(out, encoding, errors="strict"),
        "stderr": io.TextIOWrapper(err, encoding, errors="backslashreplace"),
    }
    argv = [*map(str, args)]
    with (
        mock.patch.multiple(sys, argv=["chaninfra", *argv], **streams),
        mock.patch.dict(os.environ, {**ENVIRONMENT, **(env or {})}, clear=True),
    ):
        code = program._main()
        for name in ("stdout", "stderr"):
            streams[name].flush()
    return Ended(argv, code, *(each.getvalue().decode(encoding, "replace") for each in (out, err)))


def _commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each command, also those of groups: `publish`, `snapshot create`."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


COMMANDS: Mapping[str, Any] = dict(_commands(typer.main.get_command(program.app)))

# Without the zero byte, which no command line argument can hold.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", "-", "--", " ", "0", "-1", "\u2192", "\udcff", "a\nb", "../..", "~", "x" * 300, "%s", "{}", "\x1b[31m"]
)
CHANNELS = st.sampled_from(
    [
        "s3://",
        "s3://my-bucket",
        "s3://my-bucket/a//b",
        "s3://My_Bucket/c",
        "s3://my-bucket/c?versionId=1",
        "s3://[::1/c",
        "https://",
        "https://[/channel.json",
        "https://a b/channel.json",
        "http://example.com",
        "http://127.0.0.1:1/channel.json",
        "http://127.0.0.1:99999/c",
        "gcs://my-bucket/c",
        "stack:",
        "stack:#",
        "stack:no-such#c",
        "stack:../x",
        "no-such.json",
        *("channel.json", "pixi.toml", "Pulumi.prod.yaml", "ci.yml", "auth.json", "my-package-1.0-0.conda"),
        "folder.conda",
        "loop.conda",
        "channel.json/below",
        ".",
        "/",
        "-",
    ]
)
VALUES = CHANNELS | TEXT | st.sampled_from([NOWHERE, NO_NAME, "true", "aws", "minio", "gcs", "public", "pixi", "a/b=c"])


def _value(option: Any) -> st.SearchStrategy[str]:
    """A value of an option, sometimes a valid one."""
    annotation = option.type_descriptor.annotation
    choices = [each for part in (annotation, *get_args(annotation)) for each in get_args(part) if type(each) is str]
    return st.sampled_from([*choices]) | VALUES if choices else VALUES


@st.composite
def command_lines(draw: st.DrawFn, name: str) -> list[str]:
    """A command with some of its options and arguments in any order, with any values."""
    options = {word: each for each in COMMANDS[name].params for word in each.opts if word.startswith("-")}
    parts: list[list[str]] = []
    for word in draw(st.lists(st.sampled_from(sorted(options)), max_size=4)):
        is_switch = getattr(options[word], "is_flag", False) or not draw(st.integers(0, 9))
        parts.append([word] if is_switch else [word, draw(_value(options[word]))])
    parts += [[value] for value in draw(st.lists(VALUES, max_size=2))]
    return [*name.split(), *(word for part in draw(st.permutations(parts)) for word in part)]


def files(folder: Path) -> Path:
    """Fill the folder with a valid file of each kind that a command reads."""
    folder.mkdir(parents=True, exist_ok=True)
    found = descriptor("minio", **{"endpoint-url": NOWHERE})
    (folder / "channel.json").write_bytes(dump(found))
    (folder / "pixi.toml").write_text('[workspace]\nchannels = ["conda-forge"]\n', "utf-8")
    (folder / "Pulumi.prod.yaml").write_text(STACK, "utf-8")
    (folder / "ci.yml").write_text("jobs:\n  test:\n    runs-on: x\n    steps: []\n", "utf-8")
    (folder / "auth.json").write_text("{}", "utf-8")
    make_package(folder, "my-package", "1.0")
    (folder / "folder.conda").mkdir(exist_ok=True)
    (folder / "loop.conda").unlink(missing_ok=True)
    (folder / "loop.conda").symlink_to("loop.conda")
    return folder


STACK = f"""config:
  chaninfra:provider: minio
  chaninfra:endpoint-url: {NOWHERE}
  chaninfra:bucket: my-bucket
  chaninfra:prefix: my-channel
  chaninfra:publishers:
    ci: {{key: {{}}}}
"""

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**20)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["http://[", "https://x/", NO_NAME, "s3://a", "..", "a/b", "noarch", "my-bucket", "2026-01-01"]),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3),
    max_leaves=6,
)


def _paths(document: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(document, dict):
        return []
    found = [(*above, key) for key in document]
    return found + [each for key, value in document.items() for each in _paths(value, (*above, key))]


@st.composite
def mutated(draw: st.DrawFn, document: dict[str, Any], more: Sequence[str]) -> Any:
    """The document with some keys removed, set to any value, or added where they do not belong."""
    found = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        paths = _paths(found)
        if not paths:
            return draw(JUNK)
        *above, key = draw(st.sampled_from(paths))
        place = found
        for name in above:
            place = place[name]
        match draw(st.sampled_from(["set", "remove", "add"])):
            case "set":
                place[key] = draw(JUNK)
            case "remove":
                del place[key]
            case _:
                place[draw(st.sampled_from(more) | st.text(max_size=4))] = draw(JUNK)
    return found


def encoded(documents: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """The content of files: the documents as JSON (which is YAML too), in several encodings; or any bytes."""
    return (
        documents.map(lambda document: json.dumps(document).encode())
        | documents.map(lambda document: json.dumps(document, ensure_ascii=False).encode("utf-16", "surrogatepass"))
        | st.binary(max_size=40)
        | st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass"))
    )


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with some changed, removed and inserted."""
    found = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(found) - 1, 0)))
        match draw(st.sampled_from(["change", "cut", "put"])):
            case "change" if found:
                found[place] ^= draw(st.integers(1, 255))
            case "cut":
                del found[place : place + draw(st.integers(1, 200))]
            case _:
                found[place:place] = draw(st.binary(max_size=9))
    return bytes(found)
