"""Bucket settings and access keys on a store: created, used, changed by hand, restored, replaced and deleted, by the
real engine on real servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chaninfra.channel.config.schema import ACCESS, validate
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.user_admin import ADMIN_APIS, UserAdmin
from support.cases.access_cases import CHANNEL, NEIGHBOUR, SUBDIRS
from support.channels import channels
from support.pulumi.parallel import Told, tell
from support.pulumi.stacks import Stack
from support.servers.s3_servers import Server
from support.stores.key_life import GROUPS, ROTATED, Ground, Keys, a_key_is_replaced

pytestmark = pytest.mark.long

KEY: dict[str, Any] = {"key": {}}
# MinIO has no CORS settings, versitygw no lifecycle rules.
SETTINGS: dict[str, dict[str, Any]] = {
    "minio": {"versioning": True, "tags": {"team": "a"}, "old_versions_days": 30},
    "versitygw": {"versioning": True, "tags": {"team": "a"}, "cors_origins": ["https://docs.example.com"]},
}


@pytest.fixture(scope="module")
def told(minio: Server, versitygw: Server, tmp_path_factory: pytest.TempPathFactory) -> Told:
    return tell(life, (minio, versitygw), tmp_path_factory)


def test_the_life_of_settings_and_keys(server: Server, told: Told) -> None:
    told[server.name].result()


class KeysAndSettings(Ground):
    """A stack whose bucket has settings too, and whose access is compared with its schema."""

    def keys(self, channel: str = "stable") -> Keys:
        """Role → the access key of the channel's principal with that role."""
        found = super().keys(channel)
        access = self.stack.outputs()["access"]
        validate(access, ACCESS, where="the stack output access")
        for role, key in found.items():
            assert access[channel][GROUPS[role]] == {"someone": {"kind": "key", "access-key-id": key["access-key-id"]}}
        return found

    def admin(self) -> UserAdmin:
        location = {"bucket": self.bucket, "endpoint-url": self.server.endpoint_url, "region": self.server.region}
        given = {"access-key-id": self.server.access_key_id, "secret-access-key": self.server.secret_access_key}
        config = {f"ns:{name}": value for name, value in given.items()}
        store = {**location, "force-path-style": True, "profile": None, "namespace": "ns"}
        return ADMIN_APIS[f"{self.server.name}-admin"](Session(store, config))  # type: ignore[index]

    def settings(self) -> dict[str, Any]:
        """The bucket's settings, as the server answers them."""
        client, bucket = self.server.client(), {"Bucket": self.bucket}
        found: dict[str, Any] = {"versioning": client.get_bucket_versioning(**bucket).get("Status")}
        with _unless("NoSuchTagSet"):
            found["tags"] = {tag["Key"]: tag["Value"] for tag in client.get_bucket_tagging(**bucket)["TagSet"]}
        with _unless("NoSuchLifecycleConfiguration", "NotImplemented"):
            (rule,) = client.get_bucket_lifecycle_configuration(**bucket)["Rules"]
            found["days"] = rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
        with _unless("NoSuchCORSConfiguration"):
            (rule,) = client.get_bucket_cors(**bucket)["CORSRules"]
            found["origins"] = rule["AllowedOrigins"]
        return found


