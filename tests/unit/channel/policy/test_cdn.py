"""A channel behind a CDN: its URL, and what the CDN is told after a commit."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.outputs.descriptor import Cdn, build_descriptor
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import Distribution
from chaninfra.cli.output.cdn_refresh import refresh
from chaninfra.index.cdn_invalidation import changed, invalidate, paths
from chaninfra.index.channel import Channel
from chaninfra.index.report import Report, SubdirReport
from support.channels.channels import descriptor
from support.servers.s3_servers import Server

AWS = {"provider": "aws", "bucket": "my-bucket", "region": "eu-central-1", "visibility": "public"}
MADE = Distribution(id="E2EXAMPLE", domain_name="d111111abcdef8.cloudfront.net")
OWN = {
    "domain": "conda.example.com",
    "certificate-arn": "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd",
}
BEHIND = Cdn(kind="cloudfront", id="E2EXAMPLE")


@pytest.mark.parametrize(
    ("cdn", "prefix", "url"),
    [
        ({}, "team/stable", "https://d111111abcdef8.cloudfront.net/team/stable"),
        ({}, "", "https://d111111abcdef8.cloudfront.net"),
        (OWN, "stable", "https://conda.example.com/stable"),
        # As `pulumi config set` writes it.
        ("{}", "stable", "https://d111111abcdef8.cloudfront.net/stable"),
    ],
)
def test_the_public_url_follows(cdn: Any, prefix: str, url: str) -> None:
    stack = build_spec({**AWS, "prefix": prefix, "cdn": cdn}, where="stack")
    described = build_descriptor(stack.bucket, stack.channels[0], MADE)
    assert (described.public_url, described.cdn, described.auth) == (url, BEHIND, "public")


def test_before_there_is_a_distribution_only_a_domain_is_known() -> None:
    for cdn, url in (({}, None), (OWN, "https://conda.example.com/stable")):
        stack = build_spec({**AWS, "prefix": "stable", "cdn": cdn}, where="stack")
        described = build_descriptor(stack.bucket, stack.channels[0])
        assert (described.public_url, described.cdn) == (url, None)


def test_one_path_covers_the_index_files_of_a_subdir() -> None:
    assert paths(descriptor(prefix="team/stable"), ["noarch", "linux-64"]) == [
        "/team/stable/noarch/repodata*",
        "/team/stable/linux-64/repodata*",
    ]
    assert paths(descriptor(prefix=""), ["noarch"]) == ["/noarch/repodata*"]


def test_the_index_files_of_many_subdirs_are_named_since_few_wildcards_may_be_under_way() -> None:
    told = paths(descriptor(prefix="c"), KNOWN_SUBDIRS)
    assert len(told) == 3 * len(KNOWN_SUBDIRS)
    assert not [path for path in told if "*" in path]
    assert {"/c/win-64/repodata.json", "/c/win-64/repodata.json.zst", "/c/win-64/repodata_shards.msgpack.zst"} <= set(
        told
    )


def test_where_any_package_may_have_other_bytes_all_files_are_told() -> None:
    assert paths(descriptor(prefix="c"), ["noarch", "win-64"], scope="all") == ["/c/noarch/*", "/c/win-64/*"]
    assert paths(descriptor(prefix="c"), KNOWN_SUBDIRS, scope="all") == ["/c/*"]


def test_a_replaced_package_is_named_in_each_way_that_clients_write_it() -> None:
    assert paths(descriptor(prefix="c"), [], ["linux-64/torch-2.0+cu118-0.conda", "noarch/a-1-0.conda"]) == [
        "/c/linux-64/torch-2.0+cu118-0.conda",
        "/c/noarch/a-1-0.conda",
        "/c/linux-64/torch-2.0%2Bcu118-0.conda",
    ]


def test_what_did_not_change_costs_nothing() -> None:
    report = Report(
        subdirs=(
            SubdirReport(subdir="noarch", before=1, after=1),
            SubdirReport(subdir="linux-64", before=None, after=0),
            SubdirReport(subdir="osx-arm64", before=3, after=4),
            SubdirReport(subdir="win-64", before=3, after=3),
        )
    )
    assert changed(report) == ["linux-64", "osx-arm64"]
    assert changed(report, ["win-64/a-1-0.conda"]) == ["linux-64", "osx-arm64", "win-64"]


def behind(aws: Server, cdn: Cdn | None) -> Channel:
    return Channel(
        descriptor=descriptor(prefix="c", cdn=cdn),
        credentials=Credentials(aws.access_key_id, aws.secret_access_key),
    )


def test_without_a_cdn_or_a_change_nobody_is_told(aws: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boto3.session.Session", None)
    assert invalidate(behind(aws, None), ["/c/noarch/repodata*"]) is None
    assert invalidate(behind(aws, BEHIND), []) is None


def test_a_cdn_that_cannot_be_told_is_a_warning_with_the_command(
    aws: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", aws.endpoint_url)
    with pytest.raises(ChaninfraError, match="NoSuchDistribution"):
        invalidate(behind(aws, BEHIND), ["/c/noarch/repodata*"])
    refresh(behind(aws, BEHIND), ["noarch"])
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("warning: distribution E2EXAMPLE: the index is written")
    assert "--distribution-id E2EXAMPLE --paths '/c/noarch/repodata*'" in said.err
    assert aws.secret_access_key not in said.err
