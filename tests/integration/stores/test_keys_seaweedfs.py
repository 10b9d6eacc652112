"""Access keys of SeaweedFS, made by the stack: what each may do, and their lives, by the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chaninfra.channel.errors import StorageError
from chaninfra.channel.policy.permissions import identity_policy
from chaninfra.pulumi.user_admin.seaweedfs import SeaweedfsUserAdmin
from support.cases.access_cases import CHANNEL, NEIGHBOUR, SUBDIRS
from support.pulumi.handlers import Store as Handlers
from support.pulumi.stacks import Stack
from support.servers.s3_servers import Server
from support.stores.key_life import (
    GROUPS,
    Ground,
    Keys,
    a_key_is_replaced,
    changes_by_hand_are_reverted,
    destroy_deletes_everything,
)
from support.stores.seaweedfs import seaweedfs

ONLY = ("seaweedfs",)


@pytest.fixture(scope="module")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """SeaweedFS, for the tests of this file."""
    with seaweedfs(tmp_path_factory.mktemp("keys")) as server:
        yield server


def admin(server: Server, bucket: str, keys: dict[str, str] | None = None) -> SeaweedfsUserAdmin:
    return SeaweedfsUserAdmin(Handlers(server, bucket, keys).handler("access-key").session)


def test_the_life_of_keys(weed: Server, bucket_name: str, tmp_path: Path) -> None:
    config: dict[str, Any] = {"provider": "seaweedfs", "bucket": bucket_name, "endpoint_url": weed.endpoint_url}
    config |= {"channels": {"stable": {"prefix": CHANNEL}, "nightly": {"prefix": NEIGHBOUR}}, "subdirs": [*SUBDIRS]}
    config |= {group: {"someone": {"key": {}}} for group in GROUPS.values()}
    ground = Ground(weed, bucket_name, Stack(tmp_path / "stack", config, weed.environment()))
    assert set(ground.done("up")) == {"created"}
    assert ground.done("up") == {}
    assert ground.done("refresh") == {}
    assert ground.differing(ground.keys()) == []
    made: list[dict[str, str]] = []
    changes_by_hand_are_reverted(ground, lambda keys: made.append(_change(ground, keys)))
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        ground.client(made[0]).list_buckets()
    a_key_is_replaced(ground)
    destroy_deletes_everything(ground, lambda: _users(weed))
    # Not in the engine's output, its state and its other files.
    assert len(ground.secrets) == 8
    assert ground.leaks() == []


def _change(ground: Ground, keys: Keys) -> dict[str, str]:
    """Another key of the publisher, which its owner makes: whoever has a key may do so."""
    users = admin(ground.server, ground.bucket)
    wider = identity_policy("maintainer", bucket=ground.bucket, prefix=CHANNEL, subdirs=SUBDIRS)
    users.update_user(keys["reader"]["access-key-id"], wider)
    second = _own_key(ground.server, keys["publisher"])
    assert ground.may(second, "own", "put-package")
    users.delete_user(keys["maintainer"]["access-key-id"])
    return second


def _own_key(server: Server, key: dict[str, str]) -> dict[str, str]:
    """Another key that the owner of a key makes for the same user."""
    iam = server._made("iam", aws_access_key_id=key["access-key-id"], aws_secret_access_key=key["secret-access-key"])
    made = iam.create_access_key()["AccessKey"]
    return {"access-key-id": made["AccessKeyId"], "secret-access-key": made["SecretAccessKey"]}


def _users(server: Server) -> set[str]:
    return {user["UserName"] for user in server.service("iam").list_users()["Users"]}


def test_a_server_that_takes_no_changes_is_told_in_the_preview(bucket_name: str, tmp_path: Path) -> None:
    with seaweedfs(tmp_path / "server", read_only=True) as server:
        handlers = Handlers(server, bucket_name)
        handlers.handler("bucket").create(handlers.props())
        refused = handlers.handler("access-key").check({}, _inputs(handlers, bucket_name))
        assert refused is not None
        assert "lets these credentials read users and change none" in refused[1]
        assert "-s3.iam.readOnly=false" in refused[1]


def test_credentials_without_admin_permissions_are_refused_in_the_check(weed: Server, bucket_name: str) -> None:
    root = Handlers(weed, bucket_name)
    root.handler("bucket").create(root.props())
    _, made = root.handler("access-key").create(_inputs(root, bucket_name))
    reader = {"AWS_ACCESS_KEY_ID": made["access_key_id"], "AWS_SECRET_ACCESS_KEY": made["secret_access_key"]}
    for keys, words in (
        (reader, "which only an administrator of the store may"),
        ({**weed.environment(), "AWS_SECRET_ACCESS_KEY": "wrong"}, "does not accept these credentials"),
        ({**weed.environment(), "AWS_ACCESS_KEY_ID": "nobody"}, "does not accept these credentials"),
    ):
        handlers = Handlers(weed, bucket_name, keys)
        refused = handlers.handler("access-key").check({}, _inputs(handlers, bucket_name))
        assert refused is not None
        assert words in refused[1]
        with pytest.raises(StorageError):
            handlers.handler("access-key").create(_inputs(handlers, bucket_name))


def test_a_failed_creation_leaves_no_user(weed: Server, bucket_name: str) -> None:
    handlers = Handlers(weed, bucket_name)
    wrong = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:Nonsense"], "Resource": ["x"]}]}
    before = weed.service("iam").list_users()["Users"]
    with pytest.raises(StorageError):
        handlers.handler("access-key").create({**_inputs(handlers, bucket_name), "policy": wrong})
    assert weed.service("iam").list_users()["Users"] == before


def _inputs(handlers: Handlers, bucket: str) -> dict[str, Any]:
    policy = identity_policy("reader", bucket=bucket, prefix="main", subdirs=["noarch"])
    return {"store": handlers.store, "way": "seaweedfs-iam", "user": "main-reader-me", "policy": policy, "rotate": ""}
