"""The stand-in's types against moto, without the engine."""

import json
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from pulumi import _types

from support.pulumi.standin import install, provider
from support.pulumi.standin.arguments import check, paths
from support.pulumi.standin.aws import Aws
from support.pulumi.standin.classes import named
from support.pulumi.standin.diff import changes
from support.pulumi.standin.errors import ProviderError
from support.pulumi.standin.policies import equivalent, is_public
from support.pulumi.standin.properties import Kind, Property, UnlistedPropertyError
from support.pulumi.standin.resources import RESOURCES
from support.pulumi.standin.resources.resource import Resource
from support.pulumi.standin.values import UNKNOWN, Bag

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"

# pulumi-aws imports its own deprecated names.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated in favor of:DeprecationWarning")


def _bucket(aws: Aws, name: str, **inputs: Any) -> Bag:
    return provider.create(aws, BUCKET, {"bucket": name, **inputs})[1]


def _document(action: str = "s3:GetObject", **statement: Any) -> str:
    open_to_all = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "arn:aws:s3:::b/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**open_to_all, **statement}]})


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=lambda resource: resource.token)
def test_every_property_is_in_the_table(resource: Resource) -> None:
    """The table has exactly the inputs, nested ones included, and the outputs of pulumi-aws's class."""
    settable = set(paths(resource.arguments))
    not_forwarded = {name for name, entry in resource.table.items() if not entry.forwarded}
    inside = {path for path in settable for name in not_forwarded if path.startswith(f"{name}.")}
    assert not settable - inside - resource.table.keys()
    # aws:s3/bucket:Bucket is pulumi_aws.s3.Bucket; `lambda` is a word of Python.
    module, name = resource.token.split(":")[1].partition("/")[0], resource.token.rpartition(":")[2]
    outputs = _types.resource_types(
        named(f"pulumi_aws.{'lambda_' if module == 'lambda' else module}.{name}")
    ).keys() - {"id", "urn"}
    assert not outputs - resource.table.keys()
    assert not resource.table.keys() - settable - outputs
    assert all(entry.source for entry in resource.table.values())
    computed = {name for name, entry in resource.table.items() if entry.kind is Kind.COMPUTED}
    assert not computed & settable


def test_an_unlisted_property_fails_the_diff() -> None:
    table = {"rules": Property(Kind.UPDATABLE, "here"), "rules.id": Property(Kind.UPDATABLE, "here")}
    assert not changes(table, {"rules": [{"id": "a"}]}, {"rules": [{"id": "a"}]})
    for wanted in ({"rules": [{"id": "a", "new": 1}]}, {"rules": [{"id": "a"}, {"new": 1}]}, {"other": 1}):
        with pytest.raises(UnlistedPropertyError, match=r"new|other"):
            changes(table, {"rules": [{"id": "a"}]}, wanted)


@pytest.mark.parametrize(
    ("token", "change", "replaces"),
    [
        (BUCKET, {"bucket": "other"}, True),
        (BUCKET, {"region": "us-west-2"}, True),
        (BUCKET, {"bucket": UNKNOWN}, True),
        (BUCKET, {"tags": {"a": "c"}}, False),
        (BUCKET, {"tags": None}, False),
        (BUCKET, {"forceDestroy": True}, False),
        (VERSIONING, {"versioningConfiguration": {"status": "Suspended"}}, False),
        (VERSIONING, {"bucket": "other"}, True),
        (VERSIONING, {"expectedBucketOwner": "123456789012"}, True),
        (ACCESS, {"blockPublicAcls": True}, False),
        (POLICY, {"policy": _document("s3:PutObject")}, False),
    ],
)
def test_a_change_updates_or_replaces_as_the_table_says(aws: Aws, token: str, change: Bag, replaces: bool) -> None:
    inputs: Bag = {
        BUCKET: {"tags": {"a": "b"}},
        VERSIONING: {"versioningConfiguration": {"status": "Enabled"}},
        ACCESS: {"blockPublicPolicy": True},
        POLICY: {"policy": _document()},
    }[token]
    inputs = {"bucket": "some", **inputs}
    state = {**inputs, "region": "eu-central-1", "tagsAll": inputs.get("tags", {})}
    assert not provider.diff(aws, token, state, inputs)
    wanted = {name: value for name, value in {**inputs, **change}.items() if value is not None}
    found = provider.diff(aws, token, state, wanted)
    assert {name for name in change if any(one.path.startswith(name) for one in found)} == change.keys()
    assert any(one.replaces for one in found) is replaces


