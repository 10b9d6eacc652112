"""The handlers for bucket settings, access keys and policies on real servers, without the engine."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pulumi.output import Unknown

from chaninfra.channel.errors import BucketMissingError, CredentialsError, DeniedError, RefusedError, StorageError
from chaninfra.channel.policy.permissions import identity_policy
from chaninfra.channel.spec.model import BucketSettings
from chaninfra.pulumi.bucket_config import holds, settings_documents
from chaninfra.pulumi.handlers import Difference
from chaninfra.pulumi.user_admin.minio import MinioUserAdmin
from support.pulumi.handlers import Store
from support.servers.s3_servers import Server

SETTINGS = {
    "minio": BucketSettings(versioning=True, tags={"team": "a", "more": "b"}, old_versions_days=30),
    "versitygw": BucketSettings(versioning=True, tags={"team": "a", "more": "b"}, cors_origins=("https://a.example",)),
}


def rights(bucket: str, role: Any = "reader") -> dict[str, Any]:
    return identity_policy(role, bucket=bucket, prefix="main", subdirs=["noarch"])


def key_props(store: Store, bucket: str, **more: Any) -> dict[str, Any]:
    props = {"way": "minio-admin", "user": "someone", "policy": rights(bucket), "rotate": ""}
    return {**store.props(), **props, **more}


def opens(server: Server, props: dict[str, Any], bucket: str) -> bool:
    keys = {"aws_access_key_id": props["access_key_id"], "aws_secret_access_key": props["secret_access_key"]}
    try:
        server.client(**keys).list_objects_v2(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "InvalidAccessKeyId"):
            raise
        return False
    return True


def test_settings_are_put_read_changed_and_removed(server: Server, bucket_name: str) -> None:
    store = Store(server, bucket_name)
    store.handler("bucket").create(store.props())
    settings = store.handler("settings")
    declared = _as_from_the_engine(settings_documents(SETTINGS[server.name]))
    props = store.props(settings=declared)
    assert len(declared) == 3
    assert settings.create(props)[1] == props
    assert settings.read(props) == props
    assert not settings.diff(props, props).changes

    server.client().put_bucket_tagging(Bucket=bucket_name, Tagging={"TagSet": [{"Key": "x", "Value": "y"}]})
    drifted = settings.read(props)
    assert drifted is not None
    assert drifted["settings"] == {**declared, "tags": {"TagSet": [{"Key": "x", "Value": "y"}]}}
    assert settings.diff(drifted, props).changes
    assert not settings.diff(drifted, props).replaces
    settings.update(drifted, props)
    assert settings.read(props) == props

    fewer = store.props(settings={"tags": declared["tags"]})
    settings.update(props, fewer)
    gone = settings.read(props)
    assert gone is not None
    assert {name for name, there in gone["settings"].items() if there == declared[name]} == {"tags"}
    settings.delete(fewer)
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        server.client().get_bucket_tagging(Bucket=bucket_name)
    store.handler("bucket").delete(store.props())
    assert settings.read(props) is None
    settings.delete(props)


def _as_from_the_engine(value: Any) -> Any:
    """The value with all numbers as floats, as the engine passes them."""
    if isinstance(value, dict):
        return {name: _as_from_the_engine(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_from_the_engine(item) for item in value]
    return float(value) if isinstance(value, int) else value


def test_an_error_does_not_count_as_a_missing_setting(server: Server, bucket_name: str) -> None:
    store, stranger = Store(server, bucket_name), Store(server, bucket_name, server.stranger())
    props = store.props(settings={"tags": {"TagSet": []}})
    with pytest.raises(BucketMissingError):
        store.handler("settings").create(props)
    store.handler("bucket").create(store.props())
    for tried in (
        stranger.handler("settings").read,
        stranger.handler("settings").create,
        stranger.handler("settings").delete,
    ):
        with pytest.raises(DeniedError):
            tried(props)


def test_a_setting_holds_if_the_store_adds_something_but_not_if_it_misses_something() -> None:
    declared = {"Rules": [{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Days": 3}]}
    assert holds({"Rules": [{"ID": "a", "Status": "Enabled", "Prefix": "", "Days": 3, "More": 1}], "Also": 2}, declared)
    for there in (
        None,
        {"Rules": []},
        {"Rules": [{"ID": "a", "Status": "Disabled", "Days": 3}]},
        {"Rules": [{"ID": "a", "Status": "Enabled", "Days": 3}, {"ID": "b"}]},
    ):
        assert not holds(there, declared)


def test_requests_that_need_a_digest_send_content_md5(server: Server, bucket_name: str) -> None:
    store = Store(server, bucket_name)
    store.handler("bucket").create(store.props())
    client = store.handler("bucket").session.client
    sent: list[dict[str, str]] = []
    client.meta.events.register("before-send.s3", lambda request, **_: sent.append(dict(request.headers)))
    client.put_bucket_tagging(Bucket=bucket_name, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    client.delete_objects(Bucket=bucket_name, Delete={"Objects": [{"Key": "a"}]})
    assert len(sent) == 2
    for headers in sent:
        assert "Content-MD5" in headers
        assert not [name for name in headers if name.lower().startswith("x-amz-checksum")]


@pytest.mark.parametrize(("noun", "name"), [("policy", "statements"), ("descriptor", "document")])
def test_an_unknown_input_in_a_preview_is_a_change_in_place(
    minio: Server, bucket_name: str, noun: str, name: str
) -> None:
    store = Store(minio, bucket_name)
    props = store.props()
    unknown = {**props, name: Unknown()}
    handler = store.handler(noun)
    assert handler.check(props, unknown) is None
    assert handler.diff(props, unknown) == Difference(changes=True)
    assert handler.diff(props, props) == Difference(changes=False)


def test_the_life_of_an_access_key_and_changes_by_hand(server: Server, bucket_name: str) -> None:
    store = Store(server, bucket_name)
    store.handler("bucket").create(store.props())
    key = store.handler("access-key")
    way, of_user = f"{server.name}-admin", server.name == "minio"
    inputs = key_props(store, bucket_name, way=way, policy=rights(bucket_name) if of_user else {})
    assert key.check({}, inputs) is None
    name, props = key.create(inputs)
    assert name.startswith("someone-")
    assert opens(server, props, bucket_name) == of_user
    assert key.read(props) == props
    assert not key.diff(props, inputs).changes
    assert key.diff(props, {**inputs, "rotate": "2"}).replaces == ("rotate",)
    other_name, other = key.create({**inputs, "rotate": "2"})
    assert other_name != name
    assert other["secret_access_key"] != props["secret_access_key"]
    if of_user:
        wider = {**inputs, "policy": rights(bucket_name, "maintainer")}
        assert key.diff(props, wider).changes
        assert not key.diff(props, wider).replaces
        changed = key.update(props, wider)
        assert changed["secret_access_key"] == props["secret_access_key"]
        seen = key.read(props)
        assert seen is not None
        assert key.diff(seen, inputs).changes
        key.update(seen, inputs)
        assert key.read(props) == props
    key.delete(props)
    assert key.read(props) is None
    assert not opens(server, props, bucket_name)
    assert key.read(other) == other
    key.delete(props)
    key.delete(other)


def test_a_disabled_user_of_minio_is_enabled_again(minio: Server, bucket_name: str) -> None:
    store = Store(minio, bucket_name)
    store.handler("bucket").create(store.props())
    key = store.handler("access-key")
    inputs = key_props(store, bucket_name)
    name, props = key.create(inputs)
    MinioUserAdmin(key.session)._admin.user_disable(name)
    assert not opens(minio, props, bucket_name)
    seen = key.read(props)
    assert seen is not None
    assert key.diff(seen, inputs).changes
    key.update(seen, inputs)
    assert opens(minio, props, bucket_name)
    key.delete(props)


def test_credentials_without_admin_permissions_are_refused_in_the_check(server: Server, bucket_name: str) -> None:
    way = f"{server.name}-admin"
    for keys, words in (
        (server.stranger(), "these credentials may not"),
        ({**server.environment(), "AWS_SECRET_ACCESS_KEY": "wrong"}, "does not accept these credentials"),
    ):
        store = Store(server, bucket_name, keys)
        inputs = key_props(store, bucket_name, way=way)
        refused = store.handler("access-key").check({}, inputs)
        assert refused is not None
        assert words in refused[1]
        with pytest.raises((DeniedError, CredentialsError)):
            store.handler("access-key").create(inputs)


def test_a_failed_creation_leaves_no_user(minio: Server, bucket_name: str) -> None:
    store = Store(minio, bucket_name)
    wrong = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:Nonsense"], "Resource": ["x"]}]}
    with pytest.raises(StorageError):
        store.handler("access-key").create(key_props(store, bucket_name, user=bucket_name, policy=wrong))
    admin = MinioUserAdmin(store.handler("access-key").session)._admin
    assert bucket_name not in admin.user_list()
    assert bucket_name not in admin.policy_list()


def test_a_policy_of_others_is_not_overwritten(minio: Server, bucket_name: str) -> None:
    store = Store(minio, bucket_name)
    policy = store.handler("access-policy")
    props = {**store.props(), "name": f"{bucket_name}-publisher-ci", "policy": rights(bucket_name)}
    assert policy.read(props) is None
    assert policy.create(props)[1] == props
    assert policy.read(props) == props
    # An equal policy may be ours from a lost state; a different one may belong to somebody else.
    assert policy.create(props)[1] == props
    other = {**props, "policy": rights(bucket_name, "maintainer")}
    with pytest.raises(RefusedError, match="not in this stack's state"):
        policy.create(other)
    policy.update(props, other)
    seen = policy.read(props)
    assert seen is not None
    assert policy.diff(seen, props).changes
    policy.delete(props)
    policy.delete(props)
    assert policy.read(props) is None
