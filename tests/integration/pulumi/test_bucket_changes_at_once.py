"""What one `up` changes about a bucket, on a stand-in for stores that lose one of two changes at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.errors import StorageError
from chaninfra.channel.policy.statements import public_read
from chaninfra.channel.spec.model import BucketSettings
from chaninfra.pulumi.bucket_config import settings_documents
from chaninfra.pulumi.handlers import kept
from support.pulumi.handlers import Store
from support.pulumi.stacks import Stack
from support.servers import fault_server
from support.servers.ceph_metadata_standin import CephMetadataStandin
from support.servers.s3_servers import Server

DECLARED = BucketSettings(
    versioning=True, tags={"team": "a"}, cors_origins=("https://a.example",), old_versions_days=30, open_uploads_days=7
)
ALL = {"cors", "lifecycle", "tagging", "versioning"}


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, not in the engine's."""
    monkeypatch.setattr(kept, "PAUSES", (0.01,) * 4)


@contextmanager
def standing_in(server: Server, bucket: str, **how: Any) -> Iterator[tuple[CephMetadataStandin, Store]]:
    """The stand-in before the server, and the handlers on a new bucket through it."""
    standin = CephMetadataStandin(server, seconds=0.01, **how)
    with fault_server.faulty(server, standin) as proxied:
        store = Store(proxied, bucket)
        store.handler("bucket").create(store.props())
        yield standin, store


@pytest.mark.long
def test_a_stack_loses_no_setting_and_no_policy(versitygw: Server, bucket_name: str, tmp_path: Path) -> None:
    standin = CephMetadataStandin(versitygw, seconds=0.5)
    with fault_server.faulty(versitygw, standin) as proxied:
        config = {
            "provider": "custom",
            "bucket": bucket_name,
            "endpoint_url": proxied.endpoint_url,
            "region": proxied.region,
            "prefix": "main",
            "subdirs": "linux-64",
            "visibility": "public",
            "versioning": True,
            "tags": {"team": "a"},
            "cors_origins": ["https://a.example"],
            "old_versions_days": 30,
        }
        stack = Stack(tmp_path / "stack", config, proxied.environment())
        ran = stack.up()
        assert ran.code == 0, ran
        assert set(standin.records[bucket_name]) == {*ALL, "policy"}
        assert standin.most_at_once == 1
        assert stack.preview(expect_no_changes=True).code == 0
        assert stack.refresh().done == {}

        stack.config(tags={"team": "b"}, visibility="private", cors_origins=["https://b.example"])
        ran = stack.up()
        assert ran.code == 0, ran
        assert set(standin.records[bucket_name]) == ALL
        assert b"https://b.example" in standin.records[bucket_name]["cors"]
        assert standin.most_at_once == 1

        ran = stack.destroy()
        assert ran.code == 0, ran
        assert standin.most_at_once == 1


def test_a_change_that_another_process_undid_is_made_again(versitygw: Server, bucket_name: str) -> None:
    lost = {"cors": 1, "policy": 2, "lifecycle": 1}
    with standing_in(versitygw, bucket_name, loses_first=lost) as (standin, store):
        props = store.props(settings=settings_documents(DECLARED), statements=public_read(bucket_name, ["main"]))
        store.handler("settings").create(props)
        store.handler("policy").create(props)
        assert set(standin.records[bucket_name]) == {*ALL, "policy"}
        assert standin.changes.count(("PUT", "cors")) == 2
        assert standin.changes.count(("PUT", "policy")) == 3

        standin.loses_first |= {"cors": 1, "policy": 1}
        store.handler("policy").delete(props)
        store.handler("settings").delete(props)
        assert set(standin.records[bucket_name]) == {"versioning"}
        assert b"Suspended" in standin.records[bucket_name]["versioning"]


@pytest.mark.parametrize(
    ("setting", "named"),
    [("cors", "cors"), ("lifecycle", "lifecycle"), ("tagging", "tags"), ("versioning", "versioning")],
)
def test_a_setting_that_is_never_kept_is_an_error_that_names_it(
    versitygw: Server, bucket_name: str, setting: str, named: str
) -> None:
    with standing_in(versitygw, bucket_name, forgets=frozenset({setting})) as (standin, store):
        with pytest.raises(StorageError, match=f"the {named} of s3://{bucket_name}") as caught:
            store.handler("settings").create(store.props(settings=settings_documents(DECLARED)))
        assert "200" not in caught.value.message
        assert caught.value.remedy
        assert 1 < standin.changes.count(("PUT", setting)) < 10


def test_a_policy_that_is_never_kept_is_an_error(versitygw: Server, bucket_name: str) -> None:
    statements = public_read(bucket_name, ["main"])
    with standing_in(versitygw, bucket_name, forgets=frozenset({"policy"})) as (standin, store):
        props = store.props(statements=statements)
        with pytest.raises(StorageError, match=f"the policy of s3://{bucket_name}"):
            store.handler("policy").create(props)
        with pytest.raises(StorageError, match=f"the policy of s3://{bucket_name}"):
            store.handler("policy").update(props, props)
        assert 2 < standin.changes.count(("PUT", "policy")) < 20


def test_a_removal_that_is_undone_is_an_error(versitygw: Server, bucket_name: str) -> None:
    with standing_in(versitygw, bucket_name) as (standin, store):
        props = store.props(settings=settings_documents(DECLARED), statements=public_read(bucket_name, ["main"]))
        store.handler("settings").create(props)
        store.handler("policy").create(props)
        standin.forgets = frozenset({"cors", "policy"})
        with pytest.raises(StorageError, match=f"the cors of s3://{bucket_name}"):
            store.handler("settings").update(props, store.props(settings={}))
        with pytest.raises(StorageError, match=f"the policy of s3://{bucket_name}"):
            store.handler("policy").delete(props)
