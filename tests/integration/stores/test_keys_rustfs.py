"""Access keys of RustFS, made by the stack: what each may do, and their lives, by the real engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.errors import StorageError
from chaninfra.channel.policy.permissions import identity_policy
from chaninfra.pulumi.user_admin.rustfs import RustfsUserAdmin
from support.cases.access_cases import CHANNEL, SUBDIRS
from support.pulumi.handlers import Store as Handlers
from support.pulumi.stacks import Stack
from support.servers.s3_servers import Server
from support.stores.key_life import (
    Ground,
    Keys,
    a_key_is_replaced,
    changes_by_hand_are_reverted,
    config,
    destroy_deletes_everything,
)
from support.stores.model import Running
from support.stores.rustfs import asked

ONLY = ("rustfs",)


def admin(server: Server, bucket: str, keys: dict[str, str] | None = None) -> RustfsUserAdmin:
    return RustfsUserAdmin(Handlers(server, bucket, keys).handler("access-key").session)


def users(server: Server) -> set[str]:
    return {*asked(server, "GET", "list-users")}


def policies(server: Server) -> set[str]:
    return {*asked(server, "GET", "list-canned-policies")}


def test_the_life_of_keys(running: Running, bucket_name: str, tmp_path: Path) -> None:
    server = running.server
    before = policies(server)
    ground = Ground(server, bucket_name, Stack(tmp_path / "stack", config(running, bucket_name), server.environment()))
    assert set(ground.done("up")) == {"created"}
    assert ground.done("up") == {}
    assert ground.done("refresh") == {}
    assert ground.differing(ground.keys()) == []
    changes_by_hand_are_reverted(ground, lambda keys: _change(ground, keys))
    a_key_is_replaced(ground)
    destroy_deletes_everything(ground, lambda: users(server))
    assert policies(server) == before
    assert len(ground.secrets) == 8
    assert ground.leaks() == []


def _change(ground: Ground, keys: Keys) -> None:
    wider = identity_policy("maintainer", bucket=ground.bucket, prefix=CHANNEL, subdirs=SUBDIRS)
    own = admin(ground.server, ground.bucket)
    own.update_user(keys["reader"]["access-key-id"], wider)
    asked(ground.server, "PUT", f"set-user-status?accessKey={keys['publisher']['access-key-id']}&status=disabled")
    own.delete_user(keys["maintainer"]["access-key-id"])


def test_a_user_with_another_policy_gets_its_own_back(running: Running, bucket_name: str) -> None:
    server = running.server
    handlers = Handlers(server, bucket_name)
    handlers.handler("bucket").create(handlers.props())
    key: Any = handlers.handler("access-key")
    name, made = key.create(inputs := _inputs(handlers, bucket_name))
    assert key.read(made) == made
    asked(server, "PUT", f"set-user-or-group-policy?policyName=readwrite&userOrGroup={name}&isGroup=false")
    seen = key.read(made)
    assert seen is not None
    assert key.diff(seen, inputs).changes
    key.update(seen, inputs)
    assert key.read(made) == made
    key.delete(made)
    assert key.read(made) is None
    # Also of what is gone.
    key.delete(made)


def test_credentials_without_admin_permissions_are_refused_in_the_check(running: Running, bucket_name: str) -> None:
    server = running.server
    root = Handlers(server, bucket_name)
    root.handler("bucket").create(root.props())
    _, made = root.handler("access-key").create(_inputs(root, bucket_name))
    reader = {"AWS_ACCESS_KEY_ID": made["access_key_id"], "AWS_SECRET_ACCESS_KEY": made["secret_access_key"]}
    for keys, words in (
        (reader, "which only an administrator of the store may"),
        ({**server.environment(), "AWS_SECRET_ACCESS_KEY": "wrong"}, "does not accept these credentials"),
        ({**server.environment(), "AWS_ACCESS_KEY_ID": "nobody"}, "does not accept these credentials"),
    ):
        handlers = Handlers(server, bucket_name, keys)
        before = users(server), policies(server)
        refused = handlers.handler("access-key").check({}, _inputs(handlers, bucket_name))
        assert refused is not None
        assert words in refused[1]
        with pytest.raises(StorageError):
            handlers.handler("access-key").create(_inputs(handlers, bucket_name))
        assert (users(server), policies(server)) == before


def test_a_failed_creation_leaves_no_user(running: Running, bucket_name: str) -> None:
    server = running.server
    handlers = Handlers(server, bucket_name)
    wrong = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:Nonsense"], "Resource": ["x"]}]}
    before = users(server), policies(server)
    with pytest.raises(StorageError):
        handlers.handler("access-key").create({**_inputs(handlers, bucket_name), "policy": wrong})
    assert (users(server), policies(server)) == before


def _inputs(handlers: Handlers, bucket: str) -> dict[str, Any]:
    policy = identity_policy("reader", bucket=bucket, prefix="main", subdirs=["noarch"])
    return {"store": handlers.store, "way": "rustfs-admin", "user": "main-reader-me", "policy": policy, "rotate": ""}
