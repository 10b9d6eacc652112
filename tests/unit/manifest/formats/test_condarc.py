"""The .condarc: what it lists, and what its notes say that conda and mamba need and can."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from msgspec import structs
from ruamel.yaml import YAML

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.names import AccessMethod
from chaninfra.manifest.request import ManifestRequest
from support.cases.manifests import STORES, Case, access


@pytest.mark.parametrize("method", ["aws", "pixi"])
@pytest.mark.parametrize("store", STORES)
def test_boto3_reads_a_private_channel_with_the_variables_that_are_printed(
    store: str, method: AccessMethod, monkeypatch: pytest.MonkeyPatch
) -> None:
    """conda makes its client by `boto3.session.Session().resource("s3")`, so from the environment alone."""
    from boto3.session import Session

    case = Case("condarc", method, store)
    assert YAML(typ="safe").load(case.text())["channels"] == ["s3://my-bucket/my-channel", "conda-forge"]
    for name in ("AWS_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    (line,) = re.findall(r"^# What conda needs beside them: (.*)$", case.text(), re.MULTILINE)
    for name, value in re.findall(r"export (\w+)='([^']*)'(?:; |$)", line):
        monkeypatch.setenv(name, value)
    client = Session(aws_access_key_id="a", aws_secret_access_key="b").resource("s3").meta.client
    expected = case.descriptor
    assert (client.meta.region_name, client.meta.endpoint_url) == (
        expected.region,
        expected.endpoint_url,
    )


def test_private_channels_of_two_stores_are_refused_since_boto3_has_one_endpoint() -> None:
    first, second = access("minio", "aws"), access("r2", "aws")
    with pytest.raises(ConfigurationError, match="2 stores") as caught:
        render("condarc", ManifestRequest(channels=(first, second)))
    assert str(caught.value.remedy).startswith("give channels of one store")
    both = ManifestRequest(channels=(first, access("r2", "public")))
    assert "export AWS_ENDPOINT_URL_S3='https://minio.example.com'" in render("condarc", both)


def test_mamba_is_not_said_to_read_a_private_channel() -> None:
    for method, said in (("aws", True), ("pixi", True), ("public", False)):
        text = Case("condarc", method, "aws").text()
        assert ("mamba and micromamba do not read s3://" in text) is said
        assert "pixi auth login" not in text


def test_versions_that_read_shards_are_named() -> None:
    for method, who in (("public", "conda from 26.3 and mamba from 2.6."), ("aws", "conda from 26.3.")):
        given = access("aws", method)
        index = structs.replace(given.descriptor.index, monolith="never")
        alone = replace(given, descriptor=structs.replace(given.descriptor, index=index))
        text = render("condarc", ManifestRequest(channels=(alone,)))
        assert f"my-channel has shards and no repodata.json: for {who}\n" in text
        assert "no repodata.json" not in render("condarc", ManifestRequest(channels=(given,)))
