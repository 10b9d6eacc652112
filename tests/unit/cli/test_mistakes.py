"""No mistake of a user ends in a traceback: arguments and files of every kind, for every command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from chaninfra.channel.config.schema import STACK_CONFIG, load
from chaninfra.channel.errors import EngineError
from chaninfra.engine import stacks
from chaninfra.manifest import NAMES
from support.cases.cli_mistakes import (
    COMMANDS,
    JUNK,
    NO_NAME,
    NOWHERE,
    STACK,
    command_lines,
    damaged,
    encoded,
    files,
    mutated,
    run,
)
from support.cases.merge_documents import manifests, workflows
from support.example_counts import EXAMPLES

PACKAGE = "my-package-1.0-0.conda"
# Its arguments are tried too; what it does is a story of its own.
NOT_RUN = ("demo",)


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The current folder, with a file of each kind in it; no engine is looked for."""

    def no_stack(name: str | None, *_: object) -> None:
        raise EngineError(f"there is no stack {name!r}", remedy="pulumi stack ls")

    made = files(tmp_path_factory.mktemp("mistakes"))
    (made / "ok.json").write_bytes((made / "channel.json").read_bytes())
    (made / ".github/workflows").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stacks, "stack_output", no_stack)
        patched.chdir(made)
        yield made


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in NOT_RUN])
@EXAMPLES
@given(data=st.data())
def test_any_arguments(name: str, data: st.DataObject) -> None:
    run(*data.draw(command_lines(name))).is_told()


@pytest.mark.parametrize("name", NOT_RUN)
def test_wrong_arguments_of_the_others(name: str) -> None:
    for wrong in ("--no-such", "what"):
        ended = run(name, wrong)
        ended.is_told()
        assert ended.code == 2


def told_of(file: str, *args: str, data: bytes) -> None:
    """Runs a command on a file with this in it; what is wrong with it is said with its name."""
    Path(file).write_bytes(data)
    ended = run(*args)
    ended.is_told()
    if ended.code:
        # Or the file is as it should be, and the channel that it names is not.
        others = ("error: s3://", NOWHERE, "no-such.json")
        assert any(name in ended.err for name in (file, *others)), ended


def valid() -> dict[str, Any]:
    """The document of a descriptor as it should be."""
    found: dict[str, Any] = json.loads(Path("ok.json").read_bytes())
    return found


@EXAMPLES
@given(st.data())
def test_any_descriptor(data: st.DataObject) -> None:
    found = valid()
    documents = mutated(found, [*found]) | mutated({"a": found, "b": found}, ["c"])
    content = data.draw(encoded(documents))
    told_of(
        "some.json", "manifest", "some.json", "--offline", "--format", data.draw(st.sampled_from(NAMES)), data=content
    )
    run("manifest", "-", "--offline", stdin=content).is_told()


@pytest.mark.parametrize("command", ["ls", "init", "publish"])
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:99999",
        "http://127.0.0.1:x",
        "http://127.0.0.256",
        "http://1.2.3.4.5",
        "http://[::1",
        "http://[zz]",
        "https://a b",
        "https://\u00fc.example.com",
        "http://a..b",
        "http://" + "a" * 70 + ".example.com",
        "http://%",
        "http://",
        "minio.example.com",
    ],
)
def test_an_endpoint_that_is_none(command: str, url: str) -> None:
    found = {**valid(), "endpoint-url": url}
    Path("wrong.json").write_text(json.dumps(found), "utf-8")
    words = [PACKAGE, "-c"] if command == "publish" else []
    for where in (["wrong.json"], ["s3://my-bucket/c", "--endpoint-url", url]):
        ended = run(command, *words, *where)
        ended.is_told()
        assert ended.code == 2
        assert "endpoint-url" in ended.err


@pytest.mark.parametrize("command", ["ls", "reindex", "publish"])
@pytest.mark.parametrize("url", [NOWHERE, NO_NAME])
def test_an_endpoint_that_does_not_answer(command: str, url: str) -> None:
    words = [PACKAGE, "-c"] if command == "publish" else []
    ended = run(command, *words, "s3://my-bucket/c", "--endpoint-url", url)
    ended.is_told()
    assert ended.code == 1
    assert url in ended.err


@EXAMPLES
@given(st.data())
def test_any_stack_file(data: st.DataObject) -> None:
    found = YAML(typ="safe").load(STACK)
    keys = [*load(STACK_CONFIG)["properties"]["config"]["properties"]]
    documents = mutated(found, ["config"]) | mutated(found["config"], keys).map(lambda config: {"config": config})
    told_of("some.yaml", "policy", "--config", "some.yaml", data=data.draw(encoded(documents)))


