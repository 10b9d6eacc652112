"""What the preflight says of changes that mean another bucket: the handler on moto and MinIO, without the engine."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.providers.rows.aws import AWS
from chaninfra.pulumi.handlers import Handler
from support.channels import channels
from support.pulumi.handlers import Store
from support.servers.s3_servers import Server

OTHER_ACCOUNT = "210987654321"
PACKAGE = "main/linux-64/tool-1.0-0.conda"


class OnAws(Store):
    """A bucket that the aws backend made."""

    def __init__(self, server: Server, bucket: str) -> None:
        super().__init__(server, bucket)
        self.store["chain"] = "aws"
        self.keys = {"aws:accessKey": server.access_key_id, "aws:secretKey": server.secret_access_key}
        self._config |= {**self.keys, "aws:endpoints": f'[{{"sts": "{server.endpoint_url}"}}]'}

    def change(self, olds: dict[str, Any] | None = None, **store: Any) -> str:
        """What the preflight says of the change of these keys of `store`; "" if it lets it go."""
        before = {**self.created(), **(olds or {})}
        said = self.preflight(**store).check(before, self.props(store={**self.store, **store}, **self.more))
        return said[1] if said else ""

    more: dict[str, Any] = {}

    def preflight(self, **store: Any) -> Handler[Any, Any]:
        return self.handler("preflight", **store)

    def created(self) -> dict[str, Any]:
        made: dict[str, Any] = self.preflight().create(self.props())[1]
        return made


@pytest.fixture
def on_aws(aws: Server, bucket_name: str) -> OnAws:
    """The channel of a stack on AWS, with one package."""
    store = OnAws(aws, bucket_name)
    store.make()
    aws.client().put_object(Bucket=bucket_name, Key=PACKAGE, Body=b"a package")
    return store


@pytest.mark.parametrize("region", ["us-west-2", "cn-north-1", "us-gov-west-1"])
def test_another_region_is_refused_at_the_same_endpoint(on_aws: OnAws, aws: Server, region: str) -> None:
    said = on_aws.change(region=region)
    assert "key region: 1 package in" in said
    assert f"is in {aws.region}" in said
    assert f"to change the region to {region}" in said
    # A state without the account, of an earlier version, and one that a run that failed has written.
    assert on_aws.change({"account": None}, region=region) == said
    # With force in the state; and the other way round, with force in the config only.
    assert on_aws.change({"force-destroy": True}, region=region) == ""
    on_aws.more = {"force-destroy": True}
    assert on_aws.change(region=region) == said


def test_the_bucket_itself_says_where_it_is(on_aws: OnAws, aws: Server, bucket_name: str) -> None:
    """A run that failed may have written the new region into the state, while the bucket is where it was."""
    elsewhere = {**on_aws.store, "region": "us-west-2"}
    olds = {**on_aws.created(), "store": elsewhere}
    back = on_aws.preflight().check(olds, on_aws.props())
    assert back is None
    again = on_aws.handler("preflight", region="us-west-2").check(olds, on_aws.props(store=elsewhere))
    assert again is not None
    assert f"is in {aws.region}" in again[1]
    # Deleted by hand, nothing can be lost.
    client = aws.client()
    for key in channels.etags(aws, bucket_name):
        client.delete_object(Bucket=bucket_name, Key=key)
    client.delete_bucket(Bucket=bucket_name)
    assert on_aws.change(region="us-west-2") == ""


def test_a_provider_of_another_region_is_refused(on_aws: OnAws, aws: Server) -> None:
    """A component's own `aws.Provider`; also for a bucket that is not made yet."""
    on_aws.more = {"provider-region": "us-west-2"}
    for said in (on_aws.change(), str(on_aws.preflight().check({}, on_aws.props(**on_aws.more)))):
        assert f"key region: the aws.Provider is of us-west-2, and the bucket of {aws.region}" in said
    on_aws.more = {"provider-region": aws.region}
    assert on_aws.change() == ""
    assert not on_aws.preflight().diff(on_aws.created(), on_aws.props(**on_aws.more)).changes


def test_an_empty_channel_is_cleared_for_its_new_region(on_aws: OnAws, aws: Server, bucket_name: str) -> None:
    aws.client().delete_object(Bucket=bucket_name, Key=PACKAGE)
    assert on_aws.change(region="us-west-2") == ""
    before = channels.etags(aws, bucket_name)
    unchanged = on_aws.preflight().update(on_aws.created(), on_aws.props(**{"force-destroy": True}))
    assert unchanged["account"]
    assert channels.etags(aws, bucket_name) == before
    news = on_aws.props(store={**on_aws.store, "region": "us-west-2"})
    on_aws.handler("preflight", region="us-west-2").update(on_aws.created(), news)
    assert channels.etags(aws, bucket_name) == {}


