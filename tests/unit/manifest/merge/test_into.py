"""`manifest` as a command: files it merges into, where the role is from, and what it refuses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, EngineError
from chaninfra.channel.outputs.descriptor import dump, to_document
from chaninfra.cli.app import app
from chaninfra.engine import stacks
from chaninfra.manifest import NAMES, listing
from support.cases.manifests import descriptor
from support.example_counts import EXAMPLES

MINIO = ("--offline", "--provider", "minio", "--endpoint-url", "https://minio.example.com")
PLACE = "s3://my-bucket/my-channel"
ROLE = "arn:aws:iam::123456789012:role/publish"


def manifest(*args: str | Path, ok: bool = True) -> Result:
    """A run of the command; its error, if any, is the result's."""
    done = CliRunner().invoke(app, ["manifest", *map(str, args)])
    assert done.exit_code == 0 if ok else done.exit_code != 0, done.output
    return done


def refused(*args: str | Path) -> ChaninfraError:
    """The error that the command ends with."""
    error = manifest(*args, ok=False).exception
    assert isinstance(error, ChaninfraError)
    return error


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pixi.toml"
    path.write_text('[workspace]\nchannels = ["conda-forge"]\n', "utf-8")
    return path


def test_a_file_is_merged_into_once_and_the_diff_is_shown(file: Path) -> None:
    done = manifest(PLACE, *MINIO, "--into", file)
    assert '+channels = ["s3://my-bucket/my-channel", "conda-forge"]\n' in done.stdout
    before = file.stat()
    again = manifest(PLACE, *MINIO, "--into", file)
    assert again.stdout == ""
    # Not even written with the same bytes; that it was read may show.
    after = file.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )
    assert manifest(PLACE, *MINIO, "--into", file, "--check").exit_code == 0


def test_a_check_writes_nothing_and_ends_with_1(file: Path) -> None:
    before = file.read_bytes()
    error = refused(PLACE, *MINIO, "--into", file, "--check")
    assert error.exit_code == 1
    assert "not up to date" in str(error)
    assert file.read_bytes() == before


def test_a_check_needs_a_file() -> None:
    assert "--into" in str(refused(PLACE, *MINIO, "--check"))


@pytest.mark.parametrize(
    "name", ["pixi.toml", "pyproject.toml", "config.toml", ".condarc", ".gitlab-ci.yml", ".github/workflows/ci.yml"]
)
def test_a_file_that_is_not_there_is_made_in_the_format_of_its_name(tmp_path: Path, name: str) -> None:
    public = ("--offline", "--region", "eu-central-1", "--auth", "public")
    assert refused(PLACE, *public, "--into", tmp_path / name, "--check").exit_code == 1
    assert not (tmp_path / name).exists()
    manifest(PLACE, *public, "--into", tmp_path / name)
    formats = {"pixi.toml": "pixi", ".condarc": "condarc", ".gitlab-ci.yml": "gitlab"}
    found = formats.get(name) or ("github" if "/" in name else name.removesuffix(".toml"))
    assert (tmp_path / name).read_text("utf-8") == manifest(PLACE, *public, "--format", found).stdout


def test_a_name_that_says_nothing_needs_a_format(tmp_path: Path) -> None:
    assert "--format" in str(refused(PLACE, *MINIO, "--into", tmp_path / "some.toml"))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (".github/workflows/ci.yml", "gitlab"),
        (".gitlab-ci.yml", "github-publish"),
        ("pyproject.toml", "pixi"),
        ("pixi.toml", "config"),
        (".condarc", "gitlab"),
    ],
)
def test_a_file_for_one_program_is_not_given_what_another_reads(tmp_path: Path, file: str, name: str) -> None:
    error = refused(PLACE, *MINIO, "--format", name, "--into", tmp_path / file)
    assert error.exit_code == 2
    assert f"not for {name}" in str(error)
    assert not (tmp_path / file).exists()


@pytest.mark.parametrize("file", [".github/workflows/publish.yml", "ci/publish.yml"])
def test_a_job_that_publishes_goes_into_a_workflow(tmp_path: Path, file: str) -> None:
    manifest(PLACE, *MINIO, "--format", "github-publish", "--into", tmp_path / file)
    assert "chaninfra publish" in (tmp_path / file).read_text("utf-8")


@pytest.mark.parametrize("name", ["login", "env", "rattler-build", "aws-config"])
def test_what_is_no_document_is_not_merged(tmp_path: Path, name: str) -> None:
    auth = "aws" if name == "aws-config" else "pixi"
    error = refused(PLACE, *MINIO, "--auth", auth, "--format", name, "--into", tmp_path / "file")
    assert f"--format {name} >> FILE" in str(error)