def test_half_a_character_in_a_stack_file() -> None:
    escaped = STACK.replace("{key: {}}", '"\\ud83d\\ude00"')
    assert escaped != STACK
    told_of("some.yaml", "policy", "--config", "some.yaml", data=escaped.encode())


@pytest.mark.parametrize("name", [PACKAGE, "my-package-1.0-0.tar.bz2"])
@EXAMPLES
@given(data=st.data())
def test_any_package(name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    content = data.draw(damaged(Path(PACKAGE).read_bytes()) | st.binary(max_size=60))
    Path("damaged").mkdir(exist_ok=True)
    # Somebody else's server is not what is tried here.
    told_of(f"damaged/{name}", "publish", f"damaged/{name}", "-c", "no-such.json", data=content)


INTO = {
    ".github/workflows/ci.yml": workflows(),
    ".gitlab-ci.yml": workflows(),
    ".condarc": workflows(),
    "pixi.toml": manifests(),
    "pyproject.toml": manifests("tool.pixi.workspace"),
    "config.toml": manifests(),
    "auth.json": JUNK.map(json.dumps),
}


@pytest.mark.parametrize("file", INTO)
@EXAMPLES
@given(data=st.data())
def test_any_file_to_merge_into(file: str, data: st.DataObject) -> None:
    texts = INTO[file].map(lambda text: text.encode()) | INTO[file].map(lambda text: text.encode("utf-16"))
    flags = {".condarc": ["--provider", "aws", "--region", "eu-central-1", "--auth", "public"]}.get(file, [])
    flags += ["--format", "auth-file"] if file == "auth.json" else []
    channel = "s3://my-bucket/c" if flags[:1] == ["--provider"] else "ok.json"
    told_of(
        file,
        "manifest",
        channel,
        "--offline",
        "--into",
        file,
        *flags,
        data=data.draw(texts | encoded(JUNK) | st.just(b"")),
    )


FILES = {
    "manifest": ["manifest", "{}", "--offline"],
    "into": ["manifest", "ok.json", "--offline", "--format", "pixi", "--into", "{}"],
    "publish": ["publish", "{}", "-c", "ok.json"],
    "policy": ["policy", "--config", "{}"],
}


@pytest.mark.parametrize("command", FILES)
@pytest.mark.parametrize(
    "file",
    [
        "folder.conda",
        "loop.conda",
        "channel.json/below",
        "/proc/self/mem",
        "x" * 300,
        "\udcff.conda",
        "",
        "/dev/null/x",
    ],
)
def test_what_is_no_file(command: str, file: str) -> None:
    ended = run(*(word.format(file) for word in FILES[command]))
    ended.is_told()
    assert ended.code in (1, 2)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_a_terminal_of_another_encoding(encoding: str) -> None:
    found = {**valid(), "name": "\u00fc\u2192\U0001f600"}
    Path("named.json").write_text(json.dumps(found), "utf-8")
    helps = [[name, "--help"] for name in COMMANDS]
    shown = [
        ["--help"],
        *helps,
        ["providers", "minio"],
        ["schema", STACK_CONFIG],
        ["manifest", "named.json", "--offline"],
    ]
    strange = [
        ["ls", "\udcff"],
        ["schema", "\udcff"],
        ["manifest", "ok.json", "--offline", "--into", "\udcff/pixi.toml"],
    ]
    for args in [*shown, *strange]:
        ended = run(*args, encoding=encoding)
        ended.is_told()
        if args in strange or encoding == "utf-8":
            continue
        assert ended.code == 0 or "PYTHONIOENCODING" in ended.err, ended


@pytest.mark.parametrize(
    "args",
    [
        ["ls", "s3://key:the-secret@my-bucket/c"],
        ["ls", "https://key:the-secret@example.com/channel.json"],
        ["ls", "s3://my-bucket/c", "--endpoint-url", "https://key:the-secret@minio.example.com"],
        ["manifest", "s3://my-bucket/c", "--offline", "--endpoint-url", "https://key:the-secret@minio.example.com"],
        ["manifest", "https://[key:the-secret@/c"],
    ],
)
def test_credentials_in_a_url_are_refused_and_not_repeated(args: list[str]) -> None:
    ended = run(*args)
    ended.is_told()
    assert ended.code == 2
    assert "the-secret" not in ended.err


def test_a_panic_below_python_is_told_as_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        """As pyo3's: no Exception."""

    def panics(**_: object) -> None:
        raise PanicException("called `Result::unwrap()`")

    monkeypatch.setattr("chaninfra.cli.app.app", panics)
    ended = run("ls")
    assert (ended.code, "Traceback" in ended.err) == (1, False)
    assert "bug in chaninfra" in ended.err
