"""Settings merged into TOML files that people wrote: their content stays."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import client_channel
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.request import ManifestRequest
from support.cases.manifests import access, descriptor
from support.cases.merging import CHANNEL_LISTS, OPTIONS, into, is_kept


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


def test_a_comment_stays_above_its_table() -> None:
    text = "[workspace]\nchannels = []\n# off = 1\n\n# what we need\n[dependencies]\n"
    found = into(text, access("minio", "aws"))
    assert found.endswith("force-path-style = true\n\n# what we need\n[dependencies]\n")
    assert is_kept(text.replace("channels = []\n", ""), found)


def test_a_file_without_tables_gets_all_settings() -> None:
    assert tomllib.loads(into("# nothing yet\n", access("minio"))) == tomllib.loads(
        render("pixi", ManifestRequest(channels=(access("minio"),)))
    )


def test_a_table_project_is_not_doubled_by_a_workspace() -> None:
    found = tomllib.loads(into('[project]\nname = "x"\nchannels = ["conda-forge"]\n', access("minio")))
    assert "workspace" not in found
    assert found["project"]["s3-options"] == {"my-bucket": OPTIONS}


@pytest.mark.parametrize(("listed", "expected"), CHANNEL_LISTS)
def test_lists_of_channels_in_toml_are_merged(listed: list[Any], expected: list[Any]) -> None:
    found = tomllib.loads(into(f"[workspace]\nchannels = {array(listed)}\n", access("minio")))
    assert found["workspace"]["channels"] == expected


def array(channels: list[Any]) -> str:
    """A TOML array of strings and of inline tables with a channel and its priority."""
    items = [
        f"{{ channel = {json.dumps(item['channel'])}, priority = {item['priority']} }}"
        if isinstance(item, dict)
        else json.dumps(item)
        for item in channels
    ]
    return f"[{', '.join(items)}]"


def test_several_channels_keep_their_order() -> None:
    both = [client_channel(descriptor("minio", prefix=name), None) for name in ("a", "b")]
    found = tomllib.loads(into('[workspace]\nchannels = ["s3://my-bucket/b", "conda-forge"]\n', *both))["workspace"]
    assert found["channels"] == ["s3://my-bucket/a", "s3://my-bucket/b", "conda-forge"]
    assert list(found["s3-options"]) == ["my-bucket"]


def test_another_access_method_replaces_the_url_and_removes_our_options() -> None:
    text = into('[workspace]\nchannels = ["conda-forge"]\n', access("aws", "pixi"))
    found = tomllib.loads(into(text, access("aws", "public")))["workspace"]
    assert found == {"channels": ["https://my-bucket.s3.eu-central-1.amazonaws.com/my-channel", "conda-forge"]}


def test_the_method_aws_removes_our_options_on_aws() -> None:
    text = '[workspace]\nchannels = ["s3://my-bucket/my-channel"]\n'
    assert tomllib.loads(into(into(text, access("aws", "pixi")), access("aws", "aws"))) == tomllib.loads(text)


def test_an_empty_options_table_stays() -> None:
    text = '[workspace]\nchannels = ["s3://my-bucket/my-channel"]\n[workspace.s3-options]\n'
    assert into(text, access("aws", "aws")) == text


def test_options_that_another_channel_needs_stay() -> None:
    text = into('[workspace]\nchannels = ["conda-forge"]\n', access("aws", "pixi"))
    text += '\n[feature.more]\nchannels = ["s3://my-bucket/another"]\n'
    assert "s3-options" in tomllib.loads(into(text, access("aws", "aws")))["workspace"]


def test_a_required_pixi_version_stays() -> None:
    text = '[workspace]\nchannels = []\nrequires-pixi = ">=0.70"\n'
    assert tomllib.loads(into(text, access("minio", "aws")))["workspace"]["requires-pixi"] == ">=0.70"


@pytest.mark.parametrize(
    ("text", "message", "key"),
    [
        ("[workspace", "not TOML", ()),
        ('workspace = "x"', "not a table", ("workspace",)),
        ('[workspace]\nchannels = "conda-forge"', "not a list", ("workspace", "channels")),
        ("[workspace]\ns3-options = 1\nchannels = []", "not a table", ("workspace", "s3-options")),
        (
            "[workspace]\nchannels = []\n[workspace.s3-options]\nmy-bucket = 1",
            "not a table",
            ("workspace", "s3-options", "my-bucket"),
        ),
    ],
)
def test_a_value_of_another_type_is_refused(text: str, message: str, key: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        into(text, access("minio"))
    assert caught.value.where == "the file"
    assert caught.value.key == key


def test_both_spellings_of_default_channels_are_refused() -> None:
    """pixi refuses such a file too: it takes them for the same key, twice."""
    text = 'default-channels = ["conda-forge"]\ndefault_channels = ["bioconda"]\n'
    with pytest.raises(ConfigurationError, match="default_channels") as caught:
        into(text, access("minio"), name="config")
    assert caught.value.key == ("default-channels",)
    assert "remove" in str(caught.value.remedy)
