"""`chaninfra manifest --into FILE`: files that are changed, checked and refused."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.outputs.descriptor import dump
from chaninfra.cli.app import app
from chaninfra.manifest.names import NAMES
from support.cases.cli_mistakes import run
from support.cases.manifest_command import AWS, MINIO, URL, manifest, refused
from support.cases.manifests import descriptor
from support.example_counts import EXAMPLES


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pixi.toml"
    path.write_text('[workspace]\nchannels = ["conda-forge"]\n', "utf-8")
    return path


def test_the_first_merge_prints_a_diff_and_the_second_changes_nothing(file: Path) -> None:
    done = manifest(URL, *MINIO, "--into", file)
    assert '+channels = ["s3://my-bucket/my-channel", "conda-forge"]\n' in done.stdout
    before = file.stat()
    again = manifest(URL, *MINIO, "--into", file)
    assert again.stdout == ""
    # It was not written again with the same bytes; only its access time may differ.
    after = file.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )
    assert manifest(URL, *MINIO, "--into", file, "--check").exit_code == 0


def test_check_writes_nothing_and_exits_with_1(file: Path) -> None:
    before = file.read_bytes()
    error = refused(URL, *MINIO, "--into", file, "--check")
    assert error.exit_code == 1
    assert "not up to date" in str(error)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    "name", ["pixi.toml", "pyproject.toml", "config.toml", ".condarc", ".gitlab-ci.yml", ".github/workflows/ci.yml"]
)
def test_a_missing_file_is_created_in_the_format_of_its_name(tmp_path: Path, name: str) -> None:
    public = (*AWS, "--auth", "public")
    assert refused(URL, *public, "--into", tmp_path / name, "--check").exit_code == 1
    assert not (tmp_path / name).exists()
    manifest(URL, *public, "--into", tmp_path / name)
    formats = {"pixi.toml": "pixi", ".condarc": "condarc", ".gitlab-ci.yml": "gitlab"}
    found = formats.get(name) or ("github" if "/" in name else name.removesuffix(".toml"))
    assert (tmp_path / name).read_text("utf-8") == manifest(URL, *public, "--format", found).stdout


def test_a_file_name_that_stands_for_no_format_needs_one(tmp_path: Path) -> None:
    assert "--format" in str(refused(URL, *MINIO, "--into", tmp_path / "some.toml"))


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
def test_a_file_of_another_program_is_refused(tmp_path: Path, file: str, name: str) -> None:
    error = refused(URL, *MINIO, "--format", name, "--into", tmp_path / file)
    assert error.exit_code == 2
    assert f"not for {name}" in str(error)
    assert not (tmp_path / file).exists()


@pytest.mark.parametrize("file", [".github/workflows/publish.yml", "ci/publish.yml"])
def test_github_publish_goes_into_a_workflow(tmp_path: Path, file: str) -> None:
    manifest(URL, *MINIO, "--format", "github-publish", "--into", tmp_path / file)
    assert "chaninfra publish" in (tmp_path / file).read_text("utf-8")


@pytest.mark.parametrize("name", ["login", "env", "rattler-build", "aws-config"])
def test_scripts_and_profiles_are_not_merged(tmp_path: Path, name: str) -> None:
    auth = "aws" if name == "aws-config" else "pixi"
    error = refused(URL, *MINIO, "--auth", auth, "--format", name, "--into", tmp_path / "file")
    assert f"--format {name} >> FILE" in str(error)


def test_crlf_and_the_byte_order_mark_stay(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbf# top\r\n[workspace]\r\nchannels = ["conda-forge"]\r\n')
    manifest(URL, *MINIO, "--into", file)
    found = file.read_bytes()
    assert found.startswith(b"\xef\xbb\xbf# top\r\n[workspace]\r\n")
    assert found.count(b"\n") == found.count(b"\r\n") > 6
    manifest(URL, *MINIO, "--into", file, "--check")


def test_mixed_line_ends_stay(file: Path) -> None:
    file.write_bytes(b'# a\r\n[workspace]\nchannels = ["conda-forge"]\r\nplatforms = []\n')
    manifest(URL, *MINIO, "--into", file)
    assert file.read_bytes().startswith(b"# a\r\n[workspace]\nchannels = [")
    assert b"platforms = []\n" in file.read_bytes()


def test_a_symbolic_link_stays_and_its_target_keeps_its_mode(file: Path) -> None:
    file.chmod(0o640)
    link = file.parent / "below" / "pixi.toml"
    link.parent.mkdir()
    link.symlink_to(file)
    manifest(URL, *MINIO, "--into", link)
    assert link.is_symlink()
    assert b"s3-options" in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_failed_write_leaves_the_file_unchanged_and_no_temporary_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    before = file.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    error = refused(URL, *MINIO, "--into", file)
    assert "No space left" in str(error)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["pixi.toml"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[workspace", b"workspace = 1"])
def test_an_unreadable_file_is_named_and_unchanged(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    error = refused(URL, *MINIO, "--into", file)
    assert error.exit_code == 2
    assert error.where == str(file)
    assert file.read_bytes() == content


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
def test_no_arguments_and_no_file_content_end_in_a_traceback(
    args: list[str], content: bytes, channel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pixi.toml").write_bytes(content)
    done = CliRunner().invoke(app, ["manifest", str(channel), "--offline", *args], input="")
    assert done.exception is None or isinstance(done.exception, SystemExit | ChaninfraError), args
    file = CliRunner().invoke(app, ["manifest", str(channel), "--into", "pixi.toml"])
    assert file.exception is None or isinstance(file.exception, SystemExit | ChaninfraError), content


def test_the_settings_to_add_by_hand_are_printed_as_they_must_be_pasted(tmp_path: Path) -> None:
    file = tmp_path / ".gitlab-ci.yml"
    file.write_text("test: {before_script: !reference [.a, b], script: [x]}\n", "utf-8")
    said = run("manifest", URL, *AWS, "--auth", "aws", "--into", file).err
    pasted = textwrap.dedent(said.partition("add them by hand:\n")[2])
    assert "AWS_REGION" in yaml.safe_load(pasted)["test"]["variables"]


def test_what_a_client_needs_beside_a_file_is_said_where_the_file_does_not_say_it(tmp_path: Path) -> None:
    """A new file has it in its first lines; a comment in a file that somebody keeps would be one too many."""
    for name, text, said in (
        ("pixi.toml", '[workspace]\nname = "mine"\nchannels = []\n', "export AWS_REGION=eu-central-1"),
        (".condarc", "channels: [conda-forge]\n", "export AWS_DEFAULT_REGION='eu-central-1'"),
    ):
        file = tmp_path / name
        done = manifest(URL, *AWS, "--into", file)
        assert said in file.read_text()
        assert said not in done.stderr
        file.write_text(text)
        done = manifest(URL, *AWS, "--into", file)
        assert said not in file.read_text()
        assert said in done.stderr
        assert "Printed by" not in done.stderr
        assert manifest(URL, *AWS, "--into", file).stderr == f"note: {file} is up to date\n"
