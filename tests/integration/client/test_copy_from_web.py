"""Copies by the command from a channel by https, whose servers behave like those of conda-forge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from chaninfra.channel.policy.statements import document, public_read
from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.cli_runner import chaninfra
from support.channels.index_reader import forms
from support.channels.packages import make_package
from support.servers.cdn_channel import CdnChannel, cdn_channel
from support.servers.s3_servers import Server
from support.servers.web_server import Answer, ranged, served

TOOL, HELLO = "linux-64/tool-1.0-0.conda", "noarch/hello-1.0-0.conda"


def hotfix(file: str, record: dict[str, Any]) -> None:
    """As conda-forge's repodata patches do; and a key that nobody knows."""
    if file.startswith("tool-"):
        record |= {"depends": ["hello >=1,<2"], "timestamp": 1_700_000_000_000, "x_unknown": [1, {"a": None}]}


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Packages that are not indexed yet."""
    for version in ("1.0", "2.0"):
        make_package(tmp_path / "channel/noarch", "hello", version)
    make_package(tmp_path / "channel/linux-64", "tool", "1.0", subdir="linux-64", depends=["hello"])
    return tmp_path / "channel"


@pytest.fixture
def cdn(packages: Path) -> Iterator[CdnChannel]:
    with cdn_channel(packages, hotfix) as running:
        yield running


@pytest.fixture
def to(minio: Server, bucket_name: str) -> Place:
    return new_place(minio, bucket_name, "noarch", "linux-64")


def copy(cdn: CdnChannel, to: Place, *args: str, url: str = "", **env: str) -> CompletedProcess[str]:
    given = {"SSL_CERT_FILE": str(cdn.authority), **env}
    where = ["--from", url or cdn.url, "--to", to.url, "--endpoint-url", to.server.endpoint_url]
    return chaninfra("copy", *args, *where, server=to.server, env=given)


def records(to: Place) -> dict[str, dict[str, Any]]:
    """`<subdir>/<file>` → record without its time in this channel, in all forms of the index."""
    json_, zst, shards = forms(to.server, to.bucket, PREFIX, ["noarch", "linux-64"]).values()
    assert json_ == zst == shards
    return without_its_time(json_)


def without_its_time(records: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {path: {key: each[key] for key in each if key != "indexed_timestamp"} for path, each in records.items()}


def test_records_are_those_of_the_channel_and_bytes_those_of_its_store(
    cdn: CdnChannel, to: Place, tmp_path: Path
) -> None:
    store = tmp_path / "auth.json"
    store.write_text(json.dumps({"*.localhost": {"BearerToken": "a-secret"}}))
    # The connection to the store breaks off once.
    answers = [1000]
    body = cdn.packages[TOOL]

    def break_off(request: Any) -> Answer:
        whole = served(body)
        return Answer(headers=whole.headers, body=body, cut=answers.pop()) if answers else ranged(request, whole)

    cdn.store.on(f"/conda-forge/{TOOL}", break_off)
    done = copy(cdn, to, "--all", "--json", RATTLER_AUTH_FILE=str(store))
    assert done.returncode == 0, done.stderr
    assert {each["way"] for each in json.loads(done.stdout)["packages"]} == {"streamed"}
    assert records(to) == without_its_time(cdn.records)
    for path, data in cdn.packages.items():
        body = to.server.client().get_object(Bucket=to.bucket, Key=f"{PREFIX}/{path}")["Body"].read()
        assert body == data
    assert {each.headers.get("authorization") for each in cdn.index.requests} == {"Bearer a-secret"}
    assert {each.headers.get("authorization") for each in cdn.store.requests} == {None}
    assert "a-secret" not in done.stdout + done.stderr
    # What was patched after the build stays so. Keys that nobody knows are those of the index.
    assert to.done("reindex", "--force")
    after = records(to)[TOOL]
    assert {key: after[key] for key in ("depends", "timestamp")} == {
        "depends": ["hello >=1,<2"],
        "timestamp": 1_700_000_000_000,
    }
    found = conda_client.install(to.url, ["tool"], tmp_path / "client", to.server)
    assert {path for path in found if path.startswith("conda-meta/hello")} == {"conda-meta/hello-1.0-0.json"}


def test_one_package_with_what_it_needs_reads_little(cdn: CdnChannel, to: Place) -> None:
    done = copy(cdn, to, "tool", "--with-dependencies", "--rate", "20MB", "--at-once", "2")
    assert done.returncode == 0, done.stderr
    assert {*records(to)} == {TOOL, HELLO}
    assert len(cdn.store.requests) == 2
    assert cdn.index.open_at_once <= 2


def test_a_public_bucket_by_its_url(minio: Server, bucket_name: str, to: Place, tmp_path: Path) -> None:
    """Whoever may not list gets 403 for what is not there."""
    ours = new_place(minio, f"{bucket_name}-public", "noarch")
    ours.done("publish", *(make_package(tmp_path, "hello", version) for version in ("1.0", "2.0")))
    ours.done("patch add", "hello==1.0", "--license", "MIT", "--reason", "wrong")
    ours.done("yank", "hello==2.0", "--reason", "broken")
    policy = document(public_read(ours.bucket, [PREFIX]))
    minio.client().put_bucket_policy(Bucket=ours.bucket, Policy=json.dumps(policy))
    url = f"{minio.endpoint_url}/{ours.bucket}/{PREFIX}"
    where = ["--from", url, "--to", to.url, "--endpoint-url", minio.endpoint_url]
    done = chaninfra("copy", "--all", "--json", *where, server=minio)
    assert done.returncode == 0, done.stderr
    said = {each["package"]: each for each in json.loads(done.stdout)["packages"]}
    assert {path for path in said if said[path]["yanked"]} == {"noarch/hello-2.0-0.conda"}
    assert {path for path in said if said[path]["patch"]} == {HELLO}
    assert records(to).keys() == {HELLO}
    assert records(to)[HELLO]["license"] == "MIT"


def test_what_it_does_not_read_is_said_with_what_to_type(packages: Path, to: Place, tmp_path: Path) -> None:
    with cdn_channel(packages, base_url="http://169.254.169.254/{subdir}", name="t/a-token/main") as cdn:
        refused = copy(cdn, to, "--all")
        assert refused.returncode == 3, refused.stderr
        assert "169.254.169.254, which is another server" in refused.stderr
        assert "--allow-origin http://169.254.169.254" in refused.stderr
        plain = copy(cdn, to, "--all", url="http://conda.example/main")
        assert plain.returncode == 2
        assert "--allow-origin http://conda.example" in plain.stderr
        cdn.index.on("/t/a-token/main/noarch/repodata_shards.msgpack.zst", Answer(403))
        one = copy(cdn, to, "--all", "--subdir", "noarch")
        assert one.returncode == 2
        assert "; noarch: cannot be read, or is not there" in one.stderr
        cdn.index.behaviours.append(lambda _: Answer(403))
        denied = copy(cdn, to, "--all", "--subdir", "noarch")
        assert denied.returncode == 5
        assert "pixi auth login localhost" in denied.stderr
        cdn.index.behaviours.pop()
        gone = copy(cdn, to, "--all", url=f"{cdn.index.url}/t/a-token/other")
        assert gone.returncode == 2
        for done in (refused, plain, one, denied, gone):
            assert "a-token" not in done.stdout + done.stderr
            assert "Traceback" not in done.stderr
    assert records(to) == {}
