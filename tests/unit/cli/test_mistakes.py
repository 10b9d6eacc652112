"""No user mistake ends in a traceback: any arguments and any files, for every command."""

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
from chaninfra.manifest.names import NAMES
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
# Only its wrong arguments are tried; tests/integration/client/test_demo.py runs it.
NOT_RUN = ("demo",)


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The current folder, with one file of each kind; the Pulumi engine is replaced by an error."""

    def no_stack(name: str | None, *_: object) -> None:
        raise EngineError(f"there is no stack {name!r}", remedy="pulumi stack ls")

    path = files(tmp_path_factory.mktemp("mistakes"))
    (path / "ok.json").write_bytes((path / "channel.json").read_bytes())
    (path / ".github/workflows").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stacks, "stack_output", no_stack)
        patched.chdir(path)
        yield path


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in NOT_RUN])
@EXAMPLES
@given(data=st.data())
def test_any_arguments_end_without_a_traceback(name: str, data: st.DataObject) -> None:
    run(*data.draw(command_lines(name))).check_reported()


@pytest.mark.parametrize("name", NOT_RUN)
def test_wrong_arguments_of_commands_that_are_not_run(name: str) -> None:
    for wrong in ("--no-such", "what"):
        ended = run(name, wrong)
        ended.check_reported()
        assert ended.code == 2


def check_named(file: str, *args: str, data: bytes) -> None:
    """Run a command on a file with this content; an error must name the file, or what the file refers to."""
    Path(file).write_bytes(data)
    ended = run(*args)
    ended.check_reported()
    if ended.code:
        # The second list: the file is valid, but the channel that it names is not reachable.
        others = ("error: s3://", NOWHERE, "no-such.json")
        assert any(name in ended.err for name in (file, *others)), ended


def valid() -> dict[str, Any]:
    """A valid descriptor as a JSON document."""
    found: dict[str, Any] = json.loads(Path("ok.json").read_bytes())
    return found


@EXAMPLES
@given(st.data())
def test_any_descriptor_ends_without_a_traceback(data: st.DataObject) -> None:
    found = valid()
    documents = mutated(found, [*found]) | mutated({"a": found, "b": found}, ["c"])
    content = data.draw(encoded(documents))
    check_named(
        "some.json", "manifest", "some.json", "--offline", "--format", data.draw(st.sampled_from(NAMES)), data=content
    )
    run("manifest", "-", "--offline", stdin=content).check_reported()


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
def test_an_invalid_endpoint_url_is_refused(command: str, url: str) -> None:
    found = {**valid(), "endpoint-url": url}
    Path("wrong.json").write_text(json.dumps(found), "utf-8")
    words = [PACKAGE, "-c"] if command == "publish" else []
    for where in (["wrong.json"], ["s3://my-bucket/c", "--endpoint-url", url]):
        ended = run(command, *words, *where)
        ended.check_reported()
        assert ended.code == 2
        assert "endpoint-url" in ended.err


@pytest.mark.parametrize("command", ["ls", "reindex", "publish"])
@pytest.mark.parametrize("url", [NOWHERE, NO_NAME])
def test_an_endpoint_that_does_not_answer(command: str, url: str) -> None:
    words = [PACKAGE, "-c"] if command == "publish" else []
    ended = run(command, *words, "s3://my-bucket/c", "--endpoint-url", url)
    ended.check_reported()
    assert ended.code == 1
    assert url in ended.err


@EXAMPLES
@given(st.data())
def test_any_stack_file_ends_without_a_traceback(data: st.DataObject) -> None:
    found = YAML(typ="safe").load(STACK)
    keys = [*load(STACK_CONFIG)["properties"]["config"]["properties"]]
    documents = mutated(found, ["config"]) | mutated(found["config"], keys).map(lambda config: {"config": config})
    check_named("some.yaml", "policy", "--config", "some.yaml", data=data.draw(encoded(documents)))


def test_a_surrogate_in_a_stack_file_ends_without_a_traceback() -> None:
    escaped = STACK.replace("{key: {}}", '"\\ud83d\\ude00"')
    assert escaped != STACK
    check_named("some.yaml", "policy", "--config", "some.yaml", data=escaped.encode())


@pytest.mark.parametrize("name", [PACKAGE, "my-package-1.0-0.tar.bz2"])
@EXAMPLES
@given(data=st.data())
def test_any_package_ends_without_a_traceback(
    name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = data.draw(damaged(Path(PACKAGE).read_bytes()) | st.binary(max_size=60))
    Path("damaged").mkdir(exist_ok=True)
    # A channel that does not exist, so that a valid package is not uploaded.
    check_named(f"damaged/{name}", "publish", f"damaged/{name}", "-c", "no-such.json", data=content)


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
def test_any_file_to_merge_into_ends_without_a_traceback(file: str, data: st.DataObject) -> None:
    texts = INTO[file].map(lambda text: text.encode()) | INTO[file].map(lambda text: text.encode("utf-16"))
    flags = {".condarc": ["--provider", "aws", "--region", "eu-central-1", "--auth", "public"]}.get(file, [])
    flags += ["--format", "auth-file"] if file == "auth.json" else []
    channel = "s3://my-bucket/c" if flags[:1] == ["--provider"] else "ok.json"
    check_named(
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


NOT_UTF_8 = "\udcff.conda"
UNREADABLE = [
    "folder.conda",
    "loop.conda",
    "channel.json/below",
    "/proc/self/mem",
    "x" * 300,
    NOT_UTF_8,
    "",
    "/dev/null/x",
]


@pytest.mark.parametrize(
    ("command", "file"),
    [(command, file) for command in FILES for file in UNREADABLE if (command, file) != ("into", NOT_UTF_8)],
)
def test_a_path_that_is_not_a_readable_file_is_refused(command: str, file: str) -> None:
    ended = run(*(word.format(file) for word in FILES[command]))
    ended.check_reported()
    assert ended.code in (1, 2)


def test_a_file_whose_name_is_not_utf_8_is_written() -> None:
    ended = run(*(word.format(NOT_UTF_8) for word in FILES["into"]))
    assert (ended.code, Path(NOT_UTF_8).is_file()) == (0, True)
    assert "\\udcff.conda was written" in ended.err


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_output_in_an_encoding_that_lacks_characters(encoding: str) -> None:
    # The names in a descriptor are ASCII; a branch is not.
    ci = {"github": {"repository": "a/b", "branch": "\u00fc\u2192\U0001f600", "owner-id": "1", "repository-id": "2"}}
    config = {"aws:region": "eu-central-1", "x:bucket": "my-bucket", "x:publishers": {"ci": ci}}
    Path("Pulumi.named.yaml").write_text(json.dumps({"config": config}, ensure_ascii=False), "utf-8")
    helps = [[*name.split(), "--help"] for name in COMMANDS]
    shown = [
        ["--help"],
        *helps,
        ["providers", "minio"],
        ["schema", STACK_CONFIG],
        ["policy", "--config", "Pulumi.named.yaml"],
    ]
    strange = [
        ["ls", "\udcff"],
        ["schema", "\udcff"],
        ["manifest", "ok.json", "--offline", "--into", "\udcff/pixi.toml"],
    ]
    for args in [*shown, *strange]:
        ended = run(*args, encoding=encoding)
        ended.check_reported()
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
def test_credentials_in_a_url_are_refused_and_not_printed(args: list[str]) -> None:
    ended = run(*args)
    ended.check_reported()
    assert ended.code == 2
    assert "the-secret" not in ended.err


def test_a_rust_panic_is_reported_as_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        """Like pyo3's, which is not an Exception."""

    def panics(**_: object) -> None:
        raise PanicException("called `Result::unwrap()`")

    monkeypatch.setattr("chaninfra.cli.app.app", panics)
    ended = run("ls")
    assert (ended.code, "Traceback" in ended.err) == (1, False)
    assert "bug in chaninfra" in ended.err
