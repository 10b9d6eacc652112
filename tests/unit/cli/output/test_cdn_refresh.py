"""Refreshing the CDN from a command."""

from __future__ import annotations

import dataclasses

import pytest

from chaninfra.channel.outputs.descriptor import Cdn
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.cli.output.cdn_refresh import refresh, refresh_notices
from chaninfra.index.channel import Channel
from support.channels.cdn_double import CdnDouble, behind_cdn
from support.channels.channels import descriptor
from support.channels.followed import FollowedChannel
from support.servers.s3_servers import Server


def test_a_failed_refresh_is_a_warning_with_the_command_to_run(
    aws: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFRONT", aws.endpoint_url)
    channel = Channel(
        descriptor=descriptor(prefix="c", cdn=Cdn(kind="cloudfront", id="E2EXAMPLE")),
        credentials=Credentials(aws.access_key_id, aws.secret_access_key),
    )
    refresh(channel, ["noarch"])
    said = capsys.readouterr()
    assert said.out == ""
    # A slow machine tells first that it still waits.
    assert "warning: distribution E2EXAMPLE: the files are written" in said.err
    assert "--distribution-id E2EXAMPLE --paths '/c/noarch/repodata*'" in said.err
    assert aws.secret_access_key not in said.err
    refresh_notices(channel)
    assert "--distribution-id E2EXAMPLE --paths /c/notices.json" in capsys.readouterr().err
    refresh_notices(dataclasses.replace(channel, dry_run=True))
    assert capsys.readouterr().err == ""


def test_a_reindex_that_writes_nothing_but_channeldata_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    on = FollowedChannel("a", channeldata=True)
    cdn = CdnDouble(monkeypatch)
    for _ in range(2):
        refresh(behind_cdn(on), [], channeldata="now")
    # The second time there is nothing to write.
    assert cdn.asked[0] == ["/c/channeldata.json"]
    assert [*filter(None, cdn.asked[1:])] == []
