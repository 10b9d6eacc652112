"""The stand-in's IAM types against moto, without the engine."""

import json
from typing import Any

import pytest

from support.pulumi.standin import provider
from support.pulumi.standin.aws import Aws
from support.pulumi.standin.errors import ProviderError
from support.pulumi.standin.resources.iam import INLINE_QUOTA
from support.pulumi.standin.values import Bag

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
OIDC_PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
FIND = "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider"

BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"

# pulumi-aws imports its own deprecated names.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated in favor of:DeprecationWarning")


def _trust(*subjects: str) -> str:
    issuer = "token.actions.githubusercontent.com"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{issuer}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": list(subjects)}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _rights(*resources: str) -> str:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": list(resources or ["arn:aws:s3:::b/*"])}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _paths(aws: Aws, token: str, state: Bag, inputs: Bag) -> dict[str, bool]:
    return {change.path: change.replaces for change in provider.diff(aws, token, state, inputs)}


def _refused(token: str, **inputs: Any) -> list[str]:
    return [failure.path for failure in provider.checked(token, "some", inputs, {})[1]]


def test_a_role_is_changed_in_place_and_read_from_the_server(aws: Aws, iam: Any) -> None:
    bare: Bag = {"name": "changing", "assumeRolePolicy": _trust("a"), "path": "/ci/"}
    full = {**bare, "description": "d", "maxSessionDuration": 7200, "permissionsBoundary": BOUNDARY, "tags": {"a": "b"}}
    id_, state = provider.create(aws, ROLE, full)
    assert (id_, state["arn"]) == ("changing", "arn:aws:iam::123456789012:role/ci/changing")
    assert {name: state[name] for name in full} == full
    for wanted in (
        bare,
        {**full, "tags": {"c": "d"}, "assumeRolePolicy": _trust("a", "b")},
        {**bare, "description": "e"},
    ):
        assert not any(_paths(aws, ROLE, state, wanted).values())
        state = provider.update(aws, ROLE, id_, state, wanted)
        assert not provider.diff(aws, ROLE, state, wanted)
        found = provider.read(aws, ROLE, id_, {}, {})
        assert found is not None
        assert not provider.diff(aws, ROLE, found.state, wanted)
        # An import has no name prefix, only the name.
        assert found.inputs.keys() == wanted.keys()
    assert _paths(aws, ROLE, state, {**bare, "description": "e", "path": "/other/"}) == {"path": True}
    iam.update_assume_role_policy(RoleName="changing", PolicyDocument=_trust("stranger"))
    found = provider.read(aws, ROLE, id_, state, bare)
    assert found is not None
    assert list(_paths(aws, ROLE, found.state, {**bare, "description": "e"})) == ["assumeRolePolicy"]
    provider.delete(aws, ROLE, id_, state)
    assert provider.read(aws, ROLE, id_, state, bare) is None
    provider.delete(aws, ROLE, id_, state)


def test_trust_policies_are_compared_by_their_meaning(aws: Aws) -> None:
    inputs = {"name": "meaning", "assumeRolePolicy": _trust("a", "b")}
    state = provider.create(aws, ROLE, inputs)[1]
    rewritten = json.loads(_trust("b", "a"))
    rewritten["Statement"][0]["Action"] = ["sts:AssumeRoleWithWebIdentity"]
    other = {**inputs, "assumeRolePolicy": json.dumps(rewritten, indent=1)}
    assert not provider.diff(aws, ROLE, state, other)
    found = provider.read(aws, ROLE, "meaning", {**state, **other}, other)
    assert found is not None
    # The state keeps the text of each.
    assert found.inputs == other
    assert found.state["assumeRolePolicy"] == other["assumeRolePolicy"]


def test_names_and_prefixes(aws: Aws) -> None:
    given, failures = provider.checked(ROLE, "ci", {"namePrefix": "channel-", "assumeRolePolicy": _trust("a")}, {})
    assert not failures
    name, state = provider.create(aws, ROLE, given)
    assert name.startswith("channel-")
    assert len(name) == len("channel-") + 26
    assert state["namePrefix"] == "channel-"
    assert not provider.diff(aws, ROLE, state, given)
    assert not provider.replaces_before_create(ROLE, state, given)
    automatic, _ = provider.checked(ROLE, "Ci", {"assumeRolePolicy": json.loads(_trust("a"))}, {})
    assert automatic["name"].startswith("Ci-")
    assert json.loads(automatic["assumeRolePolicy"]) == json.loads(_trust("a"))
    assert not provider.replaces_before_create(ROLE, automatic, automatic)
    assert provider.replaces_before_create(ROLE, {"name": "x"}, {"name": "x", "__defaults": []})
    with pytest.raises(ProviderError, match="longer than maximum length 64"):
        provider.checked(ROLE, "x" * 57, {"assumeRolePolicy": _trust("a")}, {})