def test_line_ends_and_the_byte_order_mark_stay(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbf# top\r\n[workspace]\r\nchannels = ["conda-forge"]\r\n')
    manifest(PLACE, *MINIO, "--into", file)
    found = file.read_bytes()
    assert found.startswith(b"\xef\xbb\xbf# top\r\n[workspace]\r\n")
    assert found.count(b"\n") == found.count(b"\r\n") > 6
    manifest(PLACE, *MINIO, "--into", file, "--check")


def test_lines_that_end_in_both_ways_keep_their_ends(file: Path) -> None:
    file.write_bytes(b'# a\r\n[workspace]\nchannels = ["conda-forge"]\r\nplatforms = []\n')
    manifest(PLACE, *MINIO, "--into", file)
    assert file.read_bytes().startswith(b"# a\r\n[workspace]\nchannels = [")
    assert b"platforms = []\n" in file.read_bytes()


def test_a_link_stays_one_and_its_target_keeps_its_mode(file: Path) -> None:
    file.chmod(0o640)
    link = file.parent / "below" / "pixi.toml"
    link.parent.mkdir()
    link.symlink_to(file)
    manifest(PLACE, *MINIO, "--into", link)
    assert link.is_symlink()
    assert b"s3-options" in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_write_that_fails_leaves_the_file_and_nothing_beside_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    before = file.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    error = refused(PLACE, *MINIO, "--into", file)
    assert "No space left" in str(error)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["pixi.toml"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[workspace", b"workspace = 1"])
def test_a_file_that_is_not_understood_is_named_and_left(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    error = refused(PLACE, *MINIO, "--into", file)
    assert error.exit_code == 2
    assert error.where == str(file)
    assert file.read_bytes() == content


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "pixi.toml").mkdir()
    assert "cannot be read" in str(refused(PLACE, *MINIO, "--into", tmp_path / "pixi.toml"))


def test_the_list_has_a_line_for_each_format() -> None:
    lines = manifest("--list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(NAMES)
    assert all(title in line for line, (_, title) in zip(lines, listing(), strict=True))


def test_a_login_by_sso_is_given_whole_and_for_its_format() -> None:
    aws = (PLACE, "--offline", "--region", "eu-central-1")
    assert "--sso-account-id" in str(refused(*aws, "--format", "aws-config", "--sso-start-url", "https://a"))
    assert "--format aws-config" in str(refused(*aws, "--sso-region", "eu-west-1"))


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a stack puts out, by the output's name; one that is not there is the engine's error."""
    found = descriptor("aws")
    outputs: dict[str, Any] = {"channels": {found.name: to_document(found)}}

    def output(_: str | None, __: Path, name: str = "channels") -> Any:
        if name not in outputs:
            raise EngineError(f"the selected stack has no output {name!r}")
        return outputs[name]

    monkeypatch.setattr(stacks, "stack_output", output)
    return outputs


def access(**publishers: tuple[str, str]) -> dict[str, Any]:
    named = {name: {"kind": kind, "role-arn": role} for name, (kind, role) in publishers.items()}
    return {"my-channel": {"publishers": named, "readers": {}, "maintainers": {}}}


def test_the_role_is_the_stacks(stack: dict[str, Any]) -> None:
    stack["access"] = access(ci=("github", ROLE), other=("gitlab", f"{ROLE}-gitlab"))
    assert f"role-to-assume: {ROLE}\n" in manifest("--format", "github-publish").stdout
    assert f"AWS_ROLE_ARN: {ROLE}-gitlab\n" in manifest("--format", "gitlab-publish").stdout
    # No reader is named, so the repository says who reads.
    assert "vars.AWS_ROLE_ARN" in manifest("--format", "github").stdout
    assert "role-to-assume: arn:other\n" in manifest("--format", "github-publish", "--role-arn", "arn:other").stdout


def test_of_several_roles_one_is_named(stack: dict[str, Any]) -> None:
    stack["access"] = access(a=("github", ROLE), b=("github", f"{ROLE}-b"))
    error = refused("--format", "github-publish")
    assert f"{ROLE} (my-channel, a)" in str(error)
    assert "--role-arn" in str(error)


def test_a_stack_that_does_not_say_leaves_the_role_open(stack: dict[str, Any]) -> None:
    done = manifest("--format", "github-publish")
    assert "vars.AWS_ROLE_ARN" in done.stdout
    assert "not filled in" in done.stderr


def test_offline_no_stack_is_asked(stack: dict[str, Any]) -> None:
    for where in ((), ("stack:prod",)):
        error = refused("--offline", *where)
        assert isinstance(error, ConfigurationError)
        assert "pulumi stack output channels --json > channels.json" in str(error)


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("channel") / "channel.json"
    path.write_bytes(dump(descriptor("minio")))
    return path


WORDS = st.sampled_from(
    [
        "--into",
        "--check",
        "--format",
        "--auth",
        "--list",
        "--role-arn",
        "--profile",
        "--sso-start-url",
        "--sso-region",
        "--region",
        "--endpoint-url",
        "--force-path-style",
        *NAMES,
        "aws",
        "pixi",
        "public",
        "gcs",
        "",
        "-",
    ]
) | st.text(max_size=8)


@settings(EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(args=st.lists(WORDS, max_size=5), content=st.binary(max_size=20))
def test_no_arguments_and_no_file_end_in_a_traceback(
    args: list[str], content: bytes, channel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pixi.toml").write_bytes(content)
    done = CliRunner().invoke(app, ["manifest", str(channel), "--offline", *args], input="")
    assert done.exception is None or isinstance(done.exception, SystemExit | ChaninfraError), args
    file = CliRunner().invoke(app, ["manifest", str(channel), "--into", "pixi.toml"])
    assert file.exception is None or isinstance(file.exception, SystemExit | ChaninfraError), content