def test_inputs_are_checked_by_name_and_type() -> None:
    def reasons(**inputs: Any) -> list[str]:
        return [failure.path for failure in check(named("pulumi_aws.s3.BucketLifecycleConfigurationArgs"), inputs)]

    rule = {"id": "a", "status": "Enabled"}
    assert not reasons(bucket="b", rules=[rule])
    assert not reasons(bucket=UNKNOWN, rules=UNKNOWN)
    assert reasons(rules=[rule]) == ["bucket"]
    assert reasons(bucket="b", rules=[{"id": "a"}]) == ["rules[0].status"]
    assert reasons(bucket="b", rules=[rule | {"filter": {"and": {"tags": {"a": 1}}}}]) == ["rules[0].filter.and.tags.a"]
    assert reasons(bucket="b", rules=[rule | {"expiration": {"days": True}}]) == ["rules[0].expiration.days"]
    assert reasons(bucket=["b"]) == ["bucket"]
    _, failures = provider.checked(VERSIONING, "v", {"bucket": "b", "versioningConfiguration": {"status": "on"}}, {})
    assert [failure.path for failure in failures] == ["versioningConfiguration.status"]
    _, failures = provider.checked(BUCKET, "b", {"acl": "private"}, {})
    assert "does not forward" in failures[0].reason


def test_an_existing_bucket_is_an_error_in_every_region(aws: Aws) -> None:
    _bucket(aws, "mine")
    with pytest.raises(ProviderError, match="BucketAlreadyOwnedByYou"):
        _bucket(aws, "mine")
    _bucket(aws, "mine-east", region="us-east-1")
    with pytest.raises(ProviderError, match=r"creating S3 Bucket \(mine-east\): BucketAlreadyExists"):
        _bucket(aws, "mine-east", region="us-east-1")


def test_a_bucket_with_objects_is_deleted_only_by_force(aws: Aws, s3: Any) -> None:
    state = _bucket(aws, "full")
    s3.put_bucket_versioning(Bucket="full", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="full", Key="a", Body=b"1")
    s3.delete_object(Bucket="full", Key="a")
    with pytest.raises(ProviderError, match="BucketNotEmpty"):
        provider.delete(aws, BUCKET, "full", state)
    state = provider.update(aws, BUCKET, "full", state, {"bucket": "full", "forceDestroy": True})
    provider.delete(aws, BUCKET, "full", state)
    assert provider.read(aws, BUCKET, "full", state, {}) is None
    provider.delete(aws, BUCKET, "full", state)


def test_a_public_policy_needs_the_block_lifted_first(aws: Aws) -> None:
    _bucket(aws, "guarded")
    inputs = {"bucket": "guarded", "policy": _document()}
    # AWS blocks public access for every new bucket.
    with pytest.raises(ProviderError, match=r"api error AccessDenied.*BlockPublicPolicy"):
        provider.create(aws, POLICY, inputs)
    provider.create(aws, POLICY, {**inputs, "policy": _document(Principal={"AWS": "arn:aws:iam::123456789012:root"})})
    provider.create(aws, ACCESS, {"bucket": "guarded", "blockPublicAcls": True})
    assert provider.create(aws, POLICY, inputs)[1]["policy"] == inputs["policy"]


