"""Components in user programs: inside another component, renamed, moved to another stack; by the real engine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from support.channels import channels
from support.paths import ROOT
from support.pulumi.components import python_stack
from support.pulumi.stacks import PASSPHRASE, engine
from support.pulumi.standin import install
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

EXAMPLES = ROOT / "examples"

SEVERAL = """
    import pulumi
    from chaninfra.pulumi import ChannelBucket, CondaChannel

    config = pulumi.Config()
    about = {"provider": "minio", "endpoint_url": config.require("endpoint-url"), "subdirs": ["linux-64"]}

    class Platform(pulumi.ComponentResource):
        "A component of another library, with a channel in it."

        def __init__(self, name, opts=None):
            super().__init__("acme:platform:Platform", name, None, opts)
            args = {**about, "bucket": config.require("first"), "publishers": {"ci": {"key": {}}}}
            options = pulumi.ResourceOptions(parent=self)
            if config.get("before"):
                options.aliases = [pulumi.Alias(name=config.get("before"))]
            self.channel = CondaChannel(config.require("name"), args, options)
            self.register_outputs({})

    def patient(args):
        more = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="7m"))
        return pulumi.ResourceTransformResult(args.props, pulumi.ResourceOptions.merge(args.opts, more))

    if config.get("name"):
        platform = Platform("platform")
        pulumi.export("first", platform.channel.url)
    if config.get("second"):
        teams = ChannelBucket(
            "teams",
            {
                **about,
                "bucket": config.require("second"),
                "channels": {"a": {"publishers": {"ci": {"key": {}}}}, "b": {}},
            },
            pulumi.ResourceOptions(protect=config.get_bool("protected"), transforms=[patient]),
        )
        pulumi.export("channels", teams.descriptors)
"""


def test_components_are_renamed_and_moved_without_a_replacement(
    minio: Server, bucket_name: str, tmp_path: Path
) -> None:
    other = f"{bucket_name}-2"
    config = {"endpoint-url": minio.endpoint_url, "name": "packages", "first": bucket_name, "second": other}
    stack = python_stack(tmp_path / "stack", dedent(SEVERAL), minio.environment(), **config, protected=True)
    ran = stack.up()
    assert ran.code == 0, ran
    outputs = stack.outputs()
    assert (outputs["first"], set(outputs["channels"])) == (f"s3://{bucket_name}", {"a", "b"})
    resources = json.loads(stack.export())["deployment"]["resources"]
    by_name = {each["urn"].rpartition("::")[2]: each for each in resources}
    assert by_name["packages"]["parent"].endswith("acme:platform:Platform::platform")
    assert by_name["teams-a"]["parent"].endswith("::teams")
    # `protect` applies to all resources of that component, and to none of the other.
    ours = {name for name, each in by_name.items() if each["type"].startswith("pulumi-python")}
    assert {name for name in ours if by_name[name].get("protect")} == {n for n in ours if n.startswith("teams-")}
    assert {name for name in ours if name.startswith("packages-")} == ours - {n for n in ours if n.startswith("teams-")}
    assert by_name["teams-bucket"]["customTimeouts"] == {"create": 420}
    assert "customTimeouts" not in by_name["packages-bucket"]
    before = channels.etags(minio, bucket_name)

    # Rename the component.
    stack.config(name="artifacts", before="packages", protected=False)
    ran = stack.up()
    assert ran.code == 0, ran
    assert not {"replaced", "deleted", "created"} & set(ran.done), ran
    assert "artifacts-channel-publisher-ci-key" in stack.resources()
    assert stack.up("--expect-no-changes").code == 0

    # Move it to another stack of the project.
    urn = next(
        each["urn"]
        for each in json.loads(stack.export())["deployment"]["resources"]
        if each["type"].endswith("Platform")
    )
    settings = stack.settings.read_text()
    stack.name = "new"
    stack.init()
    stack.settings.write_text(settings)
    stack.config(second=None)
    stack.name = "test"
    ran = stack.run("state", "move", "--source", "test", "--dest", "new", "--yes", urn)
    assert ran.code == 0, ran
    stack.config(name=None)
    assert stack.up("--expect-no-changes").code == 0
    stack.name = "new"
    ran = stack.up()
    assert ran.code == 0, ran
    assert not {"replaced", "deleted"} & set(ran.done), ran
    assert channels.etags(minio, bucket_name) == before
    assert stack.destroy().code == 0
    stack.name = "test"
    assert stack.destroy().code == 0
    assert not {bucket_name, other} & set(channels.buckets(minio))


AWS = """
    import json

    import pulumi
    import pulumi_aws as aws
    from chaninfra.pulumi import CondaChannel, Publisher

    config = pulumi.Config()
    url = config.require("endpoint-url")

    def provider(region):
        endpoints = [{"s3": url, "iam": url, "sts": url}]
        return aws.Provider(
            region, region=region, endpoints=endpoints, s3_use_path_style=True,
        )

    account = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}
    trusting = json.dumps({"Version": "2012-10-17", "Statement": [account]})
    urls = {}
    for region in ("eu-central-1", "us-west-2"):
        by = provider(region)
        options = pulumi.ResourceOptions(providers=[by])
        # A role whose ARN is an Output.
        role = aws.iam.Role(
            f"builder-{region}", assume_role_policy=trusting, opts=pulumi.ResourceOptions(provider=by)
        )
        channel = CondaChannel(
            region,
            {
                "provider": "aws",
                "bucket": f"{config.require('bucket')}-{region}",
                "region": region,
                "endpoint_url": url,
                "force_path_style": True,
                "prefix": "main",
                "subdirs": ["linux-64"],
                "maintainers": {"builder": {"arn": role.arn}},
            },
            options,
        )
        urls[region] = channel.descriptor
        if region == "eu-central-1":
            issuer = aws.iam.OpenIdConnectProvider(
                "github", url="https://token.actions.githubusercontent.com", client_id_lists=["sts.amazonaws.com"],
                opts=pulumi.ResourceOptions(provider=by),
            )
            publisher = Publisher(
                "ci",
                {
                    "channel": channel.descriptor,
                    "github": {"repository": "acme/packages", "branch": "main"},
                    "oidc_provider_arn": issuer.arn,
                },
                options,
            )
            pulumi.export("role", publisher.role_arn)
    pulumi.export("channels", urls)
