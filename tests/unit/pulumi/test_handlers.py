"""The handlers without a store: what they compare, and that they need nothing of Pulumi."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.pulumi import dynamic
from chaninfra.pulumi.bucket_session import Session, StoreInput
from chaninfra.pulumi.handlers import HANDLERS, Difference

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
