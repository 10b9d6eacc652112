"""run_exports.json and channeldata.json through the command line, on real stores."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.policy.permissions import identity_policy
from support.cases.access_sessions import new_user_on_minio
from support.channels.archives import conda, index_json, write
from support.channels.channel_at import PREFIX, Place

pytestmark = pytest.mark.long

WEAK = {"weak": ["lib >=1"]}


def read(place: Place, name: str) -> Any:
    stored = place.server.client().get_object(Bucket=place.bucket, Key=f"{PREFIX}/{name}")
    return json.loads(stored["Body"].read())


def package(folder: Path, name: str, version: str = "1.0") -> Path:
    members = {"run_exports.json": WEAK, "about.json": {"summary": f"What {name} {version} is"}}
    data = conda(index_json(name, version), {file: json.dumps(each).encode() for file, each in members.items()})
    return write(folder, data, f"{name}-{version}-0.conda")


def test_right_after_eight_publishers_both_files_have_all(place: Place, tmp_path: Path) -> None:
    place.set_index(run_exports=True, channeldata=True)
    files = [package(tmp_path, f"p{number}") for number in range(8)]
    with ThreadPoolExecutor(len(files)) as pool:
        done = [*pool.map(lambda file: place.run("publish", file), files)]
    assert [each.returncode for each in done] == [0] * 8, [each.stderr for each in done]
    assert "warning" not in "".join(each.stderr for each in done)
    exports = read(place, "noarch/run_exports.json")["packages.conda"]
    assert exports == {file.name: {"run_exports": WEAK} for file in files}
    told = read(place, "channeldata.json")["packages"]
    assert {name: entry["summary"] for name, entry in told.items()} == {
        f"p{number}": f"What p{number} 1.0 is" for number in range(8)
    }
    found = place.run("doctor", "--check", "channeldata")
    assert "channeldata.json has all commits" in found.stdout
    # Nothing differs, so a re-index writes neither.
    before = place.server.client().head_object(Bucket=place.bucket, Key=f"{PREFIX}/channeldata.json")["LastModified"]
    place.done("reindex")
    after = place.server.client().head_object(Bucket=place.bucket, Key=f"{PREFIX}/channeldata.json")["LastModified"]
    assert before == after


@pytest.mark.parametrize("may", [True, False])
def test_publishers_write_channeldata_where_their_policy_knows_it(on_minio: Place, tmp_path: Path, may: bool) -> None:
    on_minio.set_index(channeldata=True)
    about = {"bucket": on_minio.bucket, "prefix": PREFIX, "subdirs": ["noarch"]}
    key, secret = new_user_on_minio(on_minio.server, identity_policy("publisher", **about, channeldata=may))
    done = on_minio.run("publish", package(tmp_path, "a"), AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret)
    # A publish never fails for it.
    assert done.returncode == 0, done.stderr
    assert ("channeldata.json does not have the last changes" in done.stderr) is not may, done.stderr
    if not may:
        assert "`pulumi up` lets publishers write it" in done.stderr
        found = on_minio.run("doctor", "--check", "channeldata")
        assert "channeldata.json is missing" in found.stdout
        on_minio.done("reindex")
    assert read(on_minio, "channeldata.json")["packages"]["a"]["summary"] == "What a 1.0 is"


def test_what_lacks_commits_is_told_and_a_re_index_adds_them(on_minio: Place, tmp_path: Path) -> None:
    """As a publisher does that is killed before it has written it."""
    on_minio.set_index(channeldata=True)
    on_minio.done("publish", package(tmp_path, "a"))
    client, where = on_minio.server.client(), {"Bucket": on_minio.bucket, "Key": f"{PREFIX}/channeldata.json"}
    old = client.get_object(**where)
    body = old["Body"].read()
    on_minio.done("publish", package(tmp_path, "b"))
    client.put_object(**where, Body=body, Metadata=old["Metadata"], ContentType="application/json")
    found = on_minio.run("doctor", "--check", "channeldata")
    assert "channeldata.json lacks 1 commit in noarch, and was last written" in found.stdout
    assert "chaninfra reindex" in found.stdout
    on_minio.done("reindex")
    assert [*read(on_minio, "channeldata.json")["packages"]] == ["a", "b"]
    client.put_object(**where, Body=b"{}", ContentType="application/json")
    found = on_minio.run("doctor", "--check", "channeldata")
    assert "channeldata.json was written by another tool" in found.stdout
    on_minio.done("reindex")
    assert [*read(on_minio, "channeldata.json")["packages"]] == ["a", "b"]


def test_a_yank_and_a_delete_are_in_both_files(on_minio: Place, tmp_path: Path) -> None:
    on_minio.set_index(run_exports=True, channeldata=True)
    on_minio.done("publish", *(package(tmp_path, "a", version) for version in ("1.0", "2.0")), package(tmp_path, "b"))
    assert read(on_minio, "channeldata.json")["packages"]["a"]["version"] == "2.0"
    on_minio.done("yank", "a==2.0")
    assert [*read(on_minio, "noarch/run_exports.json")["packages.conda"]] == ["a-1.0-0.conda", "b-1.0-0.conda"]
    assert read(on_minio, "channeldata.json")["packages"]["a"]["version"] == "1.0"
    on_minio.done("delete", "b", "--reason", "wrong", "--yes")
    assert [*read(on_minio, "noarch/run_exports.json")["packages.conda"]] == ["a-1.0-0.conda"]
    assert [*read(on_minio, "channeldata.json")["packages"]] == ["a"]


def test_with_never_a_re_index_writes_both(on_minio: Place, tmp_path: Path) -> None:
    on_minio.set_index(run_exports=True, channeldata=True, monolith="never")
    on_minio.done("publish", package(tmp_path, "a"))
    files = on_minio.server.client().list_objects_v2(Bucket=on_minio.bucket)["Contents"]
    assert not [each for each in files if each["Key"].endswith(("run_exports.json", "channeldata.json"))]
    on_minio.done("reindex")
    assert read(on_minio, "noarch/run_exports.json")["packages.conda"] == {"a-1.0-0.conda": {"run_exports": WEAK}}
    assert [*read(on_minio, "channeldata.json")["packages"]] == ["a"]