def test_versioning_is_suspended_and_never_disabled(aws: Aws, s3: Any) -> None:
    _bucket(aws, "versioned")
    inputs = {"bucket": "versioned", "versioningConfiguration": {"status": "Enabled"}}
    id_, state = provider.create(aws, VERSIONING, inputs)
    with pytest.raises(ProviderError, match="cannot be updated from 'Enabled' to 'Disabled'"):
        provider.update(aws, VERSIONING, id_, state, {**inputs, "versioningConfiguration": {"status": "Disabled"}})
    provider.delete(aws, VERSIONING, id_, state)
    assert s3.get_bucket_versioning(Bucket="versioned")["Status"] == "Suspended"


def test_a_read_returns_inputs_from_the_server(aws: Aws, s3: Any) -> None:
    """By id alone, as `import` and `get` do; and a deleted resource is missing."""
    _bucket(aws, "read", tags={"a": "b"})
    rules = [
        {"id": "all", "status": "Enabled", "noncurrentVersionExpiration": {"noncurrentDays": 30}},
        {
            "id": "some",
            "status": "Disabled",
            "filter": {"and": {"prefix": "noarch/", "tags": {"k": "v"}}},
            "transitions": [{"days": 30, "storageClass": "GLACIER"}],
            "expiration": {"expiredObjectDeleteMarker": True},
        },
    ]
    encryption = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "key"}}]
    parts: dict[str, Bag] = {
        LIFECYCLE: {"rules": rules},
        ENCRYPTION: {"rules": encryption},
        ACCESS: {"blockPublicPolicy": True},
        POLICY: {"policy": _document(Principal={"AWS": "123456789012"})},
    }
    for token, inputs in parts.items():
        state = provider.create(aws, token, {"bucket": "read", **inputs})[1]
        assert not provider.diff(aws, token, state, {"bucket": "read", **inputs}), token
        found = provider.read(aws, token, "read", {}, {})
        assert found is not None
        assert not provider.diff(aws, token, found.state, {"bucket": "read", **inputs}), token
        assert found.inputs.keys() >= {"bucket", *inputs}, token
        # The state differs from the server, which is what counts.
        lies = provider.read(aws, token, "read", {**state, "rules": [], "blockPublicPolicy": False}, inputs)
        assert lies is not None
        assert lies.state == state
    found = provider.read(aws, BUCKET, "read", {}, {})
    assert found is not None
    assert found.inputs == {"bucket": "read", "tags": {"a": "b"}}
    assert provider.read(aws, LIFECYCLE, "nowhere", {}, {}) is None
    s3.delete_bucket_policy(Bucket="read")
    assert provider.read(aws, POLICY, "read", {}, {}) is None


def test_default_tags_are_merged_with_the_programs_tags(aws: Aws) -> None:
    tagging = replace(aws, default_tags={"team": "data"})
    state = _bucket(tagging, "tagged", tags={"a": "b"})
    assert (state["tags"], state["tagsAll"]) == ({"a": "b"}, {"team": "data", "a": "b"})
    assert not provider.diff(tagging, BUCKET, state, {"bucket": "tagged", "tags": {"a": "b"}})
    found = provider.diff(aws, BUCKET, state, {"bucket": "tagged", "tags": {"a": "b"}})
    assert [(change.path, change.replaces) for change in found] == [("tagsAll", False)]


def test_the_default_name_is_made_from_the_resource_name() -> None:
    first, _ = provider.checked(BUCKET, "Channel", {}, {})
    assert first["bucket"].startswith("channel-")
    again, _ = provider.checked(BUCKET, "Channel", {}, first)
    assert again == first
    given, _ = provider.checked(BUCKET, "Channel", {"bucket": "x"}, first)
    # A replacement of the same name needs the old one deleted first.
    assert not provider.replaces_before_create(BUCKET, first, first)
    assert provider.replaces_before_create(BUCKET, {"bucket": "x"}, given)
    assert not provider.replaces_before_create(BUCKET, {"bucket": "y"}, given)


