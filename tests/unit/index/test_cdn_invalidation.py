"""Invalidation of the CDN after a commit: which paths, and when no request is made."""

from __future__ import annotations

import pytest

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.outputs.descriptor import Cdn
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.index.cdn_invalidation import all_paths, changed, invalidate, notices_paths, paths, snapshot_paths
from chaninfra.index.channel import Channel
from chaninfra.index.report import Report, SubdirReport
from support.channels.channels import descriptor
from support.servers.s3_servers import Server

CDN = Cdn(kind="cloudfront", id="E2EXAMPLE")


def test_one_path_covers_the_index_files_of_a_subdir() -> None:
    assert paths(descriptor(prefix="team/stable"), ["noarch", "linux-64"]) == [
        "/team/stable/noarch/repodata*",
        "/team/stable/linux-64/repodata*",
    ]
    assert paths(descriptor(prefix=""), ["noarch"]) == ["/noarch/repodata*"]


def test_the_index_files_of_many_subdirs_are_listed_because_cloudfront_limits_wildcards() -> None:
    told = paths(descriptor(prefix="c"), KNOWN_SUBDIRS)
    assert len(told) == 3 * len(KNOWN_SUBDIRS)
    assert not [path for path in told if "*" in path]
    assert {"/c/win-64/repodata.json", "/c/win-64/repodata.json.zst", "/c/win-64/repodata_shards.msgpack.zst"} <= set(
        told
    )


def test_run_exports_are_named_where_the_channel_has_them() -> None:
    asking = descriptor(prefix="c", index=IndexSettings(run_exports=True))
    files = ["/c/noarch/run_exports.json", "/c/noarch/run_exports.json.zst"]
    assert paths(asking, ["noarch"]) == ["/c/noarch/repodata*", *files]
    assert len(paths(asking, KNOWN_SUBDIRS)) == 5 * len(KNOWN_SUBDIRS)


def test_channeldata_is_named_where_the_channel_has_it_and_something_changed() -> None:
    asking = descriptor(prefix="c", index=IndexSettings(channeldata=True))
    assert paths(asking, ["noarch"]) == ["/c/noarch/repodata*", "/c/channeldata.json"]
    assert paths(asking, ["noarch"], scope="all") == ["/c/noarch/*", "/c/channeldata.json"]
    assert paths(asking, []) == []
    assert paths(asking, [], documents=["channeldata.json"]) == ["/c/channeldata.json"]
    assert paths(asking, ["noarch"], documents=["channeldata.json"]) == ["/c/noarch/repodata*", "/c/channeldata.json"]
    assert paths(asking, KNOWN_SUBDIRS, scope="all", documents=["channeldata.json"]) == ["/c/*"]


def test_scope_all_invalidates_every_file() -> None:
    assert paths(descriptor(prefix="c"), ["noarch", "win-64"], scope="all") == ["/c/noarch/*", "/c/win-64/*"]
    assert paths(descriptor(prefix="c"), KNOWN_SUBDIRS, scope="all") == ["/c/*"]


def test_the_list_of_snapshots_is_invalidated_and_the_files_of_one_that_is_removed() -> None:
    assert snapshot_paths(descriptor(prefix="c")) == ["/c/snapshots/index.json"]
    assert snapshot_paths(descriptor(prefix=""), ["v1"]) == ["/snapshots/index.json", "/snapshots/v1/*"]


def test_the_notices_are_one_file() -> None:
    assert notices_paths(descriptor(prefix="c")) == ["/c/notices.json"]
    assert notices_paths(descriptor(prefix="")) == ["/notices.json"]


def test_one_path_covers_all_files_of_a_channel() -> None:
    assert all_paths(descriptor(prefix="team/stable")) == ["/team/stable/*"]
    assert all_paths(descriptor(prefix="")) == ["/*"]


def test_a_replaced_package_is_invalidated_in_both_spellings_of_its_url() -> None:
    assert paths(descriptor(prefix="c"), [], ["linux-64/torch-2.0+cu118-0.conda", "noarch/a-1-0.conda"]) == [
        "/c/linux-64/torch-2.0+cu118-0.conda",
        "/c/noarch/a-1-0.conda",
        "/c/linux-64/torch-2.0%2Bcu118-0.conda",
    ]


def test_only_changed_subdirs_are_invalidated() -> None:
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


def test_without_a_cdn_or_a_path_no_request_is_made(aws: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boto3.session.Session", None)
    assert invalidate(behind(aws, None), ["/c/noarch/repodata*"]) is None
    assert invalidate(behind(aws, CDN), []) is None


def test_an_unknown_distribution_is_an_error(aws: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", aws.endpoint_url)
    with pytest.raises(ChaninfraError, match="NoSuchDistribution"):
        invalidate(behind(aws, CDN), ["/c/noarch/repodata*"])