"""


def test_two_regions_an_arn_as_an_output_and_a_publisher_on_the_aws_standin(
    aws: Server, bucket_name: str, tmp_path: Path
) -> None:
    environment = {**aws.environment(), **install(tmp_path / "home"), "AWS_ENDPOINT_URL": aws.endpoint_url}
    config = {"bucket": bucket_name, "endpoint-url": aws.endpoint_url}
    stack = python_stack(tmp_path / "stack", dedent(AWS), environment, **config)
    ran = stack.preview()
    assert ran.code == 0, ran
    ran = stack.up()
    assert ran.code == 0, ran
    outputs = stack.outputs()
    client, iam = aws.client(), aws.service("iam")
    for region, descriptor in outputs["channels"].items():
        bucket = descriptor["bucket"]
        assert descriptor["region"] == region
        assert client.get_bucket_location(Bucket=bucket)["LocationConstraint"] == region
        assert "main/channel.json" in channels.etags(aws, bucket)
        policy = client.get_bucket_policy(Bucket=bucket)["Policy"]
        assert f"role/builder-{region}" in policy
        assert "not-known-yet" not in policy
        stores = {
            json.dumps(each["inputs"]["store"]["region"])
            for each in stack.resources().values()
            if each["inputs"].get("store", {}).get("bucket") == bucket
        }
        assert stores == {json.dumps(region)}
    name = outputs["role"].rpartition("/")[2]
    assert name == f"{bucket_name}-eu-central-1-main-publisher-ci"
    trusted = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert "repo:acme/packages:ref:refs/heads/main" in json.dumps(trusted["Condition"])
    rights = iam.get_role_policy(RoleName=name, PolicyName="conda-channel")["PolicyDocument"]["Statement"]
    assert {one["Sid"] for one in rights} == {"ReadChannel", "ListBucket", "AddFiles"}
    assert stack.up("--expect-no-changes").code == 0
    assert stack.destroy().code == 0


def test_a_user_error_has_no_traceback(tmp_path: Path) -> None:
    program = """
        import pulumi
        from chaninfra.pulumi import CondaChannel

        CondaChannel("packages", {"bucket": "my-bucket", "prefix": pulumi.Output.from_input("main")})
    """
    stack = python_stack(tmp_path / "stack", dedent(program), {"AWS_REGION": "eu-central-1"})
    ran = stack.preview()
    assert ran.code != 0
    assert "`prefix` must be a plain value" in ran.output, ran
    assert "Traceback" not in ran.output


def test_the_automation_example_makes_a_channel_for_each_team(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    teams = [f"a{bucket_name[5:]}", f"b{bucket_name[5:]}"]
    (tmp_path / "teams.txt").write_text("\n".join(teams))
    (tmp_path / "state").mkdir()
    environment: dict[str, str] = {
        **{key: value for key, value in engine().environment({}).items() if not key.startswith(("AWS_", "PULUMI_"))},
        **minio.environment(),
        "HOME": str(tmp_path),
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": (tmp_path / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    command: list[Any] = [sys.executable, EXAMPLES / "automation" / "teams.py", tmp_path / "teams.txt"]

    def run() -> str:
        ran = subprocess.run(
            [*command, "--endpoint-url", minio.endpoint_url],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    first = run()
    for number, team in enumerate(teams, 1):
        assert f"[{number}/2] {team}: create {team}-skeleton" in first
        assert f"[{number}/2] {team}: s3://conda-{team}/{team}" in first
        assert f"{team}/channel.json" in channels.etags(minio, f"conda-{team}")
    again = run()
    assert re.findall(r"nothing to do", again) == ["nothing to do"] * 2, again
