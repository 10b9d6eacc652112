"""Packages deleted for good on real stores: no byte of a leaked file is left in the bucket, in no version."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.conda.index_files import decompress
from chaninfra.channel.policy.permissions import identity_policy
from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place, allowed, new_place
from support.channels.channels import etags
from support.channels.packages import make_package
from support.channels.terminal import Terminal
from support.servers.s3_servers import Server

WHY = ("--reason", "has a leaked key")
LEAKED = "hello-1.0-0.conda"


class Leak:
    """A channel in a bucket that keeps versions; one of its packages has a key in it, and has been around."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place = place
        self._client = place.server.client()
        self._client.put_bucket_versioning(Bucket=place.bucket, VersioningConfiguration={"Status": "Enabled"})
        self._key = secrets.token_bytes(64)
        self._said = f"The key is {secrets.token_hex(32)}"
        leaked = make_package(folder, "hello", "1.0", payload=self._key, summary=self._said)
        assert leaked.name == LEAKED
        self.bytes = leaked.read_bytes()
        place.set_page()
        place.set_index(run_exports=True, channeldata=True)
        place.done("publish", make_package(folder, "hello", "0.9"), leaked)
        place.done("patch add", "hello", "--license", "MIT")
        place.done("reindex")
        place.done("snapshot create", "v1")
        place.done("yank", LEAKED)
        place.done("publish", make_package(folder, "hello", "2.0"))
        place.done("snapshot create", "v2")
        place.done("unyank", LEAKED)
        place.done("snapshot create", "removed")
        place.done("snapshot rm", "removed")
        # Deleted and uploaded once more by hand.
        self._client.delete_object(Bucket=place.bucket, Key=f"{PREFIX}/noarch/{LEAKED}")
        self._client.put_object(Bucket=place.bucket, Key=f"{PREFIX}/noarch/{LEAKED}", Body=self.bytes)
        self._client.put_object(Bucket=place.bucket, Key=f"{PREFIX}/noarch/{LEAKED}.sigs", Body=b"[]")

    def _versions(self) -> Iterator[dict[str, Any]]:
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self.place.bucket):
            yield from page.get("Versions", ())
            yield from ({**marker, "Marker": True} for marker in page.get("DeleteMarkers", ()))

    def traces(self, *, old: bool) -> set[str]:
        """The keys of all objects, `old`: and of all versions, that have a part of the file, its name or its sha256, or
        what it says of itself, packed or not, or are named so; but for withdrawn.json.
        """
        digest = hashlib.sha256(self.bytes)
        marks = [self._key, LEAKED.encode(), digest.hexdigest().encode(), digest.digest(), self.bytes[200:300]]
        marks.append(self._said.encode())
        found = set()
        for each in self._versions():
            if not old and not each["IsLatest"]:
                continue
            key = each["Key"]
            # A delete marker has nothing but a name.
            if LEAKED in key and (old or "Marker" not in each):
                found.add(key)
            if "Marker" in each:
                continue
            which = {"Bucket": self.place.bucket, "Key": key, "VersionId": each["VersionId"]}
            data = self._client.get_object(**which)["Body"].read()
            texts = (data, bytes(decompress(data, 1 << 30) or b""))
            if any(mark in text for mark in marks for text in texts):
                found.add(key)
        return found - {f"{PREFIX}/withdrawn.json"}


