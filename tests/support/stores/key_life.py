"""A stack with an access key for each role on a store, what the keys may do, and what their lives have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from access_table import TABLE, Place
from support.cases import secret_search
from support.cases.access_cases import CASES, CHANNEL, NEIGHBOUR, PREFIXES, SUBDIRS
from support.channels import channels
from support.pulumi.stacks import Ran, Stack
from support.servers.s3_servers import Server
from support.stores.model import Config, Running

Keys = dict[str, dict[str, str]]
"""Role → its access key, as in the output `keys`."""
ROTATED = {"publishers": {"someone": {"key": {"rotate": "2027-01"}}}}
"""Keys of the stack config, for new keys of the publishers."""
GROUPS = {"reader": "readers", "publisher": "publishers", "maintainer": "maintainers"}


def config(running: Running, bucket: str, **more: Any) -> Config:
    """A stack with two channels, each with a principal of each role that has a key."""
    names = {"stable": {"prefix": CHANNEL}, "nightly": {"prefix": NEIGHBOUR}}
    keys = {group: {"someone": {"key": {}}} for group in GROUPS.values()}
    base = {"provider": running.store.provider, "bucket": bucket, "endpoint_url": running.server.endpoint_url}
    return {**base, "channels": names, "subdirs": [*SUBDIRS], **keys, **more}


@dataclass
class Ground:
    """A stack with two channels on a server, with the output of all its engine runs."""

    server: Server
    bucket: str
    stack: Stack
    printed: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)

    def run(self, command: str) -> Ran:
        """Runs a command of the engine."""
        ran: Ran = getattr(self.stack, command)()
        self.printed[f"{command} {len(self.printed)}"] = ran.output
        return ran

    def done(self, command: str) -> dict[str, int]:
        """What a command of the engine changed, which must succeed."""
        ran = self.run(command)
        assert ran.code == 0, ran
        return ran.done

    def keys(self, channel: str = "stable") -> Keys:
        """Role → the access key of the channel's principal."""
        outputs = self.stack.outputs(show_secrets=True)["keys"][channel]
        found = {role: outputs[group]["someone"] for role, group in GROUPS.items() if group in outputs}
        self.secrets |= {key["secret-access-key"] for key in found.values()}
        return found

    def client(self, key: dict[str, str]) -> Any:
        """boto3's client of S3 with an access key."""
        return self.server.client(
            aws_access_key_id=key["access-key-id"], aws_secret_access_key=key["secret-access-key"]
        )

    def may(self, key: dict[str, str], place: Place, action: str) -> bool:
        """Whether the store lets a key do an action of the access table."""
        return CASES[action].may(self.server.client(), self.client(key), self.bucket, PREFIXES[place])

    def differing(self, keys: Keys) -> list[tuple[str, Place, str]]:
        """The cells of the access table that are not as the store judges; the indexes of the channels stay."""
        root = self.server.client()
        # Some cases delete it, and a channel without it is damaged.
        indexes = {
            key: root.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            for key in (f"{prefix}/noarch/repodata_shards.msgpack.zst" for prefix in (CHANNEL, NEIGHBOUR))
        }
        found = [
            (role, place, action)
            for (role, place, action), cell in TABLE.items()
            if role in keys and not cell.aws_only and self.may(keys[role], place, action) != cell.allowed
        ]
        for key, data in indexes.items():
            root.put_object(Bucket=self.bucket, Key=key, Body=data)
        return found

    def leaks(self) -> list[str]:
        """Where a secret of a key stands: what the engine printed, its state and its other files are searched."""
        everywhere = {**self.printed, **secret_search.files(self.stack.folder)}
        return secret_search.found(self.secrets, everywhere)


def changes_by_hand_are_reverted(ground: Ground, change: Callable[[Keys], object]) -> None:
    """`change` lets the reader publish, changes something of the publisher, and deletes the maintainer: refresh sees
    the three, and up takes them back.
    """
    keys = ground.keys()
    change(keys)
    assert ground.may(keys["reader"], "own", "put-package")

    ran = ground.run("refresh")
    for changed in ("reader-someone-key updated", "publisher-someone-key updated", "maintainer-someone-key deleted"):
        assert f"{CHANNEL}-{changed}" in ran.output, ran
    done = ground.done("up")
    assert done["created"] == 1, done
    assert "replaced" not in done
    restored = ground.keys()
    assert restored["reader"] == keys["reader"]
    assert restored["publisher"] == keys["publisher"]
    assert not ground.may(restored["reader"], "own", "put-package")
    assert ground.may(restored["publisher"], "own", "put-package")
    assert ground.may(restored["maintainer"], "own", "delete-package")
    assert ground.done("up") == {}


def a_key_is_replaced(ground: Ground) -> None:
    """Another `rotate` makes the publisher's new key before it deletes the old one."""
    before = ground.keys()["publisher"]
    ground.stack.config(**ROTATED)
    ran = ground.run("up")
    assert ran.done["replaced"] == 2, ran
    name = f"AccessKey bucket-{CHANNEL}-publisher-someone-key"
    assert ran.output.index(f"{name} created replacement") < ran.output.index(f"{name} deleting original")
    after = ground.keys()["publisher"]
    assert set(before.values()).isdisjoint(after.values())
    assert ground.may(after, "own", "put-package")
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        ground.client(before).list_objects_v2(Bucket=ground.bucket)
    assert ground.done("up") == {}


def destroy_deletes_everything(ground: Ground, users: Callable[[], set[str]]) -> None:
    """destroy with force-destroy deletes the bucket, and the users of both channels; `users` are those on the store."""
    own = {key["access-key-id"] for channel in ("stable", "nightly") for key in ground.keys(channel).values()}
    assert own <= users()
    ground.stack.config(force_destroy=True)
    ground.done("up")
    ground.done("destroy")
    assert ground.bucket not in channels.buckets(ground.server)
    assert own.isdisjoint(users())
