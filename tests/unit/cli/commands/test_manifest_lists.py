"""The other channels of a printed list, and platforms that nothing says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from chaninfra.channel.outputs.descriptor import dump
from support.cases.manifest_command import AWS, MINIO, URL, manifest, refused
from support.cases.manifests import descriptor
from support.paths import TESTS

SCHEMA = Draft7Validator(json.loads((TESTS / "data/pixi-manifest-0.77.0.schema.json").read_text("utf-8")))
MIRROR = "https://conda.example.com/conda-forge"


@pytest.fixture
def described(tmp_path: Path) -> Path:
    """A channel.json with the platforms linux-64 and osx-arm64."""
    path = tmp_path / "channel.json"
    path.write_bytes(dump(descriptor("minio", subdirs=["linux-64", "osx-arm64"])))
    return path


def workspace(*args: str | Path) -> dict[str, Any]:
    document = tomllib.loads(manifest(*args).stdout)
    SCHEMA.validate(document)
    found: dict[str, Any] = document["workspace"]
    return found


def test_other_channels_come_after_this_one_in_place_of_conda_forge(described: Path) -> None:
    assert workspace(described)["channels"] == [URL, "conda-forge"]
    assert workspace(described, "--with", MIRROR, "--with", "bioconda")["channels"] == [URL, MIRROR, "bioconda"]
    assert workspace(described, "--with", "conda-forge", "--with", URL)["channels"] == [URL, "conda-forge"]
    assert workspace(described, "--alone")["channels"] == [URL]


def test_every_format_with_a_list_has_them(described: Path) -> None:
    for name in ("pyproject", "config", "rattler-build", "github-publish", "gitlab-publish"):
        format_ = (described, "--endpoint-url", "https://minio.example.com", "--format", name)
        assert "conda-forge" in manifest(*format_).stdout
        assert "conda-forge" not in manifest(*format_, "--alone").stdout
        printed = manifest(*format_, "--with", "bioconda", "--with", MIRROR).stdout
        assert 0 < printed.index("bioconda") < printed.index(MIRROR)
        assert "conda-forge " not in printed.replace(MIRROR, "")
    public = (URL, *AWS, "--auth", "public", "--format", "condarc")
    listed = YAML(typ="safe").load(manifest(*public, "--with", "bioconda").stdout)["channels"]
    assert listed[1:] == ["bioconda"]
    assert len(YAML(typ="safe").load(manifest(*public, "--alone").stdout)["channels"]) == 1


@pytest.mark.parametrize(
    "word",
    [
        "https://user:secret@example.com/c",
        "a b",
        "",
        "a'; rm -rf /",
        "a\nb",
        "$(id)",
        "${{ secrets.X }}",
        "-c",
        "ftp://example.com/c",
        "https://example.com/c?token=secret",
        "a" * 600,
    ],
)
def test_what_is_no_channel_is_refused(word: str, described: Path) -> None:
    error = refused(described, f"--with={word}")
    assert "--with" in str(error)
    assert "secret@" not in str(error)
    assert error.exit_code == 2


def test_flags_that_have_no_effect_are_refused(described: Path) -> None:
    assert "give only one of them" in str(refused(described, "--alone", "--with", "bioconda"))
    for flags in (["--alone"], ["--with", "bioconda"]):
        said = str(refused(described, "--format", "env", *flags))
        assert f"remove {flags[0]}" in said
        assert "pixi, pyproject" in said


def test_an_existing_list_gets_the_others_at_its_end(described: Path, tmp_path: Path) -> None:
    file = tmp_path / "pixi.toml"
    file.write_text('[workspace]\nname = "a"\nchannels = ["nvidia"]\nplatforms = ["linux-64"]\n', "utf-8")
    manifest(described, "--into", file, "--alone")
    assert tomllib.loads(file.read_text("utf-8"))["workspace"]["channels"] == [URL, "nvidia"]
    manifest(described, "--into", file, "--with", MIRROR, "--with", "nvidia")
    assert tomllib.loads(file.read_text("utf-8"))["workspace"]["channels"] == [URL, "nvidia", MIRROR]
    manifest(described, "--into", file, "--with", MIRROR, "--check")
    condarc = tmp_path / ".condarc"
    condarc.write_text("channels: [defaults]\n", "utf-8")
    manifest(URL, *AWS, "--auth", "public", "--into", condarc, "--with", "bioconda")
    assert YAML(typ="safe").load(condarc.read_text("utf-8"))["channels"][1:] == ["defaults", "bioconda"]


def test_platforms_are_those_of_a_descriptor_and_not_made_up(described: Path) -> None:
    assert workspace(described, "--offline")["platforms"] == ["linux-64", "osx-arm64"]
    for flags in (AWS, MINIO):
        printed = manifest(URL, *flags).stdout
        assert tomllib.loads(printed)["workspace"]["platforms"] == []
        assert "pixi workspace platform add" in printed
        SCHEMA.validate(tomllib.loads(printed))
        assert "platforms = []" in manifest(URL, *flags, "--format", "pyproject").stdout


def test_platforms_that_a_file_has_stay(tmp_path: Path) -> None:
    file = tmp_path / "pixi.toml"
    file.write_text('[workspace]\nname = "a"\nchannels = []\nplatforms = ["win-64"]\n', "utf-8")
    manifest(URL, *MINIO, "--into", file)
    assert tomllib.loads(file.read_text("utf-8"))["workspace"]["platforms"] == ["win-64"]