def test_errors_before_a_call_to_aws() -> None:
    trust = {"assumeRolePolicy": _trust("a")}
    assert not _refused(ROLE, **trust, namePrefix="x" * 38, maxSessionDuration=43200, permissionsBoundary=BOUNDARY)
    assert _refused(ROLE, **trust, namePrefix="x" * 39) == ["namePrefix"]
    assert _refused(ROLE, **trust, name="a/b") == ["name"]
    assert _refused(ROLE, **trust, name="a", namePrefix="b") == ["name", "namePrefix"]
    assert _refused(ROLE, **trust, maxSessionDuration=900) == ["maxSessionDuration"]
    assert _refused(ROLE, **trust, permissionsBoundary="boundary") == ["permissionsBoundary"]
    assert _refused(ROLE, **trust, managedPolicyArns=[BOUNDARY]) == ["managedPolicyArns"]
    assert _refused(ROLE, assumeRolePolicy="{") == ["assumeRolePolicy"]
    assert _refused(ROLE_POLICY, role="r", policy="[]") == ["policy"]
    issuer = {"clientIdLists": ["a"], "url": "https://git.example.com"}
    assert not _refused(OIDC_PROVIDER, **issuer)
    assert _refused(OIDC_PROVIDER, **{**issuer, "url": "http://git.example.com"}) == ["url"]
    assert _refused(OIDC_PROVIDER, **issuer, thumbprintLists=["a"]) == ["thumbprintLists[0]"]


