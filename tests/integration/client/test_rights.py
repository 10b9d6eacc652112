"""Commands of users without enough permissions, on real stores."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chaninfra.channel.policy.permissions import identity_policy
from support.cases.access_sessions import new_user_on_minio
from support.channels.channel_at import PREFIX, Place, allowed
from support.channels.channels import etags, put
from support.channels.packages import make_package

LARGE = 20 << 20
READ = ("s3:GetObject", "s3:ListBucket")


@pytest.mark.parametrize("command", ["reindex", "publish", "ls", "init"])
def test_without_permissions_nothing_is_written_and_the_exit_code_is_5(
    place: Place, tmp_path: Path, command: str
) -> None:
    before = etags(place.server, place.bucket)
    files = [make_package(tmp_path, "hello", "1.0")] if command == "publish" else []
    done = place.run(command, *files, **place.server.stranger())
    assert done.returncode == 5, done.stderr
    assert done.stdout == ""
    assert etags(place.server, place.bucket) == before


@pytest.mark.parametrize("command", ["reindex", "publish", "ls"])
def test_a_secret_is_never_printed(place: Place, tmp_path: Path, command: str) -> None:
    files = [make_package(tmp_path, "hello", "1.0")] if command == "publish" else []
    key, secret = place.server.access_key_id, "wrong-secret-of-mine"
    done = place.run(command, *files, "--access-key-id", key, "--secret-access-key", secret, CHANINFRA_TRACEBACK="1")
    assert done.returncode == 5
    assert secret not in done.stdout + done.stderr


def test_publish_and_reindex_need_no_permission_to_delete(on_minio: Place, tmp_path: Path) -> None:
    actions = (*READ, "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
    keys = allowed(on_minio.server, on_minio.bucket, *actions)
    large = make_package(tmp_path, "large", "1.0", payload=os.urandom(LARGE))
    done = on_minio.run("publish", make_package(tmp_path, "hello", "1.0"), large, **keys)
    assert done.returncode == 0, done.stderr
    assert on_minio.run("reindex", **keys).returncode == 0


@pytest.mark.parametrize("command", ["reindex", "publish"])
def test_a_reader_cannot_write_and_is_told_so(on_minio: Place, tmp_path: Path, command: str) -> None:
    keys = allowed(on_minio.server, on_minio.bucket, *READ)
    hello = make_package(tmp_path, "hello", "1.0")
    if command == "reindex":
        # Otherwise there would be nothing to write.
        put(on_minio.server, on_minio.bucket, f"{PREFIX}/noarch", hello)
    done = on_minio.run(command, *([hello] if command == "publish" else []), **keys)
    assert done.returncode == 5
    assert "may not write" in done.stderr
    # It has read channel.json with the same key.
    assert "misspelt" not in done.stderr
    assert f"`chaninfra doctor {on_minio.url} --endpoint-url" in done.stderr
    assert on_minio.run("ls", **keys).returncode == 0


def test_whoever_may_read_nothing_is_told_that_the_name_may_be_wrong(on_minio: Place) -> None:
    keys = allowed(on_minio.server, on_minio.bucket, "s3:GetBucketLocation")
    done = on_minio.run("ls", **keys)
    assert done.returncode == 5
    assert "misspelt" in done.stderr


def test_who_may_not_yank_is_told_who_may(on_minio: Place, tmp_path: Path) -> None:
    put(on_minio.server, on_minio.bucket, f"{PREFIX}/noarch", make_package(tmp_path, "hello", "1.0"))
    on_minio.done("reindex")
    keys = allowed(on_minio.server, on_minio.bucket, *READ)
    done = on_minio.run("yank", "hello", **keys)
    assert done.returncode == 5
    assert "only maintainers may yank" in done.stderr
    assert [*on_minio.repodata("noarch")["packages.conda"]] == ["hello-1.0-0.conda"]


def test_a_promoter_publishes_and_patches_and_does_not_yank(on_minio: Place, tmp_path: Path) -> None:
    rights = identity_policy("promoter", bucket=on_minio.bucket, prefix=PREFIX, subdirs=["noarch"])
    key, secret = new_user_on_minio(on_minio.server, rights)
    keys = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}
    for command, *words in (
        ["publish", make_package(tmp_path, "hello", "1.0")],
        ["patch add", "hello", "--depends", "python >=3.12"],
        ["publish", make_package(tmp_path, "hello", "2.0")],
        ["doctor", "--as", "promoter"],
    ):
        done = on_minio.run(command, *words, **keys)
        assert done.returncode == 0, done.stderr
    assert "patch noarch" in done.stdout
    records = on_minio.repodata("noarch")["packages.conda"]
    assert records["hello-1.0-0.conda"]["depends"] == ["python >=3.12"]
    assert on_minio.run("patch rm", "hello", **keys).returncode == 0
    assert on_minio.repodata("noarch")["packages.conda"]["hello-1.0-0.conda"]["depends"] == []
    done = on_minio.run("yank", "hello", **keys)
    assert done.returncode == 5
    assert "only maintainers may yank" in done.stderr
    assert len(on_minio.repodata("noarch")["packages.conda"]) == 2


def test_a_publisher_who_patches_is_told_who_may(on_minio: Place, tmp_path: Path) -> None:
    rights = identity_policy("publisher", bucket=on_minio.bucket, prefix=PREFIX, subdirs=["noarch"])
    key, secret = new_user_on_minio(on_minio.server, rights)
    on_minio.done("publish", make_package(tmp_path, "hello", "1.0"))
    keys = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}
    done = on_minio.run("patch add", "hello", "--depends", "python", **keys)
    assert done.returncode == 5
    assert "only maintainers and promoters may patch" in done.stderr
    assert "--as promoter" in done.stderr
