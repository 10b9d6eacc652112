"""What keys and tokens may do on other stores than AWS: the same as roles do there, said as these stores want it."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chaninfra.channel.policy.bucket import s3_statements
from chaninfra.channel.policy.documents import documents, rights_of
from chaninfra.channel.policy.merging import condensed
from chaninfra.channel.policy.permissions import statements
from chaninfra.channel.policy.statements import document
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec

KEY: dict[str, Any] = {"key": {}}
GROUPS = {"publishers": {"ci": KEY}, "readers": {"a": KEY, "b": KEY}, "maintainers": {"ops": KEY}}
CI = {"repository": "acme/packages", "branch": "main", "owner-id": "1", "repository-id": "2"}


def stack(provider: str, **more: Any) -> StackSpec:
    config = {"provider": provider, "bucket": "my-bucket", "endpoint-url": "https://s3.example.com", **more}
    return build_spec(config, where="stack")


def allowed(found: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """(who, what, where) for each."""

    def several(value: str | list[str]) -> list[str]:
        return [value] if isinstance(value, str) else value

    return {
        one
        for each in found
        for one in product(several(each["Principal"]["AWS"]), several(each["Action"]), several(each["Resource"]))
    }


people = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["reader", "publisher", "maintainer"]),
        st.sampled_from(["one", "two/three"]),
        st.sets(st.sampled_from(["noarch", "linux-64", "win-64"]), min_size=1),
    ),
    max_size=6,
)


@given(people)
def test_few_statements_say_the_same_as_many(found: list[Any]) -> None:
    many = [
        {**statement, "Principal": {"AWS": name}}
        for name, role, prefix, subdirs in found
        for statement in statements(role, bucket="my-bucket", prefix=prefix, subdirs=sorted(subdirs))
    ]
    few = condensed(many, "Keys")
    assert allowed(few) == allowed(many)
    assert len(few) <= max(1, len(many))
    assert len({statement["Sid"] for statement in few}) == len(few)


def test_a_policy_of_keys_fits_where_servers_hold_4_kb() -> None:
    spec = stack("versitygw", channels={"stable": {}, "nightly": {}}, **GROUPS)
    keys = {
        (channel.prefix, each.role, each.name): f"{each.name}-0123456789ab"
        for channel in spec.channels
        for each in channel.principals
    }
    made = s3_statements(spec, keys=keys)
    assert len(json.dumps(document(made), separators=(",", ":"))) < 3500
    assert {who for who, _, _ in allowed(made)} == set(keys.values())
    assert s3_statements(spec) == []


def test_a_public_channel_may_have_keys_too() -> None:
    spec = stack("versitygw", prefix="main", visibility="public", publishers={"ci": KEY})
    sids = [statement["Sid"] for statement in s3_statements(spec, keys={("main", "publisher", "ci"): "ci-1"})]
    assert sids[:2] == ["PublicReadGetObject", "PublicReadListBucket"]
    assert len(set(sids)) == len(sids) > 2


def test_the_rights_of_a_token_on_minio_hold_for_that_token_alone() -> None:
    spec = stack("minio", prefix="main", publishers={"ci": {"github": CI}})
    (principal,) = spec.channels[0].principals
    policy = rights_of(spec, spec.channels[0], principal)
    wanted = {
        "StringEquals": {
            "jwt:iss": "https://token.actions.githubusercontent.com",
            "jwt:sub": ["repo:acme@1/packages@2:ref:refs/heads/main"],
        }
    }
    assert [statement["Condition"] for statement in policy["Statement"]] == [wanted] * len(policy["Statement"])


def test_a_wildcard_in_a_branch_stays_one_and_nothing_else_becomes_one() -> None:
    spec = stack("minio", prefix="main", publishers={"ci": {"github": {**CI, "branch": "release/*"}}})
    policy = rights_of(spec, spec.channels[0], spec.channels[0].principals[0])
    (condition,) = {json.dumps(statement["Condition"], sort_keys=True) for statement in policy["Statement"]}
    assert json.loads(condition)["StringLike"] == {"jwt:sub": ["repo:acme@1/packages@2:ref:refs/heads/release/*"]}
    assert set(json.loads(condition)["StringEquals"]) == {"jwt:iss"}


def test_the_documents_of_a_store_without_roles_have_no_trust() -> None:
    on_minio = documents(stack("minio", prefix="main", publishers={"ci": {"github": CI}, "k": KEY}), account="1" * 12)
    assert set(on_minio) == {"publisher/main/ci/rights", "publisher/main/k/rights"}
    assert "Condition" not in json.dumps(on_minio["publisher/main/k/rights"])
    on_versitygw = documents(stack("versitygw", prefix="main", publishers={"ci": {"github": CI}}), account="0" * 12)
    assert set(on_versitygw) == {"publisher/main/ci/rights", "publisher/main/ci/trust"}
