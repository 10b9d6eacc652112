"""Settings merged into TOML files that people wrote: nothing of theirs changes."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest import ManifestRequest, channel_access, render
from support.cases.manifests import access, descriptor
from support.cases.merging import OPTIONS, OURS, into, is_kept


def test_a_manifest_keeps_its_comments_order_and_quotes() -> None:
    text = """# mine
[workspace]   # here
channels = [
    # the best
    'conda-forge',  # cf
]
name = 'x'
platforms = ["linux-64"]

[dependencies]
python = ">=3.11"  # why
"""
    assert (
        into(text, access("minio"))
        == """# mine
[workspace]   # here
channels = [
    "s3://my-bucket/my-channel",
    # the best
    'conda-forge',  # cf
]
name = 'x'
platforms = ["linux-64"]

[workspace.s3-options.my-bucket]
endpoint-url = "https://minio.example.com"
region = "us-east-1"
force-path-style = true

[dependencies]
python = ">=3.11"  # why
"""
    )


def test_a_comment_stays_above_what_it_is_of() -> None:
    text = "[workspace]\nchannels = []\n# off = 1\n\n# what we need\n[dependencies]\n"
    found = into(text, access("minio", "aws"))
    assert found.endswith("force-path-style = true\n\n# what we need\n[dependencies]\n")
    assert is_kept(text.replace("channels = []\n", ""), found)


def test_an_empty_file_gets_all() -> None:
    assert tomllib.loads(into("# nothing yet\n", access("minio"))) == tomllib.loads(
        render("pixi", ManifestRequest(channels=(access("minio"),)))
    )


def test_a_workspace_by_its_older_name_stays_one() -> None:
    found = tomllib.loads(into('[project]\nname = "x"\nchannels = ["conda-forge"]\n', access("minio")))
    assert "workspace" not in found
    assert found["project"]["s3-options"] == {"my-bucket": OPTIONS}


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (["conda-forge"], [OURS, "conda-forge"]),
        (["bioconda", OURS, "conda-forge"], ["bioconda", OURS, "conda-forge"]),
        (["conda-forge", OURS], [OURS, "conda-forge"]),
        (["https://conda.anaconda.org/conda-forge/", OURS], [OURS, "https://conda.anaconda.org/conda-forge/"]),
        (["nvidia"], [OURS, "nvidia"]),
        ([{"channel": "conda-forge", "priority": 1}], [OURS, {"channel": "conda-forge", "priority": 1}]),
        ([{"channel": OURS, "priority": 9}, "conda-forge"], [{"channel": OURS, "priority": 9}, "conda-forge"]),
        ([OURS, "conda-forge", OURS], [OURS, "conda-forge"]),
    ],
)
def test_the_channel_comes_before_conda_forge_and_what_is_in_order_stays(
    listed: list[Any], expected: list[Any]
) -> None:
    text = toml_value(listed)
    found = tomllib.loads(into(f"[workspace]\nchannels = {text}\n", access("minio")))
    assert found["workspace"]["channels"] == expected


def toml_value(listed: list[Any]) -> str:
    """A list, with tables in it."""
    tables = "{{ channel = {}, priority = {} }}"
    items = [
        tables.format(json.dumps(i["channel"]), i["priority"]) if isinstance(i, dict) else json.dumps(i) for i in listed
    ]
    return f"[{', '.join(items)}]"


def test_several_channels_keep_their_order() -> None:
    both = [channel_access(descriptor("minio", prefix=name), None) for name in ("a", "b")]
    found = tomllib.loads(into('[workspace]\nchannels = ["s3://my-bucket/b", "conda-forge"]\n', *both))["workspace"]
    assert found["channels"] == ["s3://my-bucket/a", "s3://my-bucket/b", "conda-forge"]
    assert list(found["s3-options"]) == ["my-bucket"]


def test_another_way_of_access_replaces_the_name_and_takes_our_options_out() -> None:
    text = into('[workspace]\nchannels = ["conda-forge"]\n', access("aws", "pixi"))
    found = tomllib.loads(into(text, access("aws", "public")))["workspace"]
    assert found == {"channels": ["https://my-bucket.s3.eu-central-1.amazonaws.com/my-channel", "conda-forge"]}


def test_on_aws_the_credentials_of_its_tools_take_the_options_out() -> None:
    text = '[workspace]\nchannels = ["s3://my-bucket/my-channel"]\n'
    assert tomllib.loads(into(into(text, access("aws", "pixi")), access("aws", "aws"))) == tomllib.loads(text)


def test_a_table_that_was_empty_stays() -> None:
    text = '[workspace]\nchannels = ["s3://my-bucket/my-channel"]\n[workspace.s3-options]\n'
    assert into(text, access("aws", "aws")) == text


def test_options_that_another_channel_needs_stay() -> None:
    text = into('[workspace]\nchannels = ["conda-forge"]\n', access("aws", "pixi"))
    text += '\n[feature.more]\nchannels = ["s3://my-bucket/another"]\n'
    assert "s3-options" in tomllib.loads(into(text, access("aws", "aws")))["workspace"]


def test_a_pixi_that_is_asked_for_stays() -> None:
    text = '[workspace]\nchannels = []\nrequires-pixi = ">=0.70"\n'
    assert tomllib.loads(into(text, access("minio", "aws")))["workspace"]["requires-pixi"] == ">=0.70"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[workspace", "not TOML"),
        ('workspace = "x"', "no table"),
        ('[workspace]\nchannels = "conda-forge"', "no list"),
        ("[workspace]\ns3-options = 1\nchannels = []", "no table"),
        ("[workspace]\nchannels = []\n[workspace.s3-options]\nmy-bucket = 1", "no table"),
    ],
)
def test_a_file_that_says_something_else_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        into(text, access("minio"))
    assert caught.value.where == "the file"