@contextmanager
def _unless(*codes: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise


def life(server: Server, bucket: str, tmp_path: Path) -> None:
    # The policy has it some thirty times, and versitygw keeps policy and tags as attributes, of 4 KiB together on ext4.
    bucket = bucket[5:8]
    names = {"stable": {"prefix": CHANNEL}, "nightly": {"prefix": NEIGHBOUR}}
    groups = {group: {"someone": KEY} for group in GROUPS.values()}
    config: dict[str, Any] = {"provider": server.name, "bucket": bucket, "endpoint_url": server.endpoint_url}
    config |= {"channels": names, "subdirs": [*SUBDIRS], **groups, **SETTINGS[server.name]}
    ground = KeysAndSettings(server, bucket, Stack(tmp_path / "stack", config, server.environment()))

    assert set(ground.done("up")) == {"created"}
    assert ground.done("up") == {}
    assert ground.done("refresh") == {}
    made = ground.settings()
    assert made["versioning"] == "Enabled"
    assert made["tags"] == {"team": "a"}
    assert made.get("days", 30) == 30
    assert made.get("origins", ["https://docs.example.com"]) == ["https://docs.example.com"]
    assert len(made) == 3

    assert ground.differing(ground.keys()) == []
    _changes_by_hand_are_reverted(ground, made)
    ground.stack.config(**ROTATED)
    # In a preview the id of the new key is unknown, and so is the bucket policy that names it.
    assert ground.done("preview")["replaced"] == 2
    a_key_is_replaced(ground)
    _settings_and_principals_change_in_place(ground)
    _destroy_deletes_everything(ground)
    _no_secret_was_ever_in_plain_text(ground)


def _changes_by_hand_are_reverted(ground: KeysAndSettings, made: dict[str, Any]) -> None:
    client, bucket, admin = ground.server.client(), {"Bucket": ground.bucket}, ground.admin()
    keys = ground.keys()
    client.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Suspended"})
    client.delete_bucket_tagging(**bucket)
    if "days" in made:
        client.delete_bucket_lifecycle(**bucket)
        everything = [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}]
        admin.update_user(keys["reader"]["access-key-id"], {"Version": "2012-10-17", "Statement": everything})
    else:
        client.delete_bucket_cors(**bucket)
        policy = json.loads(client.get_bucket_policy(**bucket)["Policy"])
        for statement in policy["Statement"]:
            if statement["Resource"] == f"arn:aws:s3:::{ground.bucket}/{CHANNEL}/*":
                statement["Action"] = "s3:*"
        # Short: versitygw keeps policy and tags as attributes of a folder, which hold 4 KiB together on ext4.
        client.put_bucket_policy(**bucket, Policy=json.dumps(policy, separators=(",", ":")))
    admin.delete_user(keys["maintainer"]["access-key-id"])
    assert ground.may(keys["reader"], "own", "put-package")

    ran = ground.run("refresh")
    policy = f"AccessKey bucket-{CHANNEL}-reader-someone-key" if "days" in made else "BucketPolicy bucket-policy"
    for changed in (
        f"{policy} updated",
        "BucketSettings bucket-settings updated",
        f"{CHANNEL}-maintainer-someone-key deleted",
    ):
        assert changed in ran.output, ran
    ran = ground.done("up")
    assert ran["created"] == 1, ran
    assert "replaced" not in ran
    assert ground.settings() == made
    restored = ground.keys()
    assert restored["reader"] == keys["reader"]
    assert restored["maintainer"]["access-key-id"] != keys["maintainer"]["access-key-id"]
    assert not ground.may(restored["reader"], "own", "put-package")
    assert ground.may(restored["maintainer"], "own", "delete-package")
    assert ground.done("up") == {}


def _settings_and_principals_change_in_place(ground: KeysAndSettings) -> None:
    keys = ground.keys()
    ground.stack.config(
        versioning=False,
        tags={"team": "b", "more": "c"},
        **{"old_versions_days": 7} if ground.server.name == "minio" else {"cors_origins": ["https://a.example.com"]},
        subdirs=["noarch", "osx-arm64"],
        readers={},
    )
    ran = ground.done("up")
    assert ran["deleted"] == 2, ran
    assert "replaced" not in ran
    changed = ground.settings()
    assert changed["versioning"] == "Suspended"
    assert changed["tags"] == {"team": "b", "more": "c"}
    assert changed.get("days", 7) == 7
    assert changed.get("origins", ["https://a.example.com"]) == ["https://a.example.com"]
    assert set(ground.keys()) == {"publisher", "maintainer"}
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        ground.client(keys["reader"]).list_objects_v2(Bucket=ground.bucket)
    # The publisher gets permissions for the new subdir, and keeps its key.
    publisher = ground.client(ground.keys()["publisher"])
    publisher.put_object(Bucket=ground.bucket, Key=f"{CHANNEL}/osx-arm64/a-1-0.conda", Body=b"a package")
    with pytest.raises(ClientError, match="AccessDenied"):
        publisher.put_object(Bucket=ground.bucket, Key=f"{CHANNEL}/linux-64/a-1-0.conda", Body=b"a package")
    # Settings that are no longer declared are removed, and no longer read.
    ground.stack.config(tags=None, old_versions_days=None, cors_origins=None)
    assert "replaced" not in ground.done("up")
    assert ground.settings() == {"versioning": "Suspended"}
    assert ground.done("refresh") == {}


def _destroy_deletes_everything(ground: KeysAndSettings) -> None:
    users = [key["access-key-id"] for channel in ("stable", "nightly") for key in ground.keys(channel).values()]
    assert len(users) == 4
    refused = ground.run("destroy")
    assert refused.code != 0
    assert "force-destroy" in refused.output
    assert ground.done("up") == {}
    ground.stack.config(force_destroy=True)
    ground.done("up")
    ground.done("destroy")
    assert ground.bucket not in channels.buckets(ground.server)
    assert [user for user in users if ground.admin().user_policy(user) is not None] == []


def _no_secret_was_ever_in_plain_text(ground: KeysAndSettings) -> None:
    """Not in the engine's output, its state and its other files, backups of earlier states included."""
    assert len(ground.secrets) == 7
    assert ground.leaks() == []
