"""A stack on AWS whose state was lost: `adopt` takes its bucket, roles and OIDC provider. The real engine, on moto."""

from __future__ import annotations

from typing import Any

import pytest

from support.channels import channels
from support.pulumi.stacks import Stack
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

ISSUER = "idp.example.com"
OTHERS = "of-another-stack"


def oidc(issuer: str = ISSUER) -> dict[str, Any]:
    return {"oidc": {"issuer": f"https://{issuer}", "audience": "sts.amazonaws.com", "subject": "job:packages"}}


def provider(iam: Any) -> Any:
    """The OIDC provider of the issuer; None if there is none."""
    for entry in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        if entry["Arn"].endswith(f"/{ISSUER}"):
            return iam.get_open_id_connect_provider(OpenIDConnectProviderArn=entry["Arn"]) | entry
    return None


def roles(iam: Any, bucket: str) -> dict[str, str]:
    """Name → id, which a new role of the name would not have."""
    return {role["RoleName"]: role["RoleId"] for role in iam.list_roles()["Roles"] if bucket in role["RoleName"]}


def test_a_lost_state_is_made_again_by_adopt(aws: Server, bucket_name: str, stack: Stack, iam: Any) -> None:
    stack.config(publishers={"ci": oidc()}, readers={"build": oidc()}, tags={"team": "platform"})
    ran = stack.up()
    assert ran.code == 0, ran
    packages = channels.fill(aws, bucket_name, "main", stack.folder / "packages")
    arn = provider(iam)["Arn"]
    # Another stack uses the provider too, for another audience.
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=OTHERS)
    before = roles(iam, bucket_name)
    assert len(before) == 2

    stack.lose_state()
    refused = stack.up()
    assert refused.code != 0
    assert "pulumi config set adopt true" in refused.output
    # What the config says now is put right where it differs from what is there.
    stack.config(adopt=True, tags={"team": "other"}, name="renamed")
    preview = stack.preview()
    assert preview.code == 0, preview
    assert preview.done["import"] == 3, preview
    ran = stack.up()
    assert ran.code == 0, ran
    assert roles(iam, bucket_name) == before
    publisher = f"{bucket_name}-main-publisher-ci"
    assert stack.outputs()["access"]["renamed"]["publishers"]["ci"]["role-arn"].endswith(publisher)
    assert iam.get_role(RoleName=publisher)["Role"]["Tags"] == [{"Key": "team", "Value": "other"}]
    assert "channel renamed" in iam.get_role(RoleName=publisher)["Role"]["Description"]
    assert sorted(provider(iam)["ClientIDList"]) == [OTHERS, "sts.amazonaws.com"]
    assert stack.up().done == {}
    assert stack.refresh().done == {}

    # One more principal of the adopted stack is created; another audience is added beside those that are there.
    more = {"oidc": {**oidc()["oidc"], "audience": "mine"}}
    stack.config(maintainers={"keeper": more})
    ran = stack.up()
    assert ran.code == 0, ran
    assert len(roles(iam, bucket_name)) == 3
    assert sorted(provider(iam)["ClientIDList"]) == ["mine", OTHERS, "sts.amazonaws.com"]
    assert stack.up().done == {}

    # What was made for the channel goes; what others may use stays, and so do the packages.
    ran = stack.destroy()
    assert ran.code == 0, ran
    assert roles(iam, bucket_name) == {}
    assert provider(iam)["Arn"] == arn
    assert set(packages) < set(channels.etags(aws, bucket_name))
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_where_iam_cannot_be_asked_it_is_said(aws: Server, bucket_name: str, stack: Stack) -> None:
    aws.client().create_bucket(Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": aws.region})
    stack.config(adopt=True, publishers={"ci": oidc()})
    stack.environment["AWS_ENDPOINT_URL_IAM"] = "http://127.0.0.1:9"
    ran = stack.preview()
    assert f"whether the roles {bucket_name}-main-publisher-ci exist could not be found out" in ran.output
