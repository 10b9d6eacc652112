"""The printed next steps for an OIDC issuer, executed literally: then the right token can publish, and no other."""

from __future__ import annotations

import json
import re
import shlex
import time
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from urllib.parse import urlsplit

import boto3
import msgspec
import pytest
from botocore import UNSIGNED, xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from minio import MinioAdmin
from minio.credentials.providers import StaticProvider
from msgspec import structs
from typer.testing import CliRunner

from chaninfra.channel.conda.index_settings import Follow
from chaninfra.channel.outputs.build import build_descriptor
from chaninfra.channel.outputs.descriptor import dump
from chaninfra.channel.outputs.next_steps import next_steps
from chaninfra.channel.policy.documents import permissions_of
from chaninfra.channel.spec.model import StackSpec
from chaninfra.channel.spec.role_names import ROLE_ARNS, role_name
from chaninfra.channel.spec.stack_file import read_stack_file
from chaninfra.cli.app import app
from support.cases.ci_model import jobs
from support.cases.manifest_command import manifest
from support.cases.trust_cases import MEANT, NOT_MEANT
from support.channels import upload_programs
from support.channels.cli_runner import PROGRAM
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers import oidc_issuer, s3_servers
from support.servers.github_runner import run_steps
from support.servers.iam_servers import Gateway, versitygw_iam
from support.servers.oidc_issuer import Issuer
from support.servers.s3_servers import Server

FILE = "Pulumi.prod.yaml"
PRINCIPAL, CLAIMS = MEANT["branch, pinned"]
# Claims of another repository, and of another branch of the same one.
STRANGERS = [NOT_MEANT[case][1] for case in ("a fork", "another branch")]

# Error codes of a server that refuses a token.
REFUSED = re.compile("InvalidParameterValue|AccessDenied|InvalidIdentityToken")


def written(folder: Path, provider: str, endpoint_url: str) -> StackSpec:
    """Write a stack file into `folder` and read it."""
    config = {
        "provider": provider,
        "endpoint-url": endpoint_url,
        "bucket": "packages",
        "prefix": "main",
        "publishers": {"ci": {key: value for key, value in msgspec.to_builtins(PRINCIPAL).items() if value}},
    }
    path = folder / FILE
    path.write_text(json.dumps({"config": {f"chaninfra:{key}": value for key, value in config.items()}}))
    return read_stack_file(path)


def role_arn(stack: StackSpec) -> str:
    """The role of the publisher."""
    (channel,) = stack.channels
    (principal,) = channel.principals
    assert principal.token is not None
    name = role_name(stack.bucket.name, channel.prefix, principal)
    return ROLE_ARNS[stack.bucket.provider.oidc.value](name, principal.token)


def session_of(client: Any, stack: StackSpec, token: str) -> dict[str, str]:
    """The session that STS gives to the publisher's token, as options of `Server.client`. Raises ClientError."""
    given = client.assume_role_with_web_identity(RoleArn=role_arn(stack), RoleSessionName="ci", WebIdentityToken=token)
    return {
        "aws_access_key_id": given["Credentials"]["AccessKeyId"],
        "aws_secret_access_key": given["Credentials"]["SecretAccessKey"],
        "aws_session_token": given["Credentials"]["SessionToken"],
    }


def publish(server: Server, stack: StackSpec, folder: Path, token: str, **variables: str) -> CompletedProcess[str]:
    """Run the job that `manifest` prints for GitHub, with a package that another job has built."""
    words = ["s3://packages/main", "--offline", "--provider", server.name, "--endpoint-url", server.endpoint_url]
    words += ["--format", "github-publish", "--role-arn", role_arn(stack)]
    job = jobs(manifest(*words).stdout)["publish"]
    assert (job.secrets, job.permissions, job.environment) == (set(), {"id-token": "write"}, None)
    make_package(folder / "output" / "noarch", "demo", "1")
    if not (folder / ".venv").exists():
        # What the step that installs chaninfra makes.
        (folder / ".venv" / "bin").mkdir(parents=True)
        (folder / ".venv" / "bin" / "chaninfra").symlink_to(PROGRAM)
    steps = [step for step in job.steps if step["name"] != "Install chaninfra"]
    return run_steps(steps, folder, token, CLAIMS["aud"], **variables)