def test_a_leaked_file(server: Server, bucket_name: str, tmp_path: Path) -> None:
    leak = Leak(new_place(server, bucket_name), tmp_path)
    place = leak.place
    assert len(leak.traces(old=False)) > 8
    dry = place.run("delete", LEAKED, *WHY, "--dry-run")
    assert f"noarch/{LEAKED}: in the index, patched, 1 file of attestations" in dry.stdout
    patches = f"{PREFIX}/.chaninfra/patches/noarch.json"
    assert patches in leak.traces(old=False)
    shards = (
        r"\nto be deleted too: [1-9][0-9]* shards of the index, its history and snapshots with entries of this package"
    )
    assert re.search(f"{shards}\n  new shards keep the other entries\n", dry.stdout)
    assert "snapshots that will no longer list this package: snapshots/v1, snapshots/v2\n" in dry.stdout
    assert len(leak.traces(old=False)) > 8
    done = place.run("delete", LEAKED, *WHY, "--yes")
    assert done.returncode == 0, done.stderr
    assert leak.traces(old=False) == set()
    assert "the bucket keeps old versions, which may have the files" in done.stderr
    assert (
        f"chaninfra delete -c {place.url} noarch/{LEAKED} --reason 'has a leaked key' --versions --yes" in done.stderr
    )
    old = leak.traces(old=True)
    assert f"{PREFIX}/noarch/{LEAKED}" in old
    summary = f"{PREFIX}/noarch/summaries/hello.json"
    channeldata = f"{PREFIX}/channeldata.json"
    assert {f"{PREFIX}/noarch/repodata.json", f"{PREFIX}/yanked.json", patches, summary, channeldata} < old
    assert f"{PREFIX}/snapshots/removed/noarch/repodata.json" in old
    purged = place.run("delete", f"noarch/{LEAKED}", *WHY, "--versions", "--yes")
    assert purged.returncode == 0, purged.stderr
    assert leak.traces(old=True) == set()
    told = json.loads(
        place.server.client().get_object(Bucket=place.bucket, Key=f"{PREFIX}/withdrawn.json")["Body"].read()
    )
    assert [(each["path"], each["reason"]) for each in told["packages"]] == [(f"noarch/{LEAKED}", "has a leaked key")]
    assert told["packages"][0]["sha256"] == [hashlib.sha256(leak.bytes).hexdigest()]
    # All else is as it was.
    assert [each["package"] for each in json.loads(place.done("patch ls", "--json"))] == ["noarch/hello-0.9-0.conda"]
    place.done("doctor", "--check", "index", "--check", "packages", "--check", "snapshots", "--check", "withdrawn")
    for url, versions in ((place.url, {"0.9", "2.0"}), (f"{place.url}/snapshots/v1", {"0.9"})):
        for found in conda_client.read(url, ["hello"], tmp_path / url.rpartition("/")[2], server).values():
            assert {version for version in ("0.9", "1.0", "2.0") if f"hello-{version}-0" in str(found)} == versions


