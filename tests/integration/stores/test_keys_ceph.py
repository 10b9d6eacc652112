"""Access keys of Ceph, made by the stack: what each may do, and their lives, by the real engine."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chaninfra.channel.errors import DeniedError, StorageError, UnsupportedError
from chaninfra.channel.policy.permissions import identity_policy
from chaninfra.channel.policy.statements import BUCKET_OWNER
from chaninfra.pulumi.handlers.access_key import AccessKeyHandler
from support.cases import secret_search
from support.cases.access_cases import CHANNEL, SUBDIRS
from support.pulumi.handlers import Store as Handlers
from support.pulumi.stacks import Stack
from support.stores.ceph import Ceph, gateway
from support.stores.key_life import (
    Ground,
    Keys,
    a_key_is_replaced,
    changes_by_hand_are_reverted,
    config,
    destroy_deletes_everything,
)
from support.stores.model import Running

ONLY = ("ceph",)


@pytest.fixture
def ceph(running: Running) -> Ceph:
    """The gateway."""
    assert isinstance(running.server, Ceph)
    return running.server


def test_the_life_of_keys(running: Running, ceph: Ceph, bucket_name: str, tmp_path: Path) -> None:
    stack = Stack(tmp_path / "stack", config(running, bucket_name), ceph.environment())
    ground = Ground(ceph, bucket_name, stack)
    assert set(ground.done("up")) == {"created"}
    assert ground.done("up") == {}
    assert ground.done("refresh") == {}
    # Also what the publisher wrote is read by the owner of the bucket, which Ceph allows only by a policy.
    assert ground.differing(ground.keys()) == []
    assert BUCKET_OWNER not in ceph.client().get_bucket_policy(Bucket=bucket_name)["Policy"]
    for key in ground.keys().values():
        assert _code(lambda key=key: ground.client(key).create_bucket(Bucket=f"{bucket_name}-own")) == "AccessDenied"

    changes_by_hand_are_reverted(ground, lambda keys: _change(ground, ceph, keys))
    a_key_is_replaced(ground)
    destroy_deletes_everything(ground, lambda: {*ceph.radosgw_admin("user", "list")})
    # Of both channels, with those of the publisher and the maintainer that were made anew.
    assert len(ground.secrets) == 8
    assert ground.leaks() == []
    assert secret_search.found(ground.secrets, secret_search.files(ceph.conf.parent)) == []


def _change(ground: Ground, ceph: Ceph, keys: Keys) -> None:
    wider = identity_policy("maintainer", bucket=ground.bucket, prefix=CHANNEL, subdirs=SUBDIRS)
    ceph.service("iam").put_user_policy(
        UserName=keys["reader"]["access-key-id"], PolicyName="more", PolicyDocument=json.dumps(wider)
    )
    ceph.radosgw_admin("user", "suspend", f"--uid={keys['publisher']['access-key-id']}")
    ceph.radosgw_admin("user", "rm", f"--uid={keys['maintainer']['access-key-id']}")


@pytest.mark.parametrize(
    ("caps", "to_read", "to_write"),
    [
        (None, "user-policy=read", "users=write"),
        ("users=*", "user-policy=read", "user-policy=write"),
        ("user-policy=*", "users=read", "users=write"),
        ("users=*;user-policy=read", None, "user-policy=write"),
        ("users=read;user-policy=*", None, "users=write"),
    ],
)
def test_a_deployer_without_the_capabilities_is_told_the_command_that_adds_them(
    ceph: Ceph, bucket_name: str, caps: str | None, to_read: str | None, to_write: str
) -> None:
    name = f"deployer-{bucket_name}"
    keys = ceph.user(name, *([f"--caps={caps}"] if caps else []))
    handlers = Handlers(ceph, bucket_name, keys)
    handlers.handler("bucket").create(handlers.props())
    key, inputs = handlers.handler("access-key"), _inputs(handlers, bucket_name)
    # What a preview sees.
    refused = key.check({}, inputs)
    assert (refused is None) == (to_read is None)
    assert refused is None or f"`{to_read}`" in refused[1]
    before = ceph.radosgw_admin("user", "list")
    with pytest.raises(DeniedError) as caught:
        key.create(inputs)
    assert f"`{to_write}`" in caught.value.message
    assert ceph.radosgw_admin("user", "list") == before
    command = re.search(r"`(radosgw-admin [^`]+)`", str(caught.value.remedy))
    assert command is not None, caught.value.remedy
    words = shlex.split(command[1])
    assert f"--uid={name}" in words
    ceph.radosgw_admin(*words[1:])
    _, made = key.create(inputs)
    assert key.read(made) == made
    key.delete(made)


def test_wrong_credentials_are_no_missing_capability(ceph: Ceph, bucket_name: str) -> None:
    handlers = Handlers(ceph, bucket_name, {**ceph.environment(), "AWS_SECRET_ACCESS_KEY": "wrong"})
    refused = handlers.handler("access-key").check({}, _inputs(handlers, bucket_name))
    assert refused is not None
    assert "does not accept these credentials" in refused[1]
    assert "caps add" not in refused[1]


def test_a_gateway_without_the_admin_api_is_said_to_be_one(ceph: Ceph, bucket_name: str, tmp_path: Path) -> None:
    with gateway(ceph, tmp_path / "gateway", "--rgw-enable-apis=s3") as other:
        handlers = Handlers(other, bucket_name)
        key, inputs = handlers.handler("access-key"), _inputs(handlers, bucket_name)
        refused = key.check({}, inputs)
        assert refused is not None
        assert "`rgw_enable_apis`" in refused[1]
        with pytest.raises(UnsupportedError):
            key.create(inputs)


def test_a_failed_creation_leaves_no_user(ceph: Ceph, bucket_name: str) -> None:
    handlers = Handlers(ceph, bucket_name)
    wrong = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:Nonsense"], "Resource": ["x"]}]}
    before = ceph.radosgw_admin("user", "list")
    with pytest.raises(StorageError):
        handlers.handler("access-key").create({**_inputs(handlers, bucket_name), "policy": wrong})
    assert ceph.radosgw_admin("user", "list") == before


@pytest.mark.parametrize("suspended", [True, False])
def test_a_changed_user_gets_its_policy_back(ceph: Ceph, bucket_name: str, suspended: bool) -> None:
    """With any change of a user Ceph forgets the user's policies."""
    handlers = Handlers(ceph, bucket_name)
    handlers.handler("bucket").create(handlers.props())
    key = handlers.handler("access-key")
    name, made = key.create(inputs := _inputs(handlers, bucket_name))
    ceph.radosgw_admin("user", *(("suspend",) if suspended else ("modify", "--display-name=other")), f"--uid={name}")
    seen = key.read(made)
    assert seen is not None
    assert key.diff(seen, inputs).changes
    key.update(seen, inputs)
    assert key.read(made) == made
    own = ceph.client(aws_access_key_id=name, aws_secret_access_key=made["secret_access_key"])
    own.list_objects_v2(Bucket=bucket_name)
    key.delete(made)


def test_a_user_whose_key_was_removed_counts_as_absent(ceph: Ceph, bucket_name: str) -> None:
    handlers = Handlers(ceph, bucket_name)
    key: Any = handlers.handler("access-key")
    assert isinstance(key, AccessKeyHandler)
    name, made = key.create(_inputs(handlers, bucket_name))
    ceph.radosgw_admin("key", "rm", f"--uid={name}", f"--access-key={name}")
    assert key.read(made) is None
    key.delete(made)
    assert name not in ceph.radosgw_admin("user", "list")
    key.delete(made)


def _inputs(handlers: Handlers, bucket: str) -> dict[str, Any]:
    policy = identity_policy("reader", bucket=bucket, prefix="main", subdirs=["noarch"])
    return {"store": handlers.store, "way": "ceph-admin", "user": "main-reader-me", "policy": policy, "rotate": ""}


def _code(call: Any) -> str:
    """The error code of a call, which must fail."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])
