"""Every template as somebody takes it: the commands of its README, as they are written, and a client that installs.

What is put in: names of places, the environment that all projects share (see `environment`), and for AWS where the
stand-in is. Moto judges no access; what is held there is that the roles are those that the template says.
"""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from support.channels import channels, conda_client
from support.channels.packages import make_package
from support.paths import ROOT
from support.pulumi import standin, templates
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

PACKAGE = "my-package-1.0-0.conda"


class Person:
    """One who types what a README says, into one shell after another."""

    def __init__(self, name: str, folder: Path, variables: dict[str, str], places: dict[str, str]) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self.variables = variables
        self.take = templates.taking(name)
        self.start, *self.middle, self.end = (self._with(block, places) for block in templates.commands(name))
        make_package(folder, "my-package", "1.0")
        self.package = folder / PACKAGE

    @staticmethod
    def _with(block: str, places: dict[str, str]) -> str:
        for written, put_in in places.items():
            block = block.replace(written, put_in)
        return block

    def takes_the_template(self) -> Path:
        """What makes the project, and the first block in it; its folder, in which the package lies now too."""
        self.run(self.take)
        (self.folder,) = self.folder.iterdir()
        made = "python3 -m venv venv && "
        assert made in self.start
        self.run(self.start.replace(made, 'ln -s "$SHARED" venv && '))
        (self.folder / PACKAGE).write_bytes(self.package.read_bytes())
        return self.folder

    def goes_on(self) -> None:
        """All blocks but the first and the last."""
        self.run("\n".join(self.middle))

    def takes_it_down(self) -> None:
        """The last block."""
        self.run(f". venv/bin/activate\n{self.end}")

    def run(self, script: str) -> str:
        """What the script printed on both streams; every command of it must succeed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture
def on_aws(machine: dict[str, str], aws: Server) -> dict[str, str]:
    """The variables of a shell with credentials of an AWS that is moto, behind the stand-in for its plugin.

    It has no identity provider yet: an account can have one for an issuer, and other tests leave theirs.
    """
    iam = aws.service("iam")
    for provider in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider["Arn"])
    plugin = standin.install(Path(machine["PULUMI_HOME"]))
    return {**machine, **plugin, **aws.environment(), "AWS_ENDPOINT_URL": aws.endpoint_url}


def tell_where_the_standin_is(person: Person, aws: Server, stacks: Sequence[str]) -> None:
    """What no user has to say; all else is as on AWS."""
    keys = {"provider": "aws", "endpoint-url": aws.endpoint_url, "force-path-style": "true"}
    person.run(
        "".join(f"pulumi config set {key} {value} --stack {stack}\n" for stack in stacks for key, value in keys.items())
    )


def workspace(project: Path) -> dict[str, Any]:
    """What the printed pixi.toml says."""
    found: dict[str, Any] = tomllib.loads((project / "pixi.toml").read_text("utf-8"))["workspace"]
    return found


def trusted(aws: Server, role_arn: str) -> list[str]:
    """Whose tokens the role is for: the subject, with the ids that newer repositories have in it and without."""
    role = aws.service("iam").get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    # With the ids of the repository no subject has a wildcard.
    claims = {**statement["Condition"].get("StringLike", {}), **statement["Condition"]["StringEquals"]}
    subjects: list[str] = claims["token.actions.githubusercontent.com:sub"]
    return subjects


def output(person: Person, name: str, *more: str) -> Any:
    return json.loads(person.run(f"pulumi stack output {name} --json {' '.join(more)}"))


def test_the_environment_has_this_repository_and_the_lock(environment: Path) -> None:
    """Else the tests below would say nothing of them."""
    (packages,) = environment.glob("lib/python3*/site-packages")
    for source in (ROOT / "infra/chaninfra/pulumi/program.py", ROOT / "cli/chaninfra/cli/app.py"):
        installed = packages / source.relative_to(ROOT / source.relative_to(ROOT).parts[0])
        assert installed.read_bytes() == source.read_bytes()
    schema = "schemas/stack-config.schema.json"
    assert (packages / "chaninfra" / schema).read_bytes() == (ROOT / schema).read_bytes()
    listed = subprocess.run([environment / "bin" / "pip", "list"], capture_output=True, text=True, check=True).stdout
    assert "pytest" not in listed


def test_aws_private_github(aws: Server, on_aws: dict[str, str], bucket_name: str, tmp_path: Path) -> None:
    person = Person("aws-private-github", tmp_path, on_aws, {"my-bucket": bucket_name})
    project = person.takes_the_template()
    tell_where_the_standin_is(person, aws, ["prod"])
    person.goes_on()

    assert workspace(project)["channels"] == [f"s3://{bucket_name}/main", "conda-forge"]
    installed = conda_client.install(f"s3://{bucket_name}/main", ["my-package"], tmp_path / "client", aws)
    assert "share/my-package.txt" in installed

    # The workflow that was printed logs in by the role that was made, which is for that repository and branch alone.
    steps = YAML(typ="safe").load((project / "ci" / "publish.yml").read_text("utf-8"))["jobs"]["publish"]["steps"]
    (role,) = (step["with"]["role-to-assume"] for step in steps if "role-to-assume" in step.get("with", {}))
    assert role == output(person, "access")["main"]["publishers"]["ci"]["role-arn"]
    assert trusted(aws, role)[0] == "repo:acme/packages:ref:refs/heads/main"

    person.takes_it_down()
    assert bucket_name not in channels.buckets(aws)


def test_aws_public(aws: Server, on_aws: dict[str, str], bucket_name: str, tmp_path: Path) -> None:
    person = Person("aws-public", tmp_path, on_aws, {"my-bucket": bucket_name})
    project = person.takes_the_template()
    tell_where_the_standin_is(person, aws, ["prod"])
    person.goes_on()

    url = f"{aws.endpoint_url}/{bucket_name}/main"
    assert workspace(project)["channels"][0] == url
    assert "share/my-package.txt" in conda_client.install(url, ["my-package"], tmp_path / "client")
    block = aws.client().get_public_access_block(Bucket=bucket_name)["PublicAccessBlockConfiguration"]
    assert block["BlockPublicPolicy"] is False

    person.takes_it_down()
    assert bucket_name not in channels.buckets(aws)


def test_s3_compatible(minio: Server, machine: dict[str, str], bucket_name: str, tmp_path: Path) -> None:
    variables = {**machine, **minio.environment()}
    places = {"my-bucket": bucket_name, "https://s3.example.com": minio.endpoint_url}
    person = Person("s3-compatible", tmp_path, variables, places)
    project = person.takes_the_template()
    person.goes_on()

    installed = conda_client.install_by(workspace(project), ["my-package"], tmp_path / "client", minio.environment())
    assert "share/my-package.txt" in installed
    # Only its owner's environment has the secret in clear.
    files = [path for path in (*project.glob("Pulumi*"), *(tmp_path / "state").rglob("*")) if path.is_file()]
    assert any(minio.access_key_id in path.read_text("utf-8") for path in files)
    assert not any(minio.secret_access_key in path.read_text("utf-8") for path in files)

    person.takes_it_down()
    assert bucket_name not in channels.buckets(minio)


def test_yaml(versitygw: Server, machine: dict[str, str], bucket_name: str, tmp_path: Path) -> None:
    variables = {**machine, **versitygw.environment()}
    places = {"my-bucket": bucket_name, "https://s3.example.com": versitygw.endpoint_url}
    person = Person("yaml", tmp_path, variables, places)
    project = person.takes_the_template()
    assert not [*project.glob("*.py")]
    person.goes_on()

    keys = output(person, "keys", "--show-secrets")["main"]["readers"]["people"]
    reader = {"AWS_ACCESS_KEY_ID": keys["access-key-id"], "AWS_SECRET_ACCESS_KEY": keys["secret-access-key"]}
    installed = conda_client.install_by(workspace(project), ["my-package"], tmp_path / "client", reader)
    assert "share/my-package.txt" in installed

    person.takes_it_down()
    assert bucket_name not in channels.buckets(versitygw)


def test_platform_team(aws: Server, on_aws: dict[str, str], bucket_name: str, tmp_path: Path) -> None:
    stages = ("dev", "staging", "prod")
    person = Person("platform-team", tmp_path, on_aws, {"my-bucket": bucket_name})
    project = person.takes_the_template()
    # The second block makes the other stages, whose files are where the stand-in is to be named too.
    person.run(person.middle.pop(0))
    tell_where_the_standin_is(person, aws, stages)
    # Moto heeds the denial that this puts into the policy, and not its condition.
    person.run("pulumi config set --path aws.no-overwrite false --stack prod")
    person.goes_on()

    assert workspace(project)["channels"][0] == f"s3://{bucket_name}-prod/data"
    for stage in stages:
        url = f"s3://{bucket_name}-{stage}/data"
        assert "share/my-package.txt" in conda_client.install(url, ["my-package"], tmp_path / stage, aws)
        access = output(person, "access", "--stack", stage)
        assert sorted(access) == ["data", "web"]
        for team in access:
            role = access[team]["publishers"]["ci"]["role-arn"]
            assert trusted(aws, role)[0] == f"repo:acme/{team}-packages:environment:{stage}"
    # What is published for one team is not in another's channel.
    assert json.loads(person.run(". venv/bin/activate; chaninfra ls stack:prod#web --json")) == []

    person.takes_it_down()
    assert not [name for name in channels.buckets(aws) if name.startswith(bucket_name)]
