"""The permissions of the roles, and their forms for a bucket policy and for tokens on MinIO."""

from __future__ import annotations

import pytest

from chaninfra.channel.conda.object_names import HISTORY_FOLDER
from chaninfra.channel.policy.permissions import (
    bucket_policy_statements,
    decrypt_sources,
    identity_policy,
    limited_to_token,
    principal_arn,
    statements,
)
from chaninfra.channel.roles import ROLES, Role
from chaninfra.channel.spec.model import SourceChannel
from chaninfra.channel.spec.token_claims import TokenClaims

CHANNEL = {"bucket": "b", "prefix": "team/stable", "subdirs": ["noarch", "linux-64"]}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234"
DISTRIBUTION = "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE"


def actions(role: Role, **options: str) -> set[str]:
    made = identity_policy(role, **CHANNEL, **options)["Statement"]
    return {action for statement in made for action in statement["Action"]}


def test_only_maintainers_delete() -> None:
    assert {role for role in ROLES if "s3:DeleteObject" in actions(role)} == {"maintainer"}


def test_readers_do_not_write() -> None:
    assert actions("reader") == {"s3:GetObject", "s3:ListBucket"}


@pytest.mark.parametrize("role", ROLES)
def test_who_writes_the_index_writes_channeldata_where_the_channel_has_it(role: Role) -> None:
    def written(**options: bool) -> set[str]:
        made = identity_policy(role, **CHANNEL, **options)["Statement"]
        return {name for each in made if "s3:PutObject" in each["Action"] for name in each["Resource"]}

    assert written() == written(channeldata=False)
    more = written(channeldata=True) - written()
    assert more == (set() if role == "reader" else {"arn:aws:s3:::b/team/stable/channeldata.json"})


@pytest.mark.parametrize("role", ROLES)
def test_no_role_may_write_the_descriptor(role: Role) -> None:
    written = [
        resource
        for statement in identity_policy(role, **CHANNEL)["Statement"]
        if "s3:PutObject" in statement["Action"]
        for resource in statement["Resource"]
    ]
    folder = "arn:aws:s3:::b/team/stable"
    files = [f"{folder}/noarch/*", f"{folder}/linux-64/*"]
    added = [*files, f"{folder}/.chaninfra/history/*"]
    kept = [
        f"{folder}/{name}" for name in ("yanked.json", "withdrawn.json", "notices.json", "snapshots/*", ".chaninfra/*")
    ]
    patched = [*added, f"{folder}/.chaninfra/patches/*"]
    assert written == {"reader": [], "publisher": added, "maintainer": [*files, *kept], "promoter": patched}[role]


@pytest.mark.parametrize("role", ROLES)
def test_whoever_writes_the_index_keeps_its_old_states(role: Role) -> None:
    index, old = "arn:aws:s3:::b/team/stable/noarch/*", f"arn:aws:s3:::b/team/stable/{HISTORY_FOLDER}/*"

    def may(action: str, resources: set[str]) -> bool:
        made = identity_policy(role, **CHANNEL)["Statement"]
        return any(action in each["Action"] and resources & {*each["Resource"]} for each in made)

    whole = "arn:aws:s3:::b/team/stable/.chaninfra/*"
    assert may("s3:PutObject", {old, whole}) == may("s3:PutObject", {index}) == (role != "reader")
    assert may("s3:DeleteObject", {old, whole}) == (role == "maintainer")


def test_writers_encrypt_with_the_kms_key_and_refresh_the_cdn() -> None:
    assert actions("reader", kms_key_arn=KEY, distribution=DISTRIBUTION) - actions("reader") == {"kms:Decrypt"}
    for role in ("publisher", "maintainer", "promoter"):
        more = actions(role, kms_key_arn=KEY, distribution=DISTRIBUTION) - actions(role)
        assert more == {"kms:Decrypt", "kms:GenerateDataKey", "cloudfront:CreateInvalidation"}


