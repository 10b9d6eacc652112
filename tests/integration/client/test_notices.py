"""Notices as a maintainer writes them, and as conda clients read them, on real stores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chaninfra.channel.policy.statements import document, public_read
from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place, allowed
from support.channels.channels import etags
from support.channels.packages import make_package

pytestmark = pytest.mark.long

KEY = f"{PREFIX}/notices.json"


def everybody_reads(place: Place) -> str:
    """Makes the channel public; its http URL."""
    policy = document(public_read(place.bucket, [PREFIX]))
    place.server.client().put_bucket_policy(Bucket=place.bucket, Policy=json.dumps(policy))
    return f"{place.server.endpoint_url}/{place.bucket}/{PREFIX}"


def test_anybody_reads_the_notices_of_a_public_channel_by_http(place: Place, tmp_path: Path) -> None:
    url = everybody_reads(place)
    assert place.done("notice ls") == "no notices\n"
    place.done("notice add", "The second", "--id", "n2", "--expires", "12h")
    made = json.loads(place.done("notice add", "The first", "--level", "critical", "--expires", "2099-01-31", "--json"))
    found = conda_client.notices(url, tmp_path / "by-http")
    assert [each[:3] for each in found] == [[made["id"], "critical", "The first"], ["n2", "info", "The second"]]
    assert found[0][3] == "2099-01-31T00:00:00Z"
    assert [each["id"] for each in json.loads(place.done("notice ls", "--json"))] == [made["id"], "n2"]
    head = place.server.client().head_object(Bucket=place.bucket, Key=KEY)
    assert (head["ContentType"], head["CacheControl"]) == ("application/json", "no-cache")
    assert place.done("notice rm", "n2") == "n2: removed\n"
    assert [each[0] for each in conda_client.notices(url, tmp_path / "after")] == [made["id"]]
    # By s3:// rattler's clients ask for no notices; docs/notices.md says so.
    assert conda_client.notices(place.url, tmp_path / "by-s3", place.server) == []


def test_a_yank_tells_and_an_unyank_takes_it_back(on_minio: Place, tmp_path: Path) -> None:
    url = everybody_reads(on_minio)
    on_minio.done("publish", make_package(tmp_path, "hello", "1.0"), make_package(tmp_path, "hello", "2.0"))
    words = ("hello", "--reason", "loses data", "--notice")
    before = etags(on_minio.server, on_minio.bucket)
    dry = on_minio.run("yank", *words, "--dry-run")
    said = "Yanked: hello-1.0-0.conda, hello-2.0-0.conda. Reason: loses data. Update environments that have them."
    assert f"a notice would tell users: {said}\n" in dry.stdout
    assert etags(on_minio.server, on_minio.bucket) == before
    done = json.loads(on_minio.done("yank", *words, "--json"))
    (id_,) = done["notices"]
    (found,) = conda_client.notices(url, tmp_path / "yanked")
    assert found[:3] == [id_, "warning", said]
    assert f"notice {id_}: " in on_minio.done("yank", *words)
    half = on_minio.run("unyank", "hello==1.0")
    assert half.returncode == 0, half.stderr
    assert f"chaninfra notice rm -c {on_minio.url} {id_}" in half.stderr
    assert f"notice {id_}: removed" in on_minio.done("unyank", "hello==2.0")
    assert conda_client.notices(url, tmp_path / "back") == []


def test_what_is_wrong_is_said_before_anything_is_written(on_minio: Place, tmp_path: Path) -> None:
    on_minio.done("publish", make_package(tmp_path, "hello", "1.0"))
    on_minio.server.client().put_object(Bucket=on_minio.bucket, Key=KEY, Body=b'{"notices": ["x"]}')
    before = etags(on_minio.server, on_minio.bucket)
    for command, *words in (
        ("notice add", "Hello"),
        ("notice ls",),
        ("notice rm", "x"),
        ("yank", "hello", "--notice"),
    ):
        done = on_minio.run(command, *words)
        assert done.returncode == 1, done.stderr
        assert f"{KEY}: is not valid: " in done.stderr
        assert f"`chaninfra notice add -c {on_minio.url} TEXT" in done.stderr
    for words in (
        ("a\x1bb",),
        ("a", "--id", "b c"),
        ("a", "--expires", "soon"),
        ("a", "--expires", "2020-01-01"),
        ("a", "--level", "bad"),
        (on_minio.url,),
    ):
        assert on_minio.run("notice add", *words).returncode == 2, words
    assert etags(on_minio.server, on_minio.bucket) == before
    # A yank that says nothing of notices needs none.
    on_minio.done("yank", "hello")
    undone = on_minio.run("unyank", "hello")
    assert undone.returncode == 0
    assert f"warning: {KEY}: is not valid: " in undone.stderr
    assert f"`chaninfra notice add -c {on_minio.url} TEXT" in undone.stderr


def test_a_publisher_writes_no_notices_and_is_told_why(on_minio: Place) -> None:
    keys = allowed(on_minio.server, on_minio.bucket, "s3:GetObject", "s3:ListBucket", PutObject=f"{PREFIX}/noarch/*")
    before = etags(on_minio.server, on_minio.bucket)
    done = on_minio.run("notice add", "Hello", **keys)
    assert done.returncode == 5, done.stderr
    assert "only maintainers may write notices" in done.stderr
    assert etags(on_minio.server, on_minio.bucket) == before
    assert on_minio.run("notice ls", **keys).returncode == 0


@pytest.mark.parametrize("expired", ["2020-01-01T00:00:00+00:00", "2020-01-01"])
def test_expired_notices_are_named_with_the_command_that_removes_them(on_minio: Place, expired: str) -> None:
    old = {"notices": [{"id": "old", "message": "x", "expires_at": expired}, {"id": "o2", "expired_at": expired}]}
    on_minio.server.client().put_object(Bucket=on_minio.bucket, Key=KEY, Body=json.dumps(old).encode())
    for command in (("notice ls",), ("notice add", "Hello")):
        said = on_minio.run(*command).stderr
        assert "2 notices have expired, and conda shows them still" in said
        assert f"`chaninfra notice rm -c {on_minio.url} old o2 " in said
