"""pixi.toml, pyproject.toml and config.toml, by pixi's schema and the examples of its page "S3"."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from typing import Any

import pytest
from jsonschema import Draft7Validator
from typer.testing import CliRunner

from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.cli.app import app
from chaninfra.manifest.client_access import client_channel
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.names import Format
from chaninfra.manifest.request import ManifestRequest
from support.cases.manifests import POSSIBLE, Case, descriptor, possible
from support.paths import TESTS

SCHEMA = Draft7Validator(json.loads((TESTS / "data/pixi-manifest-0.77.0.schema.json").read_text("utf-8")))
PAGE = (TESTS / "data/pixi-s3-page.txt").read_text("utf-8")
# Heading on pixi's page → the flags with the values that the page uses there.
PAGE_FLAGS = {
    "MinIO": ["--provider", "minio", "--endpoint-url", "https://minio.example.com"],
    "Cloudflare R2": ["--provider", "r2", "--endpoint-url", "https://a1.eu.r2.cloudflarestorage.com"],
    "Wasabi": ["--provider", "wasabi", "--region", "de-1"],
    "Backblaze B2": ["--provider", "b2", "--region", "us-west-004"],
    "Google Cloud Storage": ["--provider", "gcs"],
    "Hetzner Object Storage": ["--provider", "hetzner", "--endpoint-url", "https://fsn1.your-objectstorage.com"],
}


def pixi(*channels: Descriptor, method: Any = None) -> dict[str, Any]:
    """The table [workspace] that is printed for the channels."""
    text = render("pixi", ManifestRequest(channels=tuple(client_channel(each, method) for each in channels)))
    found: dict[str, Any] = tomllib.loads(text)["workspace"]
    return found


@pytest.mark.parametrize("case", possible("pixi", "pyproject"), ids=str)
def test_the_schema_of_pixi_accepts_it(case: Case) -> None:
    document = tomllib.loads(case.text())
    SCHEMA.validate(document if case.name == "pixi" else document["tool"]["pixi"])


def test_the_schema_of_pixi_refuses_incomplete_options() -> None:
    document = {"workspace": pixi(descriptor("minio"))}
    del document["workspace"]["s3-options"]["my-bucket"]["region"]
    assert list(SCHEMA.iter_errors(document))


@pytest.mark.parametrize("case", possible("config"), ids=str)
def test_the_config_has_the_same_channels_and_options_as_the_manifest(case: Case) -> None:
    config = tomllib.loads(case.text())
    workspace = tomllib.loads(Case("pixi", case.method, case.store).text())["workspace"]
    assert config["default-channels"] == workspace["channels"]
    assert without_style(config.get("s3-options", {})) == workspace.get("s3-options", {})


def without_style(buckets: dict[str, Any]) -> dict[str, Any]:
    """The options of each bucket without `addressing-style`, which must say the same as `force-path-style`."""
    for options in buckets.values():
        assert options.pop("addressing-style") == ("path" if options["force-path-style"] else "virtual-host")
    return buckets


def test_a_workspace_has_the_key_that_pixi_takes_there_and_rattlers_files_have_both() -> None:
    """rattler_config before 0.8 fails without `force-path-style`, later ones read `addressing-style` alone."""
    checked = 0
    for case in POSSIBLE:
        for table in re.findall(r"^ *\[s3-options\..*\](?:\n.+ = .+)+", case.text(), re.MULTILINE):
            options = tomllib.loads(textwrap.dedent(table))["s3-options"]
            assert list(options["my-bucket"]) == ["endpoint-url", "region", "force-path-style", "addressing-style"]
            without_style(options)
            checked += 1
        if case.name in ("pixi", "pyproject"):
            assert "addressing-style" not in case.text()
    assert checked == len([case for case in POSSIBLE if case.name in RATTLERS and has_options(case)])


RATTLERS = ("config", "github-publish", "github-upload", "gitlab-publish", "gitlab-upload", "rattler-build")


def has_options(case: Case) -> bool:
    return client_channel(case.descriptor, case.method).has_s3_options


def test_config_says_who_reads_it_where_and_what_goes_wrong() -> None:
    text = Case("config", "pixi", "minio").text()
    assert "~/.config/rattler/config.toml, for pixi from 0.78 and rattler-build from 0.74" in text
    assert "or ~/.pixi/config.toml" in text
    assert "`pixi init` (seen with 0.77) writes `force-path-style = True`" in text
    assert "pixi init" not in Case("config", "aws", "aws").text()


@pytest.mark.parametrize("name", ["pixi", "pyproject", "config"])
def test_pixi_is_told_the_region_of_a_bucket_on_aws_without_options(name: Format) -> None:
    assert "export AWS_REGION=eu-central-1" in Case(name, "aws", "aws").text()


def blocks_of_the_page() -> dict[str, str]:
    block = r'```toml title="pixi\.toml" (endpoint-url = "[^"]*") (region = "[^"]*") (force-path-style = \w+) ```'
    section = re.compile(rf"### ((?:(?!###|```).)+?) (?:Note (?:(?!###|```).)+)?{block}", re.DOTALL)
    # The page writes <account-id> where a host name has the account.
    return {found[1]: "\n".join(found.groups()[1:]).replace("<account-id>", "a1") for found in section.finditer(PAGE)}


def test_the_page_has_the_stores_of_the_flags() -> None:
    assert set(blocks_of_the_page()) == set(PAGE_FLAGS)


@pytest.mark.parametrize("store", PAGE_FLAGS)
def test_the_options_of_the_page_are_printed_for_the_same_input(store: str) -> None:
    done = CliRunner().invoke(app, ["manifest", "s3://my-bucket/my-channel", "--offline", *PAGE_FLAGS[store]])
    assert done.exit_code == 0, done.output
    assert f"[workspace.s3-options.my-bucket]\n{blocks_of_the_page()[store]}\n" in done.stdout


def test_the_options_of_the_first_example_of_the_page() -> None:
    block = re.search(r"\[workspace\.s3-options\.my-bucket\] (.*?) (region = .*?) (force-path-style = \w+) ```", PAGE)
    assert block is not None
    flags = ["--endpoint-url", "https://my-s3-host", "--force-path-style", "false"]
    done = CliRunner().invoke(app, ["manifest", "s3://my-bucket/custom-channel", "--offline", *flags])
    assert "[workspace.s3-options.my-bucket]\n{}\n{}\n{}\n".format(*block.groups()) in done.stdout


def test_the_channel_comes_before_conda_forge_and_noarch_is_not_a_platform() -> None:
    workspace = pixi(descriptor("minio", subdirs=["linux-64", "osx-arm64"]))
    assert workspace["channels"] == ["s3://my-bucket/my-channel", "conda-forge"]
    assert workspace["platforms"] == ["linux-64", "osx-arm64"]


def test_a_noarch_only_channel_is_for_every_platform() -> None:
    assert pixi(descriptor("minio", subdirs=["noarch"]))["platforms"] == [
        "linux-64",
        "linux-aarch64",
        "osx-64",
        "osx-arm64",
        "win-64",
    ]


def test_channels_of_one_bucket_share_its_options() -> None:
    both = [descriptor("minio", prefix=name, subdirs=[subdir]) for name, subdir in (("a", "linux-64"), ("b", "win-64"))]
    workspace = pixi(*both)
    assert workspace["channels"] == ["s3://my-bucket/a", "s3://my-bucket/b", "conda-forge"]
    assert list(workspace["s3-options"]) == ["my-bucket"]
    assert workspace["platforms"] == ["linux-64", "win-64"]


def test_a_bucket_name_with_a_dot_is_one_key() -> None:
    assert list(pixi(descriptor("minio", bucket="my.bucket"))["s3-options"]) == ["my.bucket"]


def test_aws_needs_no_options() -> None:
    assert "s3-options" not in pixi(descriptor("aws"), method="aws")


def test_aws_credentials_on_another_store_need_options_and_pixi_0_67() -> None:
    workspace = pixi(descriptor("minio"), method="aws")
    assert workspace["s3-options"]["my-bucket"]["endpoint-url"] == "https://minio.example.com"
    assert workspace["requires-pixi"] == ">=0.67"