def test_the_configuration_is_checked(moto: str) -> None:
    keys = {"accessKey": "a", "secretKey": "b", "endpoints": json.dumps([{"sts": moto, "s3": moto}])}
    good = {"region": "cn-north-1", "s3UsePathStyle": "true", "allowedAccountIds": '["123456789012"]', **keys}
    assert not list(provider.configuration_failures(good))
    aws = provider.configured(good)
    assert provider.invoke(aws, "aws:index/getPartition:getPartition", {})["dnsSuffix"] == "amazonaws.com.cn"
    assert [failure.path for failure in provider.configuration_failures({**good, "regoin": "x"})] == ["regoin"]
    with pytest.raises(ProviderError, match="AWS account ID not allowed: 123456789012"):
        provider.configured({**good, "allowedAccountIds": '["1"]'})
    role = {"roleArn": "arn:aws:iam::210987654321:role/deploy"}
    assumed = provider.configured({**keys, "region": "us-east-1", "assumeRoles": json.dumps([role])})
    assert provider.invoke(assumed, "aws:index/getCallerIdentity:getCallerIdentity", {})["accountId"] == "210987654321"


@pytest.mark.parametrize(
    ("statement", "public"),
    [
        ({}, True),
        ({"Principal": {"AWS": ["*"]}}, True),
        ({"Principal": {"AWS": "123456789012"}}, False),
        ({"Effect": "Deny"}, False),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}}, True),
        ({"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
    ],
)
def test_a_policy_is_public_as_s3_defines_it(statement: Bag, public: bool) -> None:
    assert is_public(_document(**statement)) is public


def test_policies_are_compared_by_their_meaning() -> None:
    one, two = {"Sid": "1", "Action": ["a", "b"]}, {"Sid": "2", "Action": "a", "Resource": ["r"]}
    assert equivalent(
        json.dumps({"Statement": [one, two]}),
        json.dumps({"Statement": [{**two, "Action": ["a"], "Resource": "r"}, {**one, "Action": ["b", "a"]}]}),
    )
    assert not equivalent(json.dumps({"Statement": [one]}), json.dumps({"Statement": [two]}))


def test_the_plugin_ends_with_its_engine(tmp_path: Path) -> None:
    plugin = next((Path(install(tmp_path)["PULUMI_HOME"]) / "plugins").glob("*/pulumi-resource-aws"))
    # A shell replaces the engine, and ends as soon as the plugin is up.
    engine = f"{plugin} 127.0.0.1:1 > {tmp_path}/port & echo $!; until [ -s {tmp_path}/port ]; do sleep 0.1; done"
    started = subprocess.run(["sh", "-c", engine], capture_output=True, text=True, check=True, timeout=60)
    plugins_process = Path("/proc") / started.stdout.strip()
    for _ in range(50):
        if not plugins_process.exists():
            return
        time.sleep(0.1)
    pytest.fail("the plugin is still there")


def test_every_service_uses_the_configured_endpoint(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"accessKey": "a", "secretKey": "b", "region": "eu-central-1"}
    services = ("s3", "iam", "sts", "cloudfront")
    configured = provider.configured({**keys, "endpoints": json.dumps([{"s3": moto, "iam": moto}, {"sts": moto}])})
    assert [configured.client(service).meta.endpoint_url for service in services[:3]] == [moto] * 3
    assert configured.client("cloudfront").meta.endpoint_url == "https://cloudfront.amazonaws.com"
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    elsewhere = provider.configured({**keys, "endpoints": json.dumps([{"iam": "http://127.0.0.1:9"}])})
    found = {service: elsewhere.client(service).meta.endpoint_url for service in services}
    assert found == {**dict.fromkeys(services, moto), "iam": "http://127.0.0.1:9"}


def test_keys_may_come_from_the_environment(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    aws = Aws.configured({})
    assert (aws.region, aws.client("s3").meta.endpoint_url) == ("eu-west-1", moto)
    assert isinstance(aws.session, boto3.Session)