def test_a_promoter_reads_its_sources_and_lists_their_buckets() -> None:
    places = [("b", "team/nightly"), ("staging", ""), ("staging", "x")]
    sources = [SourceChannel(bucket=bucket, prefix=prefix) for bucket, prefix in places]
    plain = statements("promoter", **CHANNEL)
    more = [each for each in statements("promoter", **CHANNEL, sources=sources) if each not in plain]
    assert [(each["Action"], each["Resource"]) for each in more] == [
        (["s3:GetObject"], [f"arn:aws:s3:::{place}/*" for place in ("b/team/nightly", "staging", "staging/x")]),
        (["s3:ListBucket"], ["arn:aws:s3:::staging"]),
    ]


def test_old_versions_of_sources_are_denied_where_they_come_with_the_object() -> None:
    source = SourceChannel(bucket="staging", prefix="main")
    made = statements("promoter", **CHANNEL, sources=[source], version_rights="with-object")
    (denied,) = [each for each in made if each["Effect"] == "Deny" and "s3:GetObject" in each["Action"]]
    assert denied["Resource"] == ["arn:aws:s3:::b/team/stable/*", "arn:aws:s3:::staging/main/*"]


def test_a_promoter_decrypts_what_is_encrypted_in_the_buckets_of_its_sources_and_nothing_else() -> None:
    own, other = SourceChannel(bucket="b", prefix="nightly"), SourceChannel(bucket="staging", prefix="main")
    assert decrypt_sources("b", [own], "aws") == []
    (statement,) = decrypt_sources("b", [own, other], "aws-cn")
    assert statement["Action"] == ["kms:Decrypt"]
    assert statement["Condition"] == {
        "StringLike": {
            "kms:ViaService": "s3.*",
            # S3 names the bucket where it has a bucket key, else the object.
            "kms:EncryptionContext:aws:s3:arn": ["arn:aws-cn:s3:::staging", "arn:aws-cn:s3:::staging/main/*"],
        }
    }
    several = [SourceChannel(bucket="staging", prefix=prefix) for prefix in ("a", "b")]
    (statement,) = decrypt_sources("b", [*several, SourceChannel(bucket="all", prefix="")], "aws")
    assert statement["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"] == [
        f"arn:aws:s3:::{place}" for place in ("staging", "staging/a/*", "staging/b/*", "all", "all/*")
    ]


def test_statements_of_a_bucket_policy_name_principals_role_and_channel() -> None:
    one = bucket_policy_statements("publisher", "team/stable", ["arn:1"], **CHANNEL)
    assert [each["Sid"] for each in one] == [
        "ChaninfraPublisherTeamStableReadChannel",
        "ChaninfraPublisherTeamStableListBucket",
        "ChaninfraPublisherTeamStableAddFiles",
    ]
    assert {each["Principal"]["AWS"] for each in one} == {"arn:1"}
    two = bucket_policy_statements("publisher", "team/stable", ["arn:1", "arn:2"], **CHANNEL)
    assert [each["Principal"]["AWS"] for each in two] == [["arn:1", "arn:2"]] * 3


def test_conditions_on_a_token_are_exact_unless_a_value_has_a_wildcard() -> None:
    claims = TokenClaims(issuer="idp.example.com", audience="a", claims={"sub": ("x:*", "y"), "team": ("core",)})
    made = limited_to_token(statements("reader", **CHANNEL), claims)
    wanted = {
        "StringEquals": {"jwt:iss": "https://idp.example.com", "jwt:team": ["core"]},
        "StringLike": {"jwt:sub": ["x:*", "y"]},
    }
    assert [each["Condition"] for each in made] == [wanted] * 2


def test_an_account_number_stands_for_the_root_of_the_account() -> None:
    assert principal_arn("123456789012", "aws-cn") == "arn:aws-cn:iam::123456789012:root"
    assert principal_arn("arn:aws:iam::123456789012:role/x") == "arn:aws:iam::123456789012:role/x"
