"""Access keys of Garage, made by the stack through its admin API: what each may do, and their lives, by the real
engine; and made by hand, by the commands of `next-steps` as they are printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chaninfra.channel.errors import BucketMissingError
from chaninfra.channel.policy.whole_buckets import document_of
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.user_admin.garage import GarageUserAdmin
from support.cases.access_cases import CASES, Case
from support.channels import channels
from support.pulumi.handlers import Store as Handlers
from support.pulumi.stacks import Ran, Stack
from support.stores.garage import Garage, start, typed
from support.stores.key_life import GROUPS, Ground

ONLY = ("garage",)

PEOPLE: dict[str, Any] = {group: {"someone": {"key": {}}} for group in GROUPS.values()}
READING = {"get", "list"}
# Neither in the channel nor in its neighbour: rights are on the whole bucket.
ELSEWHERE = "of/others"


@pytest.fixture(scope="module")
def garage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Garage]:
    """Garage, for the tests of this file."""
    with start(tmp_path_factory.mktemp("keys")) as server:
        yield server


class GarageGround(Ground):
    """A stack on Garage, whose rights are on whole buckets and not on places in them."""

    server: Garage

    def run(self, command: str) -> Ran:
        # One request of the admin API takes long: a Garage that is not optimised takes seconds to see that it is ours.
        ran = self.stack.run(command, "--yes", "--skip-preview", "--parallel", "1")
        self.printed[f"{command} {len(self.printed)}"] = ran.output
        return ran

    def allows(self, key: dict[str, str], action: str) -> bool:
        """Whether Garage lets a key do an action in the bucket."""
        return may(self.server, self.bucket, variables(key), action)


def variables(key: dict[str, str]) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": key["access-key-id"], "AWS_SECRET_ACCESS_KEY": key["secret-access-key"]}


def client(server: Garage, key: dict[str, str]) -> Any:
    return server.client(aws_access_key_id=key["AWS_ACCESS_KEY_ID"], aws_secret_access_key=key["AWS_SECRET_ACCESS_KEY"])


def may(server: Garage, bucket: str, key: dict[str, str], action: str) -> bool:
    return CASES[action].may(server.client(), client(server, key), bucket, ELSEWHERE)


def admin(server: Garage, bucket: str, **config: str) -> GarageUserAdmin:
    handlers = Handlers(server, bucket)
    keys = {"access-key-id": server.access_key_id, "secret-access-key": server.secret_access_key}
    known = {f"ns:{name}": value for name, value in {**keys, "admin-token": server.admin_token, **config}.items()}
    return GarageUserAdmin(Session({**handlers.store, "admin-url": server.admin_url}, known))


def config_of(server: Garage, bucket: str, **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"provider": "garage", "bucket": bucket, "endpoint_url": server.endpoint_url}
    return {**base, "subdirs": ["linux-64"], "index": {"writers": "single"}, **more}


def test_the_life_of_keys(garage: Garage, bucket_name: str, tmp_path: Path) -> None:
    channels_of_stack = {"stable": PEOPLE, "nightly": {}}
    config = config_of(garage, bucket_name, admin_url=garage.admin_url, channels=channels_of_stack)
    environment = {**garage.environment(), "GARAGE_ADMIN_TOKEN": garage.admin_token}
    ground = GarageGround(
        garage, bucket_name, Stack(tmp_path / "stack", config, environment), secrets={garage.admin_token}
    )
    ran = ground.run("up")
    assert ran.code == 0, ran
    assert set(ran.done) == {"created"}
    assert "rights on the whole bucket" in ran.output
    assert not ground.stack.outputs().get("next-steps")
    _each_key_has_the_rights_of_its_role(ground)
    _changes_by_hand_are_reverted_and_a_key_is_replaced(ground)
    _destroy_deletes_everything(ground)
    # Not in the engine's output, its state and its other files.
    assert len(ground.secrets) == 6
    assert ground.leaks() == []


def _each_key_has_the_rights_of_its_role(ground: GarageGround) -> None:
    keys, actions = ground.keys(), {name for name, case in CASES.items() if isinstance(case, Case)}
    allowed = {role: {action for action in actions if ground.allows(keys[role], action)} for role in GROUPS}
    assert allowed == {"reader": READING, "publisher": actions, "maintainer": actions}
    # Nor may one give others access, or delete the bucket.
    for key in keys.values():
        for call in ("delete_bucket_website", "delete_bucket"):
            with pytest.raises(ClientError, match="AccessDenied"):
                getattr(client(ground.server, variables(key)), call)(Bucket=ground.bucket)
        with pytest.raises(ClientError, match="AccessDenied"):
            client(ground.server, variables(key)).create_bucket(Bucket=f"{ground.bucket}-more")


def _changes_by_hand_are_reverted_and_a_key_is_replaced(ground: GarageGround) -> None:
    keys, run, other = ground.keys(), ground.server.run, f"{ground.bucket}-other"
    ids = {role: key["access-key-id"] for role, key in keys.items()}
    run("bucket", "create", other)
    run("bucket", "allow", "--read", "--write", "--owner", other, "--key", ids["reader"])
    run("bucket", "unalias", "--local", ids["publisher"], ground.bucket)
    run("key", "delete", "--yes", ids["maintainer"])
    reader = client(ground.server, variables(keys["reader"]))
    reader.put_object(Bucket=other, Key="a", Body=b"")

    ran = ground.run("refresh")
    assert ran.code == 0, ran
    for changed in ("reader-someone-key updated", "publisher-someone-key updated", "maintainer-someone-key deleted"):
        assert f"stable-{changed}" in ran.output, ran
    # From here on the token is a secret of the stack.
    del ground.stack.environment["GARAGE_ADMIN_TOKEN"]
    ground.stack.secret("admin-token", ground.server.admin_token)
    rotated = {**PEOPLE, "publishers": {"someone": {"key": {"rotate": "2027-01"}}}}
    ground.stack.config(channels={"stable": rotated, "nightly": {}}, force_destroy=True)
    done = ground.done("up")
    assert (done["replaced"], done["created"]) == (1, 1), done
    restored = ground.keys()
    assert restored["reader"] == keys["reader"]
    assert set(restored["publisher"].values()).isdisjoint(keys["publisher"].values())
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.put_object(Bucket=other, Key="a", Body=b"")
    with pytest.raises(ClientError, match="AccessDenied"):
        client(ground.server, variables(keys["publisher"])).list_objects_v2(Bucket=ground.bucket)
    assert not ground.allows(restored["reader"], "put-package")
    assert ground.allows(restored["publisher"], "put-package")
    assert ground.allows(restored["maintainer"], "delete-package")


def _destroy_deletes_everything(ground: GarageGround) -> None:
    ids = [key["access-key-id"] for key in ground.keys().values()]
    ground.done("destroy")
    assert ground.bucket not in channels.buckets(ground.server)
    assert not re.search(rf"\b{ground.bucket}\s*$", ground.server.run("bucket", "list"), re.MULTILINE)
    listed = ground.server.run("key", "list")
    assert [key for key in ids if key in listed] == []


def test_a_wrong_token_or_url_is_told_in_the_preview(garage: Garage, bucket_name: str) -> None:
    made = Handlers(garage, bucket_name)
    made.handler("bucket").create(made.props())
    inputs = made.props(way="garage-admin", user="ci", policy=document_of({bucket_name: {"read"}}), rotate="")
    for url, token, words in (
        (garage.admin_url, "wrong", "refuses the token"),
        (garage.admin_url, "", "there is no token"),
        (garage.endpoint_url, garage.admin_token, "set `admin-url` to the address of `api_bind_addr`"),
        ("http://127.0.0.1:9", garage.admin_token, "does not answer"),
    ):
        made._config["ns:admin-token"] = token
        refused = made.handler("access-key", **{"admin-url": url}).check({}, inputs)
        assert refused is not None
        assert words in refused[1]
        assert garage.admin_token not in refused[1]


def test_a_bucket_that_nobody_knows_leaves_no_key(garage: Garage, bucket_name: str) -> None:
    with pytest.raises(BucketMissingError, match="has no bucket"):
        admin(garage, bucket_name).create_user(f"ci-{bucket_name}", document_of({bucket_name: {"read"}}))
    assert bucket_name not in garage.run("key", "list")


def test_the_bucket_of_a_name_is_that_of_the_deploying_key(garage: Garage, bucket_name: str) -> None:
    """Another team's bucket may have the same name as a global alias."""
    garage.client().create_bucket(Bucket=bucket_name)
    garage.client().put_object(Bucket=bucket_name, Key="ours", Body=b"")
    garage.run("bucket", "create", f"{bucket_name}-theirs")
    garage.run("bucket", "alias", f"{bucket_name}-theirs", bucket_name)
    users, name = admin(garage, bucket_name), f"ci-{bucket_name}"
    secret = users.create_user(name, document_of({bucket_name: {"read"}}))
    key = {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": secret}
    listed = client(garage, key).list_objects_v2(Bucket=bucket_name)["Contents"]
    assert [each["Key"] for each in listed] == ["ours"]
    users.delete_user(name)
    users.delete_user(name)
    assert users.user_policy(name) is None


def test_the_steps_by_hand_make_keys_as_they_are_printed(garage: Garage, bucket_name: str, tmp_path: Path) -> None:
    config = config_of(garage, bucket_name, prefix="main", index={}, **PEOPLE)
    stack = Stack(tmp_path / "stack", config, garage.environment())
    ran = stack.up()
    assert ran.code == 0, ran
    # Garage has no conditional writes, and the stack does not say that it has one writer.
    assert "set `index.writers` to single" in ran.output
    steps = [line for step in stack.outputs()["next-steps"] for line in step["steps"]]
    keys = typed(garage, bucket_name, steps, tmp_path)
    allowed = {name: may(garage, bucket_name, key, "put-package") for name, key in keys.items()}
    assert sorted(allowed.values()) == [False, True, True]
    assert all(may(garage, bucket_name, key, "get") for key in keys.values())
    assert all("every object there, those of other channels too" in " ".join(steps) for _ in keys)
