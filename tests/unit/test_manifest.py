"""What `manifest` prints: pixi's schema accepts it, and it says what pixi's page says."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from typer.testing import CliRunner

from chaninfra.channel.descriptor import Descriptor
from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.app import app
from chaninfra.manifest import RENDERERS, TARGETS, toml
from channels import descriptor

TESTS = Path(__file__).parents[1]
SCHEMA = json.loads((TESTS / "data/pixi-manifest-0.77.0.schema.json").read_text("utf-8"))
PAGE = (TESTS / "data/pixi-s3-page.txt").read_text("utf-8")
pixi = RENDERERS["pixi"]

# The flags that one who has read pixi's page would give.
PAGE_FLAGS = {
    "MinIO": ["--provider", "minio", "--endpoint-url", "https://minio.example.com"],
    "Cloudflare R2": ["--provider", "r2", "--endpoint-url", "https://<account-id>.eu.r2.cloudflarestorage.com"],
    "Wasabi": ["--provider", "wasabi", "--region", "de-1"],
    "Backblaze B2": ["--provider", "b2", "--region", "us-west-004"],
    "Google Cloud Storage": ["--provider", "gcs"],
    "Hetzner Object Storage": ["--provider", "hetzner", "--endpoint-url", "https://fsn1.your-objectstorage.com"],
}


def on_aws(**changed: Any) -> Descriptor:
    given = {
        "provider": "aws",
        "endpoint_url": "https://s3.eu-central-1.amazonaws.com",
        "region": "eu-central-1",
        "force_path_style": False,
        "auth": "aws",
    }
    return descriptor(**{**given, **changed})


def public() -> Descriptor:
    url = "https://my-bucket.s3.eu-central-1.amazonaws.com/my-channel"
    return on_aws(visibility="public", auth="public", public_url=url)


CASES: dict[str, Callable[[], str]] = {
    "pixi": lambda: pixi([descriptor()], None),
    "aws": lambda: pixi([on_aws()], None),
    "public": lambda: pixi([public()], None),
    "pixi-on-aws": lambda: pixi([on_aws()], "pixi"),
    "dotted-bucket": lambda: pixi([descriptor(bucket="my.bucket")], None),
    "two-channels": lambda: pixi([descriptor("one"), descriptor("two", subdirs=("noarch", "win-64"))], None),
    "noarch-only": lambda: pixi([descriptor(subdirs=("noarch",))], None),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_what_it_was(case: str) -> None:
    assert CASES[case]() == (TESTS / f"golden/manifest/{case}.toml").read_text("utf-8")


@pytest.mark.parametrize("case", CASES)
def test_pixis_own_schema_accepts_it(case: str) -> None:
    Draft7Validator(SCHEMA).validate(tomllib.loads(CASES[case]()))


def test_pixis_own_schema_is_a_judge() -> None:
    document = tomllib.loads(CASES["pixi"]())
    del document["workspace"]["s3-options"]["my-bucket"]["region"]
    assert list(Draft7Validator(SCHEMA).iter_errors(document))


def blocks_of_the_page() -> dict[str, str]:
    block = r'```toml title="pixi\.toml" (endpoint-url = "[^"]*") (region = "[^"]*") (force-path-style = \w+) ```'
    section = re.compile(rf"### ((?:(?!###|```).)+?) (?:Note (?:(?!###|```).)+)?{block}", re.DOTALL)
    return {found[1]: "\n".join(found.groups()[1:]) for found in section.finditer(PAGE)}


def test_the_page_has_six_blocks() -> None:
    assert set(blocks_of_the_page()) == set(PAGE_FLAGS)


@pytest.mark.parametrize("store", PAGE_FLAGS)
def test_a_block_of_the_page_is_printed_for_the_same_input(store: str) -> None:
    done = CliRunner().invoke(app, ["manifest", "s3://my-bucket/my-channel", "--offline", *PAGE_FLAGS[store]])
    assert done.exit_code == 0, done.output
    assert f"[workspace.s3-options.my-bucket]\n{blocks_of_the_page()[store]}\n" in done.stdout


def test_the_general_block_of_the_page() -> None:
    block = re.search(r"\[workspace\.s3-options\.my-bucket\] (.*?) (region = .*?) (force-path-style = \w+) ```", PAGE)
    assert block is not None
    flags = ["--endpoint-url", "https://my-s3-host", "--force-path-style", "false"]
    done = CliRunner().invoke(app, ["manifest", "s3://my-bucket/custom-channel", "--offline", *flags])
    assert "[workspace.s3-options.my-bucket]\n{}\n{}\n{}\n".format(*block.groups()) in done.stdout


def test_the_channel_is_before_conda_forge_and_noarch_is_no_platform() -> None:
    workspace = tomllib.loads(CASES["pixi"]())["workspace"]
    assert workspace["channels"] == ["s3://my-bucket/my-channel", "conda-forge"]
    assert workspace["platforms"] == ["linux-64", "osx-arm64"]


def test_channels_of_one_bucket_share_its_options() -> None:
    workspace = tomllib.loads(CASES["two-channels"]())["workspace"]
    assert workspace["channels"] == ["s3://my-bucket/one", "s3://my-bucket/two", "conda-forge"]
    assert list(workspace["s3-options"]) == ["my-bucket"]
    assert workspace["platforms"] == ["linux-64", "osx-arm64", "win-64"]


def test_aws_credentials_need_no_options() -> None:
    assert "s3-options" not in tomllib.loads(pixi([descriptor()], "aws"))["workspace"]


def test_public_access_to_a_private_channel_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="private") as caught:
        pixi([descriptor()], "public")
    assert caught.value.exit_code == 2


def test_every_target_has_a_renderer() -> None:
    assert set(TARGETS) == set(RENDERERS)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_survives_toml(value: str, name: str) -> None:
    read = tomllib.loads(f"{toml.comment(value)}\n[{toml.key('a', name)}]\nkey = {toml.array([value])}\n")
    assert read == {"a": {name: {"key": [value]}}}
