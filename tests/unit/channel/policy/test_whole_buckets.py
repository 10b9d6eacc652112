"""The permissions of a role as rights on whole buckets."""

from __future__ import annotations

import pytest

from chaninfra.channel.policy.merging import equivalent
from chaninfra.channel.policy.permissions import identity_policy
from chaninfra.channel.policy.whole_buckets import document_of, of_whole_buckets, rights_in
from chaninfra.channel.roles import ROLES, Role
from chaninfra.channel.spec.model import SourceChannel


@pytest.mark.parametrize("role", ROLES)
def test_only_a_reader_may_not_write(role: Role) -> None:
    policy = identity_policy(role, bucket="b", prefix="team/main", subdirs=["noarch"])
    assert rights_in(of_whole_buckets(policy)) == {"b": {"read"} if role == "reader" else {"read", "write"}}


def test_a_promoter_reads_its_sources_and_writes_in_its_own_bucket_alone() -> None:
    sources = [SourceChannel(bucket="staging", prefix="main"), SourceChannel(bucket="b", prefix="nightly")]
    policy = identity_policy("promoter", bucket="b", prefix="main", subdirs=["noarch"], sources=sources)
    assert rights_in(of_whole_buckets(policy)) == {"b": {"read", "write"}, "staging": {"read"}}


def test_what_is_denied_gives_no_rights() -> None:
    policy = identity_policy("reader", bucket="b", prefix="", subdirs=["noarch"], version_rights="with-object")
    assert rights_in(of_whole_buckets(policy)) == {"b": {"read"}}


def test_a_document_is_that_of_its_rights_in_any_order_of_the_buckets() -> None:
    one = document_of({"a": {"read"}, "b": {"read", "write"}, "c": set()})
    assert rights_in(one) == {"a": {"read"}, "b": {"read", "write"}}
    other = document_of({"b": {"write", "read"}, "a": {"read"}})
    assert equivalent(one["Statement"], other["Statement"])
    assert not equivalent(one["Statement"], document_of({"a": {"read"}, "b": {"read"}})["Statement"])
    assert document_of({"c": set()}) == {}
