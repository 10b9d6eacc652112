"""Channels merged into a .condarc that people wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from chaninfra.channel.errors import ConfigurationError, ExitCode
from chaninfra.manifest.merge.syntax import MergeError
from support.cases.manifest_command import AWS, URL, manifest, refused
from support.cases.manifests import access
from support.cases.merging import into_yaml

OURS = "https://my-bucket.s3.eu-central-1.amazonaws.com/my-channel"
PUBLIC = (URL, *AWS, "--auth", "public", "--into")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"channels:\n- conda-forge\n- {OURS}\n", [OURS, "conda-forge"]),
        (f"channels: [conda-forge, {OURS}]\n", [OURS, "conda-forge"]),
        (f"channels: [\n  conda-forge,\n  {OURS}/]\n", [f"{OURS}/", "conda-forge"]),
        (f"channels: [bioconda, {OURS}, conda-forge]\n", [OURS, "bioconda", "conda-forge"]),
        (f"channels:\n  - defaults\n  - {OURS}\n  - {OURS}\n", [OURS, "defaults"]),
        (
            f"channels:\n- https://mirror.example.com/conda-forge/\n- {OURS}\n",
            [OURS, "https://mirror.example.com/conda-forge/"],
        ),
        ("channels: [my-channel]\nchannel_alias: https://my-bucket.s3.amazonaws.com\n", [OURS, "my-channel"]),
        (
            f"channels: [conda-forge, {OURS}]\ncustom_channels: {{conda-forge: https://mirror.example.com}}\n",
            [OURS, "conda-forge"],
        ),
        (f"channels: [defaults]\ndefault_channels: [conda-forge, {OURS}]\n", [OURS, "defaults"]),
        ("channels:\n", [OURS, "conda-forge"]),
        ("channels: ~ # none\nssl_verify: true\n", [OURS, "conda-forge"]),
        ("channels: []\n", [OURS, "conda-forge"]),
        ("channel:\n- conda-forge\n", [OURS, "conda-forge"]),
    ],
)
def test_ours_comes_first_and_packages_come_from_the_first_channel(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    file = tmp_path / ".condarc"
    file.write_text(text)
    assert refused(*PUBLIC, file, "--check").exit_code == ExitCode.FAILED
    assert file.read_text() == text
    manifest(*PUBLIC, file)
    found = YAML(typ="safe").load(file.read_text())
    before = YAML(typ="safe").load(text)
    name = "channel" if "channel" in before else "channels"
    assert found == {**before, name: expected, "channel_priority": "strict"}
    manifest(*PUBLIC, file, "--check")


def test_a_private_channel_comes_first_by_its_s3_url(tmp_path: Path) -> None:
    file = tmp_path / ".condarc"
    file.write_text("channels:\n  - conda-forge  # theirs\n")
    manifest(URL, *AWS, "--into", file)
    listed = f"channels:\n  - {URL}\n  - conda-forge  # theirs\n"
    assert file.read_text() == f"{listed}channel_priority: strict\n"
    manifest(URL, *AWS, "--into", file, "--check")


@pytest.mark.parametrize("mode", ["disabled", "flexible", "false", "true"])
def test_a_priority_that_is_not_strict_is_refused(tmp_path: Path, mode: str) -> None:
    file = tmp_path / ".condarc"
    text = f"channels: [{OURS}]\nchannel_priority: {mode}\n"
    file.write_text(text)
    for check in ((), ("--check",)):
        error = refused(*PUBLIC, file, *check)
        assert isinstance(error, MergeError)
        assert (error.exit_code, error.key) == (ExitCode.FAILED, ("channel_priority",))
        assert "channel_priority: strict" in str(error)
    assert file.read_text() == text


@pytest.mark.parametrize("mode", ["strict", "'strict'", "STRICT"])
def test_a_strict_priority_stays(mode: str) -> None:
    text = f"channels: [{OURS}, conda-forge]\nchannel_priority: {mode}\n"
    assert into_yaml(text, access("aws", "public"), name="condarc") == text


def test_a_channel_takes_its_quotes_and_its_comment_along() -> None:
    text = (
        f"channels:\n  # all\n  - conda-forge # theirs\n  - '{OURS}' # ours\n  - defaults\nchannel_priority: strict\n"
    )
    found = into_yaml(text, access("aws", "public"), name="condarc")
    assert found == (
        f"channels:\n  - '{OURS}' # ours\n  # all\n  - conda-forge # theirs\n  - defaults\nchannel_priority: strict\n"
    )


def test_a_flow_sequence_with_a_comment_is_not_written_anew() -> None:
    with pytest.raises(MergeError, match="cannot be added"):
        into_yaml(f"channels: [conda-forge, # ours\n  {OURS}]\n", access("aws", "public"), name="condarc")


def test_a_list_of_another_type_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="is not a list"):
        into_yaml("channel: conda-forge\n", access("aws", "public"), name="condarc")


@pytest.mark.parametrize(
    "text",
    [
        f"channels:\n  - conda-forge #!top\n  - {OURS} #!bottom\nchannel_priority: strict\n",
        f"channels:\n  - {OURS}\n  - conda-forge # ! top of all\n  - bioconda   #!  top\nchannel_priority: strict\n",
        f"channels: #!final\n  - {OURS}\n  - conda-forge\nchannel_priority: strict\n",
    ],
)
def test_flags_that_change_the_order_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / ".condarc"
    file.write_text(text)
    for check in ([], ["--check"]):
        error = refused(*PUBLIC, file, *check)
        assert error.exit_code == ExitCode.FAILED
        assert "changes the order" in str(error)
    assert file.read_text() == text


def test_both_names_of_the_list_are_refused() -> None:
    """conda refuses such a file too: "Multiple aliased keys"."""
    with pytest.raises(ConfigurationError, match="`channel` too") as caught:
        into_yaml("channel: [conda-forge]\nchannels: [bioconda]\n", access("aws", "public"), name="condarc")
    assert caught.value.key == ("channels",)