def upload(server: Server, stack: StackSpec, folder: Path, token: str, **variables: str) -> CompletedProcess[str]:
    """Run the step of the job that uploads without chaninfra; the real curl asks the STS of the server."""
    found = build_descriptor(stack.bucket, stack.channels[0])
    follows = structs.replace(found, index=structs.replace(found.index, follow=Follow()))
    (folder / "channel.json").write_bytes(dump(follows))
    words = [str(folder / "channel.json"), "--offline", "--format", "github-upload", "--role-arn", role_arn(stack)]
    job = jobs(manifest(*words).stdout)["upload"]
    assert (job.secrets, job.permissions, job.environment) == (set(), {"id-token": "write"}, None)
    upload_programs.install(folder)
    make_package(folder / "output" / "noarch", "demo", "2")
    (folder / "output" / "noarch" / "demo-1-0.conda").unlink(missing_ok=True)
    return run_steps(job.steps, folder, token, CLAIMS["aud"], **variables)


def may_publish(server: Server, session: dict[str, str]) -> bool:
    own = server.client(**session)
    try:
        own.put_object(Bucket="packages", Key="main/noarch/a-1-0.conda", Body=b"x")
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    for key in ("main/channel.json", "other/noarch/a-1-0.conda"):
        with pytest.raises(ClientError, match="AccessDenied"):
            own.put_object(Bucket="packages", Key=key, Body=b"x")
    return True


def execute(step: str, gateway: Gateway) -> None:
    """Run a command as a shell would; `aws iam` by botocore, which the AWS CLI uses too."""
    words = shlex.split(step)
    if words[0] == "chaninfra":
        command, _, into = (words[1:-2], words[-2], words[-1])
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, done.output
        Path(into).write_text(done.stdout)
        return
    assert words[:4] == ["aws", "iam", "--endpoint-url", "IAM_URL"], step
    client = gateway.client("iam")
    operations = {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}
    shape = client.meta.service_model.operation_model(operations[words[4]]).input_shape
    names = {f"--{xform_name(name, '-')}": (name, member.type_name) for name, member in shape.members.items()}
    arguments: dict[str, Any] = {}
    for option, value in zip(words[5::2], words[6::2], strict=True):
        name, kind = names[option]
        text = Path(value.removeprefix("file://")).read_text() if value.startswith("file://") else value
        arguments[name] = [text] if kind == "list" else text
    if words[4] == "create-open-id-connect-provider":
        # Without it, IAM fetches the thumbprint from the issuer's public address, which is not reachable here.
        arguments["ThumbprintList"] = [gateway.issuer.thumbprint]
    getattr(client, xform_name(operations[words[4]]))(**arguments)


def test_after_the_steps_on_versitygw_the_right_token_can_publish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with versitygw_iam(tmp_path / "server") as gateway:
        gateway.server.client().create_bucket(Bucket="packages")
        create_channel(gateway.server, "s3://packages/main", "noarch", provider="versitygw")
        stack = written(tmp_path, "versitygw", gateway.server.endpoint_url)
        (found,) = next_steps(stack, stack_file=FILE)
        for step in found.steps:
            execute(step, gateway)
        sts = gateway.client("sts")
        assert may_publish(gateway.server, session_of(sts, stack, gateway.issuer.token(CLAIMS)))
        for claims in STRANGERS:
            with pytest.raises(ClientError, match=REFUSED):
                session_of(sts, stack, gateway.issuer.token(claims))
        for claims in (*STRANGERS, CLAIMS):
            token = gateway.issuer.token(claims)
            done = publish(gateway.server, stack, tmp_path, token, AWS_ENDPOINT_URL_STS=gateway.iam_url)
            assert (done.returncode == 0) is (claims is CLAIMS), done.stderr
            assert ("check the role that AWS_ROLE_ARN" in done.stderr) is (claims is not CLAIMS)
        assert "noarch/demo-1-0.conda" in done.stdout
        for claims in (STRANGERS[0], CLAIMS):
            token = gateway.issuer.token(claims)
            done = upload(gateway.server, stack, tmp_path, token, AWS_ENDPOINT_URL_STS=gateway.iam_url)
            assert (done.returncode == 0) is (claims is CLAIMS), done.stderr
        assert gateway.server.client().head_object(Bucket="packages", Key="main/noarch/demo-2-0.conda")