def test_errors_of_iam(aws: Aws) -> None:
    trust = _trust("a")
    provider.create(aws, ROLE, {"name": "taken", "assumeRolePolicy": trust})
    already = (
        r"creating IAM Role \(taken\): operation error IAM: CreateRole, https response error StatusCode: 409, "
        r"RequestID: stand-in, EntityAlreadyExists: Role with name taken already exists\."
    )
    with pytest.raises(ProviderError, match=already):
        provider.create(aws, ROLE, {"name": "taken", "assumeRolePolicy": trust})
    for bad, reason in (
        (_rights(), "CreateRole.*MalformedPolicyDocument"),
        (_trust("a" * 2048), "ACLSizePerRole: 2048"),
    ):
        with pytest.raises(ProviderError, match=reason):
            provider.create(aws, ROLE, {"name": "bad", "assumeRolePolicy": bad})
        assert provider.read(aws, ROLE, "bad", {}, {}) is None
    with pytest.raises(ProviderError, match=r"putting IAM Role \(none\) Policy \(p\): .* NoSuchEntity: "):
        provider.create(aws, ROLE_POLICY, {"role": "none", "name": "p", "policy": _rights()})
    # The quota applies to all policies of the role together.
    half = _rights("arn:aws:s3:::" + "b" * (INLINE_QUOTA // 2))
    provider.create(aws, ROLE_POLICY, {"role": "taken", "name": "one", "policy": half})
    with pytest.raises(
        ProviderError, match="LimitExceeded: Maximum policy size of 10240 bytes exceeded for role taken"
    ):
        provider.create(aws, ROLE_POLICY, {"role": "taken", "name": "two", "policy": half})
    with pytest.raises(ProviderError, match=r"deleting IAM Role \(taken\): .* DeleteConflict: "):
        provider.delete(aws, ROLE, "taken", {})
    provider.delete(aws, ROLE, "taken", {"forceDetachPolicies": True})
    assert provider.read(aws, ROLE, "taken", {}, {}) is None


def test_a_roles_policy(aws: Aws, iam: Any) -> None:
    provider.create(aws, ROLE, {"name": "holder", "assumeRolePolicy": _trust("a")})
    inputs = {"role": "holder", "name": "rights", "policy": _rights()}
    id_, state = provider.create(aws, ROLE_POLICY, inputs)
    assert id_ == "holder:rights"
    wanted = {**inputs, "policy": _rights("arn:aws:s3:::c/*")}
    assert _paths(aws, ROLE_POLICY, state, wanted) == {"policy": False}
    state = provider.update(aws, ROLE_POLICY, id_, state, wanted)
    assert not provider.diff(aws, ROLE_POLICY, state, wanted)
    assert _paths(aws, ROLE_POLICY, state, {**wanted, "role": "other"}) == {"role": True}
    found = provider.read(aws, ROLE_POLICY, id_, {**state, "policy": "a lie"}, {})
    assert found is not None
    assert found.inputs.keys() == inputs.keys()
    assert not provider.diff(aws, ROLE_POLICY, found.state, wanted)
    iam.delete_role_policy(RoleName="holder", PolicyName="rights")
    assert provider.read(aws, ROLE_POLICY, id_, state, {}) is None
    provider.delete(aws, ROLE_POLICY, id_, state)


def test_an_oidc_provider(aws: Aws, iam: Any) -> None:
    inputs: Bag = {"url": "https://git.example.com/ci", "clientIdLists": ["one", "two"], "tags": {"a": "b"}}
    arn, state = provider.create(aws, OIDC_PROVIDER, inputs)
    assert arn == "arn:aws:iam::123456789012:oidc-provider/git.example.com/ci"
    assert (state["arn"], state["url"]) == (arn, "git.example.com/ci")
    assert [len(thumbprint) for thumbprint in state["thumbprintLists"]] == [40]
    assert not provider.diff(aws, OIDC_PROVIDER, state, {**inputs, "clientIdLists": ["two", "one"]})
    already = "EntityAlreadyExists: Provider with url https://git.example.com/ci already exists."
    with pytest.raises(ProviderError, match=already):
        provider.create(aws, OIDC_PROVIDER, inputs)

    wanted = {**inputs, "clientIdLists": ["two", "three"], "tags": {"c": "d"}, "thumbprintLists": ["a" * 40]}
    state = provider.update(aws, OIDC_PROVIDER, arn, state, wanted)
    assert not provider.diff(aws, OIDC_PROVIDER, state, wanted)
    # Thumbprints that the program no longer sets stay.
    del wanted["thumbprintLists"]
    assert not provider.diff(aws, OIDC_PROVIDER, state, wanted)
    assert _paths(aws, OIDC_PROVIDER, state, {**wanted, "url": "https://git.example.com"}) == {"url": True}
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="two")
    found = provider.read(aws, OIDC_PROVIDER, arn, state, wanted)
    assert found is not None
    assert found.inputs["url"] == inputs["url"]
    assert list(_paths(aws, OIDC_PROVIDER, found.state, wanted)) == ["clientIdLists"]
    state = provider.update(aws, OIDC_PROVIDER, arn, found.state, wanted)
    assert not provider.diff(aws, OIDC_PROVIDER, state, wanted)

    for question in ({"url": inputs["url"]}, {"url": "git.example.com/ci"}, {"arn": arn}):
        answer = provider.invoke(aws, FIND, question)
        assert (answer["id"], answer["url"], answer["tags"]) == (arn, "git.example.com/ci", {"c": "d"})
        assert sorted(answer["clientIdLists"]) == ["three", "two"]
    provider.delete(aws, OIDC_PROVIDER, arn, state)
    provider.delete(aws, OIDC_PROVIDER, arn, state)
    assert provider.read(aws, OIDC_PROVIDER, arn, state, {}) is None
    for question in ({"url": inputs["url"]}, {"arn": arn}):
        with pytest.raises(ProviderError, match=r"reading IAM OIDC Provider.*: couldn't find resource"):
            provider.invoke(aws, FIND, question)
    for question in ({}, {"url": inputs["url"], "arn": arn}):
        with pytest.raises(ProviderError, match=r"one of `arn,url`"):
            provider.invoke(aws, FIND, question)


def test_arns_have_the_partition(aws: Aws) -> None:
    for region, partition in (("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")):
        there = Aws.configured({"region": region, "endpoints": [aws.endpoints], "accessKey": "a", "secretKey": "b"})
        role = provider.create(there, ROLE, {"name": partition, "assumeRolePolicy": _trust("a")})[1]
        assert role["arn"] == f"arn:{partition}:iam::123456789012:role/{partition}"
        arn, _ = provider.create(there, OIDC_PROVIDER, {"url": f"https://{region}.example.com", "clientIdLists": ["a"]})
        assert arn == f"arn:{partition}:iam::123456789012:oidc-provider/{region}.example.com"
