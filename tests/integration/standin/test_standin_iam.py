"""The stand-in's IAM types under the real engine."""

import json
from typing import Any

import pytest

from support.pulumi.project import Failed, Project

pytestmark = pytest.mark.long

PUBLISHER = """
    import json
    import pulumi
    import pulumi_aws as aws

    issuer = "ISSUER"
    oidc = aws.iam.OpenIdConnectProvider("oidc", url=f"https://{issuer}", client_id_lists=["sts.amazonaws.com"])

    def trust(arn):
        claims = {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": "project_path:g/p:ref_type:branch:ref:main"}
        statement = {
            "Effect": "Allow",
            "Principal": {"Federated": arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": claims},
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    role = aws.iam.Role(
        "publisher",
        name_prefix="channel-",
        path="/ci/",
        assume_role_policy=oidc.arn.apply(trust),
        max_session_duration=7200,
        tags={"channel": "c"},
    )
    rights = {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::b/c/*"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
    aws.iam.RolePolicy("rights", role=role.name, policy=policy)
    pulumi.export("role", role.arn)
"""
# For an account that already has the issuer's provider.
ADOPTER = PUBLISHER.replace(
    'aws.iam.OpenIdConnectProvider("oidc", url=f"https://{issuer}", client_id_lists=["sts.amazonaws.com"])',
    'aws.iam.get_open_id_connect_provider_output(url=f"https://{issuer}")',
)


def test_a_publisher_from_up_to_destroy(project: Project, iam: Any) -> None:
    project.write(PUBLISHER.replace("ISSUER", "git.round-trip.example"))
    previewed = project.pulumi("preview", "--stack=test")
    assert "+ 4 to create" in previewed
    up = project.up()
    assert "+ 4 created" in up
    assert "arn:aws:iam::123456789012:role/ci/channel-" in up
    state = project.state()
    role, oidc = state["publisher"]["id"], state["oidc"]["id"]
    assert "4 unchanged" in project.up("--refresh", "--expect-no-changes")

    iam.update_assume_role_policy(
        RoleName=role,
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
            }
        ),
    )
    iam.update_role(RoleName=role, MaxSessionDuration=43200)
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=oidc, ClientID="stranger")
    iam.delete_role_policy(RoleName=role, PolicyName=state["rights"]["outputs"]["name"])
    refreshed = project.pulumi("refresh", "--yes", "--skip-preview")
    assert "~ 2 updated" in refreshed
    assert "- 1 deleted" in refreshed

    mended = project.up()
    assert "~ 2 updated" in mended
    assert "+ 1 created" in mended
    found = iam.get_role(RoleName=role)["Role"]
    assert found["MaxSessionDuration"] == 7200
    assert found["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Federated": oidc}
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=oidc)["ClientIDList"] == ["sts.amazonaws.com"]
    assert "4 unchanged" in project.up("--refresh", "--expect-no-changes")
    assert project.state()["publisher"]["id"] == role

    assert "- 4 deleted" in project.pulumi("destroy", "--yes", "--skip-preview")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=role)
    assert oidc not in str(iam.list_open_id_connect_providers())


def test_an_existing_issuer_is_refused_or_adopted(project: Project, iam: Any) -> None:
    arn = iam.create_open_id_connect_provider(Url="https://git.adopted.example", ClientIDList=["sts.amazonaws.com"])[
        "OpenIDConnectProviderArn"
    ]
    project.write(PUBLISHER.replace("ISSUER", "git.adopted.example"))
    with pytest.raises(Failed, match="EntityAlreadyExists: Provider with url https://git"):
        project.up()
    project.write(ADOPTER.replace("ISSUER", "git.adopted.example"))
    assert "+ 2 created" in project.up()
    assert "3 unchanged" in project.up("--refresh", "--expect-no-changes")
    project.pulumi("destroy", "--yes", "--skip-preview")
    assert arn in str(iam.list_open_id_connect_providers())