def openid_settings(step: str, issuer: Issuer) -> tuple[str, dict[str, str]]:
    """The name and the settings of `mc idp openid add`, with the URL of the issuer in this process."""
    words = shlex.split(step)
    assert words[:5] == ["mc", "idp", "openid", "add", "ALIAS"]
    settings = dict(word.split("=", 1) for word in words[6:])
    url = urlsplit(settings["config_url"])
    assert url.netloc == "token.actions.githubusercontent.com"
    port = issuer.address.rpartition(":")[2]
    return words[5], {**settings, "config_url": url._replace(netloc=f"localhost:{port}").geturl()}


def test_after_the_steps_on_minio_the_right_token_can_publish(tmp_path: Path) -> None:
    with (
        oidc_issuer.issuer(tmp_path / "issuer", ["localhost"]) as issuer,
        s3_servers.minio(tmp_path / "server", authority=tmp_path / "issuer/ca.pem") as server,
    ):
        server.client().create_bucket(Bucket="packages")
        create_channel(server, "s3://packages/main", "noarch", provider="minio")
        stack = written(tmp_path, "minio", server.endpoint_url)
        admin = MinioAdmin(
            endpoint=urlsplit(server.endpoint_url).netloc,
            credentials=StaticProvider(server.access_key_id, server.secret_access_key),
            secure=False,
        )
        # `pulumi up` creates this policy.
        (channel,) = stack.channels
        (principal,) = channel.principals
        name = role_name(stack.bucket.name, channel.prefix, principal)
        admin.policy_add(name, policy=permissions_of(stack, channel, principal))
        (found,) = next_steps(stack, stack_file=FILE)
        settings_name, settings = openid_settings(found.steps[0], issuer)
        admin.config_set(f"identity_openid:{settings_name}", settings)
        assert found.steps[-1] == "mc admin service restart ALIAS"
        admin.service_restart()
        sts = boto3.session.Session().client(
            "sts",
            endpoint_url=server.endpoint_url,
            region_name=server.region,
            config=Config(signature_version=UNSIGNED, retries={"max_attempts": 1}),
        )
        assert may_publish(server, _session_after_restart(sts, stack, issuer.token(CLAIMS)))
        # MinIO gives every token of the issuer a session; the policy limits what it may do.
        for claims in STRANGERS:
            assert not may_publish(server, session_of(sts, stack, issuer.token(claims)))
        with pytest.raises(ClientError, match=REFUSED):
            session_of(sts, stack, issuer.token(CLAIMS, key=oidc_issuer.new_key()))
        with pytest.raises(ClientError, match=REFUSED):
            session_of(sts, stack, issuer.token({**CLAIMS, "aud": "another"}))
        for claims in (*STRANGERS, CLAIMS):
            done = publish(server, stack, tmp_path, issuer.token(claims))
            assert done.returncode == (0 if claims is CLAIMS else 5), done.stderr
        assert "noarch/demo-1-0.conda" in done.stdout
        for claims in (STRANGERS[0], CLAIMS):
            done = upload(server, stack, tmp_path, issuer.token(claims))
            assert (done.returncode == 0) is (claims is CLAIMS), done.stderr
        assert server.client().head_object(Bucket="packages", Key="main/noarch/demo-2-0.conda")


def _session_after_restart(sts: Any, stack: StackSpec, token: str) -> dict[str, str]:
    """The session, once the server has restarted with its new settings."""
    end = time.monotonic() + 120
    while True:
        try:
            return session_of(sts, stack, token)
        except (BotoCoreError, ClientError):
            if time.monotonic() > end:
                raise
        time.sleep(0.2)
