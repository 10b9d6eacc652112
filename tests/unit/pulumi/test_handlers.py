"""The handlers without a store: what they compare, and that they need nothing of Pulumi."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaninfra.channel.conda.index_settings import AtMostEvery, IndexSettings
from chaninfra.channel.errors import ChaninfraError, CredentialsError, DeniedError, StorageError
from chaninfra.channel.spec.build import build_spec
from chaninfra.pulumi import dynamic
from chaninfra.pulumi.bucket_session import Session, StoreInput
from chaninfra.pulumi.components.channel import _index_input
from chaninfra.pulumi.handlers import HANDLERS, Difference
from chaninfra.pulumi.user_admin.base import with_admin_named

STORE: StoreInput = {
    "bucket": "my-bucket",
    "endpoint-url": "https://minio.example.com",
    "region": "us-east-1",
    "force-path-style": True,
    "namespace": "ns",
}
ALLOW = {"Sid": "Read", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}


def difference(noun: str, olds: dict[str, Any], news: dict[str, Any]) -> Difference:
    handler = HANDLERS[noun](Session(STORE, {}))
    return handler.diff({"store": STORE, **olds}, {"store": STORE, **news})


def test_every_provider_has_a_handler() -> None:
    providers = [value for value in vars(dynamic).values() if isinstance(value, type) and hasattr(value, "noun")]
    assert {provider.noun for provider in providers if provider.noun} == set(HANDLERS)


def test_credentials_come_from_the_config_of_the_stack() -> None:
    session = Session(STORE, {"ns:access-key-id": "of-the-stack", "ns:secret-access-key": "secret"})
    assert session.credentials.access_key_id == "of-the-stack"


@pytest.mark.parametrize("noun", ["bucket", "settings", "guard"])
def test_another_bucket_is_a_replacement(noun: str) -> None:
    elsewhere = {**STORE, "bucket": "other"}
    assert difference(noun, {}, {}) == Difference(changes=False)
    assert difference(noun, {}, {"store": elsewhere}) == Difference(changes=True, replaces=("store",))
    assert difference("preflight", {}, {"store": elsewhere}) == Difference(changes=True)


def test_an_input_that_identifies_the_resource_replaces_it() -> None:
    same = {"way": "minio-admin", "user": "ci", "policy": {}}
    assert difference("access-key", {**same, "rotate": "1"}, {**same, "rotate": "2"}).replaces == ("rotate",)


def test_statements_with_the_same_meaning_are_no_difference() -> None:
    rewritten = {**ALLOW, "Principal": {"AWS": ["*"]}, "Action": ["s3:GetObject"]}
    assert not difference("policy", {"statements": [rewritten]}, {"statements": [ALLOW]}).changes
    assert difference("policy", {"statements": [ALLOW]}, {"statements": []}).changes


def test_unknown_statements_of_a_preview_are_a_difference() -> None:
    assert difference("policy", {"statements": [ALLOW]}, {"statements": "unknown"}).changes


OLD_INDEX = {"formats": ["json", "zst", "shards"], "compression-level": 1, "cache-control": "max-age=300"}
SKELETON = {"prefix": "main", "subdirs": ["noarch"], "adopt": False, "force-destroy": False}
FILES = ["main/noarch/repodata.json", "main/noarch/repodata.json.zst", "main/noarch/repodata_shards.msgpack.zst"]


def test_index_files_of_an_earlier_version_are_no_difference() -> None:
    old = {**SKELETON, "index": OLD_INDEX, "files": FILES}
    stack = build_spec({"bucket": "my-bucket", "region": "eu-central-1", "prefix": "main"}, where="stack")
    news = {**SKELETON, "index": _index_input(stack.channels[0].index)}
    assert not difference("skeleton", old, news).changes


@pytest.mark.parametrize("formats", [["json"], ["json", "zst"], ["json", "shards"]])
def test_index_files_that_an_earlier_version_left_out_are_made(formats: list[str]) -> None:
    old = {**SKELETON, "index": {**OLD_INDEX, "formats": formats}, "files": FILES[:1]}
    assert difference("skeleton", old, {**SKELETON, "index": OLD_INDEX}) == Difference(changes=True)


def test_how_often_monolithic_files_are_written_is_no_difference_of_the_index_files() -> None:
    every = IndexSettings(monolith=AtMostEvery(at_most_every="1h"), history_days=1)
    assert _index_input(every) == _index_input(IndexSettings()) == OLD_INDEX
    assert _index_input(IndexSettings(monolith="never")) == {**OLD_INDEX, "formats": ["shards"]}


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (DeniedError("may not list the users", code="XAdminAccessDenied", status=403), "only an administrator"),
        (CredentialsError("not accepted", code="InvalidAccessKeyId", status=403), "not accepted"),
        (StorageError("the store answered 500", status=500), "the store answered 500"),
    ],
)
def test_a_key_needs_an_administrator(error: ChaninfraError, says: str) -> None:
    named = with_admin_named(error)
    assert says in named.message
    assert type(named) is type(error)
    assert ("consoleAdmin" in str(named.remedy)) == (type(error) is DeniedError)


@pytest.mark.parametrize(("version", "refused"), [(1, False), (2, False), (3, True), (99, True)])
def test_a_state_of_a_later_version_is_refused_before_a_change(version: int, refused: bool) -> None:
    handler = HANDLERS["descriptor"](Session(STORE, {}))
    olds = {"store": STORE, "key": "c/channel.json", "document": json.dumps({"version": version, "what": 1})}
    found = handler.check(olds, {**olds, "document": "{}"})
    assert (found is not None) is refused
    if found is not None:
        assert found == (
            "document",
            f"c/channel.json, key version: version {version} of the descriptor is newer than this version of "
            "chaninfra; upgrade chaninfra",
        )
    assert handler.check({}, olds) is None