def test_another_account_is_refused(on_aws: OnAws, aws: Server, bucket_name: str) -> None:
    given = aws.service("sts").assume_role(RoleArn=f"arn:aws:iam::{OTHER_ACCOUNT}:role/ops", RoleSessionName="other")[
        "Credentials"
    ]
    olds = on_aws.created()
    on_aws._config |= {
        "aws:accessKey": given["AccessKeyId"],
        "aws:secretKey": given["SecretAccessKey"],
        "aws:token": given["SessionToken"],
    }
    said = on_aws.preflight().check(olds, on_aws.props())
    assert said is not None
    assert f"these credentials are of the AWS account {OTHER_ACCOUNT}" in said[1]
    assert f"in {olds['account']}" in said[1]
    assert "aws:profile" in said[1]
    # An old state does not know the account; the bucket's owner is asked for then.
    del olds["account"]
    said = on_aws.preflight().check(olds, on_aws.props())
    assert said is not None
    assert "may not look at" in said[1]
    # Nobody asks where the provider is told not to.
    on_aws._config["aws:skipRequestingAccountId"] = "true"
    assert on_aws.preflight().session.account is None
    assert on_aws.preflight().check(olds, on_aws.props()) is None


def test_an_sts_that_does_not_answer_is_no_reason_to_refuse(on_aws: OnAws, aws: Server) -> None:
    on_aws._config["aws:endpoints"] = '[{"sts": "http://127.0.0.1:1"}]'
    assert on_aws.preflight().session.account is None
    assert "account" not in on_aws.created()
    assert on_aws.change() == ""
    assert "key region: 1 package" in on_aws.change(region="us-west-2")


@pytest.mark.parametrize(("before", "now"), [("aws", "any"), ("any", "aws")])
def test_another_kind_of_provider_is_refused(
    on_aws: OnAws, bucket_name: str, minio: Server, before: str, now: str
) -> None:
    said = on_aws.change({"store": {**on_aws.store, "chain": before}}, chain=now)
    assert "key provider" in said
    assert "was made as one of another kind of store" in said
    assert "`adopt`" in said
    # In another store, where there is no such bucket.
    elsewhere = {"endpoint-url": minio.endpoint_url, "region": minio.region, "chain": "any", "namespace": "ns"}
    on_aws._config |= {f"ns:{key}": value for key, value in _keys(minio).items()}
    assert "key provider: 1 package in" in on_aws.change({"store": {**on_aws.store, "chain": "aws"}}, **elsewhere)
    # An adopted bucket is no resource that could be deleted.
    on_aws.more = {"adopt": True}
    assert on_aws.change({"adopt": True, "store": {**on_aws.store, "chain": "aws"}}, chain="any") == ""


def _keys(server: Server) -> dict[str, str]:
    return {"access-key-id": server.access_key_id, "secret-access-key": server.secret_access_key}


@pytest.mark.parametrize("missing", ["chain", "profile"])
def test_a_change_that_only_says_how_the_bucket_is_reached_is_let_go(on_aws: OnAws, missing: str) -> None:
    old: dict[str, Any] = {name: value for name, value in on_aws.store.items() if name != missing}
    assert on_aws.change({"store": old}) == ""
    assert on_aws.change({"store": {**old, "force-path-style": False}}) == ""
    other_name = on_aws.store["endpoint-url"].replace("127.0.0.1", "localhost")
    descriptor = on_aws.props()["document"]
    assert on_aws.store["endpoint-url"] in descriptor
    assert on_aws.change(**{"endpoint-url": other_name}) == ""


def test_a_signing_region_of_another_store_may_change(versitygw: Server, bucket_name: str) -> None:
    store = Store(versitygw, bucket_name)
    store.make()
    versitygw.client().put_object(Bucket=bucket_name, Key=PACKAGE, Body=b"a package")
    olds = store.props(store={**store.store, "chain": "any", "region": "somewhere"})
    assert store.handler("preflight", chain="any").check(olds, store.props()) is None


def test_a_profile_that_is_not_there_is_found_in_the_preview(versitygw: Server, bucket_name: str) -> None:
    with_keys = Store(versitygw, bucket_name)
    with_keys.handler("bucket").create(with_keys.props())
    store = Store(versitygw, bucket_name, {})
    changed = {**store.store, "profile": "nobody"}
    said = store.handler("preflight", profile="nobody").check(store.props(), store.props(store=changed))
    assert said is not None
    assert "nobody" in said[1]


def test_the_public_endpoints_of_aws_are_one_place(on_aws: OnAws) -> None:
    from chaninfra.pulumi.handlers.left_bucket import on_aws_itself

    public = {**on_aws.store, "region": "cn-north-1", "endpoint-url": AWS.endpoint_url({"region": "cn-north-1"})}
    assert on_aws_itself(public)  # type: ignore[arg-type]
    assert not on_aws_itself(on_aws.store)
    assert not on_aws_itself({**public, "chain": "any"})  # type: ignore[arg-type, typeddict-item]
