"""Access on AWS by the real engine on the stand-in for pulumi-resource-aws, which forwards to moto.

Moto does not evaluate policies. The tests check the documents and settings that AWS would have, that an unchanged
config makes no change, that changes by hand are found and reverted, and that each option is changed in place. What the
policies allow is tested in `tests/integration/servers`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.channels import channels
from support.pulumi.stacks import Stack
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

GITHUB = "token.actions.githubusercontent.com"
PUBLISHERS = {
    "ci": {"github": {"repository": "acme/packages", "branch": "main"}},
    "ops": {"arn": "arn:aws:iam::123456789012:role/ops"},
}
PROMOTERS = {
    "release": {"github": {"repository": "acme/packages", "environment": "release"}, "from": ["s3://staging/main"]},
    "builder": {"arn": "arn:aws:iam::123456789012:role/builder"},
}
READERS = {"apps": {"gitlab": {"project": "acme/app", "branch": "main"}}}


def role_names(iam: Any, bucket: str) -> list[str]:
    return sorted(role["RoleName"] for role in iam.list_roles()["Roles"] if bucket in role["RoleName"])


def statements(client: Any, bucket: str) -> dict[str, Any]:
    """Sid → statement of the bucket policy."""
    policy = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])
    return {one["Sid"]: one for one in policy["Statement"]}


def bucket_for_logs(aws: Server, name: str) -> str:
    """A bucket that S3 may write access logs to."""
    client = aws.client()
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws.region})
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    client.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return name


def test_the_life_of_roles_on_the_aws_standin(aws: Server, bucket_name: str, stack: Stack, iam: Any) -> None:
    stack.config(publishers=PUBLISHERS, readers=READERS)
    ran = stack.up()
    assert ran.code == 0, ran
    publisher, reader = f"{bucket_name}-main-publisher-ci", f"{bucket_name}-main-reader-apps"
    assert role_names(iam, bucket_name) == [publisher, reader]
    access = stack.outputs()["access"]["main"]
    assert "promoters" not in access
    role = iam.get_role(RoleName=publisher)["Role"]
    assert access["publishers"] == {
        "ci": {"kind": "github", "role-arn": role["Arn"]},
        "ops": {"kind": "arn", "arn": "arn:aws:iam::123456789012:role/ops"},
    }
    (trusted,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Principal"]["Federated"].endswith(f":oidc-provider/{GITHUB}")
    assert trusted["Condition"]["StringEquals"] == {
        f"{GITHUB}:aud": "sts.amazonaws.com",
        f"{GITHUB}:repository": "acme/packages",
    }
    permissions = iam.get_role_policy(RoleName=publisher, PolicyName="conda-channel")["PolicyDocument"]
    assert "s3:DeleteObject" not in json.dumps(permissions)
    assert "channel.json" not in json.dumps(permissions)

    # An unchanged config makes no change.
    assert stack.up().done == {}
    assert stack.refresh().done == {}

    # Changed by hand: more permissions, another trust policy, a missing role policy.
    wide = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=publisher, PolicyName="conda-channel", PolicyDocument=json.dumps(wide))
    anybody = {**trusted, "Condition": {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}}
    iam.update_assume_role_policy(
        RoleName=publisher, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [anybody]})
    )
    iam.delete_role_policy(RoleName=reader, PolicyName="conda-channel")
    assert stack.refresh().code == 0
    ran = stack.up()
    assert ran.done == {"created": 1, "updated": 2}, ran
    assert iam.get_role(RoleName=publisher)["Role"]["AssumeRolePolicyDocument"]["Statement"] == [trusted]
    assert iam.get_role_policy(RoleName=publisher, PolicyName="conda-channel")["PolicyDocument"] == permissions

    # Each option changed in place with packages in the channel; one principal added, one removed.
    logs = bucket_for_logs(aws, f"{bucket_name}-logs")
    packages = channels.fill(aws, bucket_name, "main", stack.folder / "packages")
    stack.config(
        publishers={"ci": {"github": {"repository": "acme/packages", "environment": "release"}}},
        maintainers={"keeper": {"github": {"repository": "acme/packages", "environment": "keepers"}}},
        promoters=PROMOTERS,
        old_versions_days=30,
        open_uploads_days=2,
        cors_origins=["https://docs.example.com"],
        tags={"team": "platform"},
        aws={
            "kms-key-arn": "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "log-bucket": logs,
            "no-overwrite": True,
            "roles": {
                "max-session-duration": 7200,
                "permissions-boundary": "arn:aws:iam::123456789012:policy/boundary",
            },
        },
    )
    ran = stack.up()
    assert ran.code == 0, ran
    assert "replaced" not in ran.done
    assert stack.up().done == {}
    assert stack.refresh().done == {}
    client = aws.client()
    rule = client.get_bucket_encryption(Bucket=bucket_name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert "kms:Decrypt" in json.dumps(iam.get_role_policy(RoleName=reader, PolicyName="conda-channel"))
    assert iam.get_role(RoleName=publisher)["Role"]["MaxSessionDuration"] == 7200
    promoter = f"{bucket_name}-main-promoter-release"
    assert stack.outputs()["access"]["main"]["promoters"] == {
        "release": {
            "kind": "github",
            "role-arn": iam.get_role(RoleName=promoter)["Role"]["Arn"],
            "from": ["s3://staging/main"],
        },
        "builder": {"kind": "arn", "arn": "arn:aws:iam::123456789012:role/builder"},
    }
    granted = iam.get_role_policy(RoleName=promoter, PolicyName="conda-channel")["PolicyDocument"]["Statement"]
    assert {one["Sid"]: one["Resource"] for one in granted}["ReadSources"] == ["arn:aws:s3:::staging/main/*"]
    (named,) = [one for sid, one in statements(client, bucket_name).items() if sid == "ChaninfraPromoterMainAddFiles"]
    assert f"arn:aws:s3:::{bucket_name}/main/.chaninfra/patches/*" in named["Resource"]
    assert set(packages) < set(channels.etags(aws, bucket_name))

    assert stack.destroy().code != 0
    stack.config(force_destroy=True)
    assert stack.up().code == 0
    assert stack.destroy().code == 0
    assert role_names(iam, bucket_name) == []
    assert bucket_name not in channels.buckets(aws)


def test_an_organization_and_vpc_endpoints_on_the_aws_standin(
    aws: Server, bucket_name: str, stack: Stack, iam: Any
) -> None:
    """Moto evaluates the condition that exempts whoever runs Pulumi, see `moto_more`, but not that on VPC endpoints."""
    issuer = "gitlab.example.com"
    there = iam.create_open_id_connect_provider(
        Url=f"https://{issuer}", ClientIDList=["https://gitlab.example.com"], ThumbprintList=["0" * 40]
    )["OpenIDConnectProviderArn"]
    keys: dict[str, Any] = {
        "organization-id": "o-a1b2c3d4e5",
        "vpc-endpoints": ["vpce-0123456789abcdef0"],
        "existing-oidc-providers": [f"https://{issuer}"],
        "roles": {"path": "/conda/", "name-prefix": "acme-"},
    }
    stack.config(
        visibility="organization",
        publishers={"own": {"gitlab": {"project": "acme/packages", "tag": "v*", "host": issuer}}},
        aws=keys,
    )
    ran = stack.up()
    assert ran.code == 0, ran
    role = f"acme-{bucket_name}-main-publisher-own"
    arn = stack.outputs()["access"]["main"]["publishers"]["own"]["role-arn"]
    assert arn.endswith(f":role/conda/{role}")
    found = iam.get_role(RoleName=role)["Role"]
    assert (found["Arn"], found["Path"]) == (arn, "/conda/")
    (trusted,) = found["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Principal"]["Federated"] == there
    client = aws.client()
    deployer = aws.service("sts").get_caller_identity()["Arn"]
    denial = statements(client, bucket_name)["ChaninfraDenyOutsideVpc"]
    assert denial["Condition"] == {
        "StringNotEquals": {"aws:SourceVpce": ["vpce-0123456789abcdef0"]},
        "ArnNotLike": {"aws:PrincipalArn": [deployer]},
    }
    assert stack.up().done == {}
    assert stack.refresh().done == {}

    # Changed by hand: another bucket policy without the denial; a missing role policy.
    packages = channels.fill(aws, bucket_name, "main", stack.folder / "packages")
    everybody = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket_name}/*",
    }
    client.put_bucket_policy(Bucket=bucket_name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [everybody]}))
    iam.delete_role_policy(RoleName=role, PolicyName="conda-channel")
    ran = stack.refresh()
    assert ran.done == {"updated": 1, "deleted": 1}, ran
    ran = stack.up()
    assert ran.done == {"updated": 1, "created": 1}, ran
    assert set(statements(client, bucket_name)) == {
        "ChaninfraOrganizationReadGetObject",
        "ChaninfraOrganizationReadListBucket",
        "ChaninfraDenyOutsideVpc",
    }

    # The bucket is changed in place. The role is replaced, since its name and path cannot change.
    keys |= {"vpc-endpoints": ["vpce-1"], "roles": {"path": "/channels/", "name-prefix": "acme-2-"}}
    stack.config(aws=keys)
    ran = stack.up()
    assert ran.done.get("replaced") == 2, ran
    assert ran.done.get("updated") == 1, ran
    assert role_names(iam, bucket_name) == [f"acme-2-{bucket_name}-main-publisher-own"]
    assert statements(client, bucket_name)["ChaninfraDenyOutsideVpc"]["Condition"]["StringNotEquals"] == {
        "aws:SourceVpce": ["vpce-1"]
    }
    assert set(packages) < set(channels.etags(aws, bucket_name))
    assert stack.up().done == {}

    stack.config(force_destroy=True)
    assert stack.up().code == 0
    ran = stack.destroy()
    assert ran.code == 0, ran
    assert role_names(iam, bucket_name) == []
    assert bucket_name not in channels.buckets(aws)
    # The provider existed before the stack, so it stays.
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=there)["Url"].endswith(issuer)


def test_profile_and_role_of_the_provider_apply_to_all_resources_on_the_aws_standin(
    aws: Server, bucket_name: str, stack: Stack, tmp_path: Path
) -> None:
    """With a role of another account, moto acts in that account: a bucket made without the role would be missing."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        stack.environment.pop(name)
    (tmp_path / "credentials").write_text(
        f"[deployer]\naws_access_key_id = {aws.access_key_id}\naws_secret_access_key = {aws.secret_access_key}\n"
    )
    stack.environment |= {
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    role = "arn:aws:iam::210987654321:role/deployer"
    external = "an-id-that-nobody-else-knows"
    stack.config(**{"aws:profile": "deployer"})
    stack.secret("aws:assumeRoles", json.dumps([{"roleArn": role, "externalId": external, "duration": "1h"}]))
    ran = stack.up()
    assert ran.code == 0, ran
    assert external not in stack.export() + ran.output
    assert external in stack.run("config", "--show-secrets").output

    assert bucket_name not in channels.buckets(aws)
    assumed = aws.service("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    keys = {
        "aws_access_key_id": assumed["AccessKeyId"],
        "aws_secret_access_key": assumed["SecretAccessKey"],
        "aws_session_token": assumed["SessionToken"],
    }
    listed = aws.client(**keys).list_objects_v2(Bucket=bucket_name)["Contents"]
    assert "main/linux-64/repodata.json" in {entry["Key"] for entry in listed}
    assert stack.refresh().done == {}
    assert stack.destroy().code == 0
