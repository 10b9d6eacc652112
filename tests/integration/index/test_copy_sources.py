"""Channels on real stores, and a folder, as sources of a copy: what they list, and the bytes of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError, CredentialsError, DeniedError
from chaninfra.channel.policy.statements import document, public_read
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.cli.channel_argument.source import FromFlags, open_from
from chaninfra.index.channel import Channel
from chaninfra.index.copy.source import Source, SourcePackage
from support.channels import channels
from support.channels.channel_at import PREFIX, allowed
from support.channels.channels import descriptor
from support.channels.moved_on import filled
from support.servers.s3_servers import Server

HELLO, TOOL = "noarch/hello-1.0-0.conda", "linux-64/tool-1.0-0.conda"


def target_on(server: Server) -> Channel:
    """A channel on the server, to which would be copied."""
    described = descriptor("target", bucket="no-such-bucket", endpoint_url=server.endpoint_url, region=server.region)
    return Channel(descriptor=described, credentials=Credentials(server.access_key_id, server.secret_access_key))


def read(source: Source) -> dict[str, SourcePackage]:
    """All packages by path, whose bytes are what their records say."""
    found = {package.path_in_channel: package for subdir in source.subdirs() for package in source.packages(subdir)}
    for package in found.values():
        digest = hashlib.sha256(b"".join(source.chunks(package))).hexdigest()
        assert digest == package.facts.sha256, package
    assert source.refused() == ()
    return found


def records(found: Mapping[str, SourcePackage]) -> dict[str, dict[str, Any]]:
    return {path: json.loads(bytes(package.record)) for path, package in found.items()}


def indexed(server: Server, bucket: str, prefix: str) -> dict[str, dict[str, Any]]:
    """What repodata.json says, by path."""
    found: dict[str, dict[str, Any]] = {}
    for subdir in ("noarch", "linux-64"):
        body = server.client().get_object(Bucket=bucket, Key=f"{prefix}/{subdir}/repodata.json")["Body"]
        found |= {f"{subdir}/{file}": record for file, record in json.loads(body.read())["packages.conda"].items()}
    return found


def download(server: Server, bucket: str, prefix: str, folder: Path) -> Path:
    """A copy of a channel on disk."""
    for key in channels.etags(server, bucket, prefix):
        path = folder / key.removeprefix(f"{prefix}/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(server.client().get_object(Bucket=bucket, Key=key)["Body"].read())
    return folder


def test_channels_of_each_kind(server: Server, bucket_name: str, tmp_path: Path) -> None:
    place = filled(server, bucket_name, tmp_path)
    place.done("snapshot create", "v1")
    place.done("patch add", "hello", "--license", "patched", "--reason", "why")
    place.done("yank", "tool", "--reason", "broken")
    channels.fill(server, bucket_name, "theirs", tmp_path / "theirs")
    target = target_on(server)

    ours = open_from(place.url, FromFlags(), target)
    assert (ours.subdirs(), ours.tells_patches) == (("noarch", "linux-64"), True)
    found = read(ours)
    assert records(found)[HELLO] == indexed(server, bucket_name, PREFIX)[HELLO]
    patch, yank = found[HELLO].patch, found[TOOL].yank
    assert patch is not None
    assert yank is not None
    assert (patch.changes, patch.reason, yank.reason) == ({"license": "patched"}, "why", "broken")
    place_of_it = ours.s3_object(found[HELLO])
    assert place_of_it is not None
    assert (place_of_it.location.bucket, place_of_it.key) == (bucket_name, f"{PREFIX}/{HELLO}")

    snapshot = open_from(f"{place.url}/snapshots/v1", FromFlags(), target)
    then = read(snapshot)
    assert not snapshot.tells_patches
    assert {*then} == {HELLO, TOOL}
    assert then[TOOL].yank is None
    assert records(then)[HELLO].get("license") != "patched"

    theirs = open_from(f"s3://{bucket_name}/theirs", FromFlags(), target)
    assert not theirs.tells_patches
    assert records(read(theirs)) == indexed(server, bucket_name, "theirs")
    assert [each.file for each in theirs.packages("noarch", ["hello"])] == ["hello-1.0-0.conda"]

    for prefix, is_like in (("theirs", theirs), (PREFIX, ours)):
        folder = open_from(str(download(server, bucket_name, prefix, tmp_path / prefix)), FromFlags(), target)
        assert records(read(folder)) == records(read(is_like))


def test_keys_of_a_source(minio: Server, bucket_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = filled(minio, bucket_name, tmp_path)
    elsewhere = Channel(descriptor=descriptor("target"), credentials=Credentials("target", "target-secret"))
    at = {"endpoint_url": minio.endpoint_url, "region": minio.region}

    def opened(**more: Any) -> Source:
        return open_from(place.url, FromFlags(**at, **more), elsewhere)

    with pytest.raises(DeniedError) as denied:
        opened().subdirs()
    assert (denied.value.remedy or "").startswith("give credentials that may read the source: --from-profile NAME")
    with pytest.raises(CredentialsError) as wrong:
        opened(access_key_id="nobody", secret_access_key="nothing-at-all").subdirs()
    assert "does not accept these credentials" in wrong.value.message
    given = {"access_key_id": minio.access_key_id, "secret_access_key": minio.secret_access_key}
    with pytest.raises(ConfigurationError, match="there is no bucket") as missing:
        open_from(f"s3://{bucket_name}-not/x", FromFlags(**at, **given), elsewhere).subdirs()
    assert (missing.value.remedy or "").startswith("check the bucket's name, and its store: --from-endpoint-url")

    # Who may read what clients read may not see what was patched, and needs the packages for that.
    client = tuple(f"{PREFIX}/{path}" for path in ("noarch/*", "linux-64/*", "channel.json"))
    keys = allowed(minio, bucket_name, "s3:GetBucketLocation", GetObject=client)
    for name, value in keys.items():
        monkeypatch.setenv(name.replace("AWS_", "FROM_S3_"), value)
    source = opened()
    assert (source.subdirs(), source.tells_patches) == (("noarch", "linux-64"), False)
    assert {*read(source)} == {HELLO, TOOL}
    for name in keys:
        monkeypatch.delenv(name.replace("AWS_", "FROM_S3_"))

    policy = document(public_read(bucket_name, [PREFIX]))
    minio.client().put_bucket_policy(Bucket=bucket_name, Policy=json.dumps(policy))
    public = opened()
    assert public.tells_patches
    assert {*read(public)} == {HELLO, TOOL}


def test_a_place_without_a_channel(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    place = filled(minio, bucket_name, tmp_path)
    with pytest.raises(ConfigurationError, match="no subdir has an index"):
        open_from(f"{place.url}-not", FromFlags(), target_on(minio)).subdirs()