def test_by_the_keys_of_the_roles(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    """A publisher deletes nothing; a maintainer all but old versions."""
    leak = Leak(new_place(minio, bucket_name), tmp_path)
    place = leak.place
    before = etags(minio, bucket_name)
    publisher = allowed(
        minio,
        bucket_name,
        *("s3:GetObject", "s3:ListBucket"),
        PutObject=(f"{PREFIX}/noarch/*", f"{PREFIX}/.chaninfra/history/*"),
    )
    denied = place.run("delete", LEAKED, *WHY, "--yes", **publisher)
    assert denied.returncode == 5, denied.stderr
    assert "withdrawn.json" in denied.stderr
    assert "only maintainers may delete packages" in denied.stderr
    assert etags(minio, bucket_name) == before
    maintainer = of_role(minio, bucket_name)
    done = place.run("delete", LEAKED, *WHY, "--yes", "--versions", **maintainer)
    assert done.returncode == 5, done.stderr
    assert "s3:" in done.stderr
    assert "all else is done" in done.stderr
    assert "an administrator's" in done.stderr
    assert leak.traces(old=False) == set()
    place.done("doctor", "--check", "withdrawn")
    unknown = place.run("delete", f"noarch/{LEAKED}", *WHY, "--yes", **maintainer)
    assert unknown.returncode == 0, unknown.stderr
    assert "may not ask whether the bucket keeps old versions" in unknown.stderr


def of_role(server: Server, bucket: str) -> dict[str, str]:
    """The variables with the keys of a maintainer, by the printed policy; a session of MinIO."""
    import boto3

    policy = identity_policy(
        "maintainer", bucket=bucket, prefix=PREFIX, subdirs=["noarch"], version_rights="with-object", channeldata=True
    )
    sts = boto3.session.Session().client(
        "sts",
        endpoint_url=server.endpoint_url,
        region_name=server.region,
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
    )
    given = sts.assume_role(RoleArn="arn:minio:iam:::nobody", RoleSessionName="some", Policy=json.dumps(policy))
    names = {"AccessKeyId": "ACCESS_KEY_ID", "SecretAccessKey": "SECRET_ACCESS_KEY", "SessionToken": "SESSION_TOKEN"}
    return {f"AWS_{variable}": given["Credentials"][name] for name, variable in names.items()}


@pytest.mark.long
def test_what_object_lock_keeps_is_named(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    client = minio.client()
    client.create_bucket(Bucket=bucket_name, ObjectLockEnabledForBucket=True)
    place = Place(minio, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    place.done("init")
    place.done("publish", make_package(tmp_path, "hello", "1.0"))
    key = f"{PREFIX}/noarch/{LEAKED}"
    until = datetime.now(UTC) + timedelta(days=2)
    client.put_object_retention(Bucket=bucket_name, Key=key, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until})
    done = place.run("delete", "hello", *WHY, "--yes", "--versions")
    assert done.returncode == 5, done.stderr
    assert f"{key} (" in done.stderr
    assert f"Object Lock keeps it until {until:%Y-%m-%d %H:%M} UTC (compliance)" in done.stderr
    assert "all else is done" in done.stderr


@pytest.mark.long
def test_it_asks_on_a_terminal_and_nowhere_else(place: Place, tmp_path: Path) -> None:
    place.done("publish", make_package(tmp_path, "hello", "1.0"))
    before = etags(place.server, place.bucket)
    silent = place.run("delete", "hello", *WHY)
    assert silent.returncode == 2
    assert "there is no terminal to ask on" in silent.stderr
    assert f"then run `chaninfra delete -c {place.url} hello --reason 'has a leaked key'" in silent.stderr
    assert "--yes`" in silent.stderr
    where = ("-c", place.url, "--endpoint-url", place.server.endpoint_url)
    for answer, code in (("n\r", 1), ("\x04", 130), ("\x03", 130), ("y\r", 0)):
        terminal = Terminal("delete", "hello", *WHY, *where, server=place.server, columns=200, cwd=tmp_path)
        terminal.read_until(lambda shown=terminal: "[y/N]" in shown.plain)  # type: ignore[misc]
        assert f"noarch/{LEAKED}: in the index" in terminal.plain
        assert etags(place.server, place.bucket) == before
        terminal.type(answer)
        assert terminal.wait() == code, terminal.text
        assert ("nothing was changed" in terminal.said) is (code != 0)
    assert f"{PREFIX}/noarch/{LEAKED}" not in etags(place.server, place.bucket)


@pytest.mark.long
def test_the_doctor_names_a_deletion_that_was_stopped_and_a_file_that_is_back(place: Place, tmp_path: Path) -> None:
    package = make_package(tmp_path, "hello", "1.0")
    place.done("publish", package)
    place.done("delete", "hello", *WHY, "--yes")
    place.done("publish", package)
    back = place.run("doctor", "--check", "withdrawn")
    assert f"noarch/{LEAKED} is there again, and was deleted on" in back.stdout
    key = f"{PREFIX}/withdrawn.json"
    client = place.server.client()
    document = json.loads(client.get_object(Bucket=place.bucket, Key=key)["Body"].read())
    document["packages"][0]["stage"] = "deleting"
    client.put_object(Bucket=place.bucket, Key=key, Body=json.dumps(document).encode())
    stopped = place.run("doctor", "--check", "withdrawn")
    assert stopped.returncode == 1
    assert f"noarch/{LEAKED} is being deleted since" in stopped.stdout
    assert f"noarch/{LEAKED} --reason 'has a leaked key' --yes" in stopped.stdout
    place.done("delete", f"noarch/{LEAKED}", *WHY, "--yes")
    assert "gone" in place.done("doctor", "--check", "withdrawn")
