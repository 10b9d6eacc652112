"""Errors that stop a stack in the preview, before any change; by the real engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.channels import channels
from support.paths import ROOT
from support.pulumi.stacks import Stack
from support.servers.s3_servers import Server, free_port
from support.without_extras import hiding


@pytest.fixture(scope="module")
def stack(minio: Server, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """A stack without resources; each test sets its config."""
    return Stack(tmp_path_factory.mktemp("refused") / "stack", {}, minio.environment())


def refused(stack: Stack, server: Server, config: dict[str, Any], environment: dict[str, str] | None = None) -> str:
    """The output of a preview, after a check that it failed and changed nothing."""
    before = channels.buckets(server)
    stack.settings.write_text("encryptionsalt:" + stack.settings.read_text().split("encryptionsalt:")[1].split("\n")[0])
    stack.config(**config)
    known = dict(stack.environment)
    stack.environment.update(server.environment() if environment is None else environment)
    try:
        ran = stack.preview()
    finally:
        stack.environment = known
    assert ran.code != 0, ran
    assert "Traceback" not in ran.output, ran
    assert channels.buckets(server) == before
    assert stack.resources() == {}
    return ran.output


def config(server: Server, bucket: str, **more: Any) -> dict[str, Any]:
    return {"provider": "minio", "bucket": bucket, "endpoint_url": server.endpoint_url, "prefix": "main", **more}


def test_unknown_credentials(stack: Stack, minio: Server, bucket_name: str) -> None:
    wrong = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "wrong"}
    output = refused(stack, minio, config(minio, bucket_name), wrong)
    assert "it does not know this access key" in output


def test_an_endpoint_that_does_not_answer(stack: Stack, minio: Server, bucket_name: str) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    output = refused(stack, minio, config(minio, bucket_name, endpoint_url=nowhere))
    assert f"{nowhere}: no answer: the connection was refused; check the port in `endpoint-url`" in output


def test_a_bucket_of_somebody_else(stack: Stack, minio: Server, bucket_name: str) -> None:
    minio.client().create_bucket(Bucket=bucket_name)
    output = refused(stack, minio, config(minio, bucket_name), minio.stranger())
    assert f"these credentials may not look at s3://{bucket_name} (AccessDenied)" in output
    assert "may belong to another account" in output


def test_an_unknown_config_key(stack: Stack, minio: Server, bucket_name: str) -> None:
    output = refused(stack, minio, config(minio, bucket_name, visibilty="public"))
    assert "Pulumi.test.yaml" in output
    assert "key visibilty: unknown key" in output
    assert "did you mean `visibility`?" in output


def test_a_secret_in_plain_text(stack: Stack, minio: Server, bucket_name: str) -> None:
    output = refused(stack, minio, config(minio, bucket_name, access_key_id="id", secret_access_key="in-clear-123"))
    assert "key secret-access-key: this secret is not encrypted" in output
    assert "pulumi config set --secret secret-access-key" in output
    assert "in-clear-123" not in output


def test_keys_in_the_config_stay_secret(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    # A project of another name, as a template makes it: its config has that namespace.
    stack = Stack(tmp_path / "stack", config(minio, bucket_name), {}, project="my-channels")
    stack.config(access_key_id=minio.access_key_id)
    stack.secret("secret-access-key", minio.secret_access_key)
    up = stack.up()
    assert up.code == 0, up
    assert f"{bucket_name}" in channels.buckets(minio)
    again = stack.up()
    assert again.done == {}, again
    shown = stack.run("stack", "export", "--show-secrets").output
    assert minio.secret_access_key in shown, "the secret must be in the state, or the checks below prove nothing"
    for text in (up.output, again.output, stack.export(), str(stack.outputs())):
        assert minio.secret_access_key not in text
    assert minio.secret_access_key not in stack.settings.read_text()
    destroyed = stack.destroy()
    assert destroyed.code == 0, destroyed
    assert bucket_name not in channels.buckets(minio)


@pytest.mark.long
def test_a_mistyped_bucket_key_gets_the_nearest_key(stack: Stack, minio: Server, bucket_name: str) -> None:
    # Not what Pulumi says of a key that a project declares: "missing configuration value 'bucket'".
    given = config(minio, bucket_name)
    del given["bucket"]
    output = refused(stack, minio, {**given, "buket": bucket_name})
    assert "key buket: unknown key" in output
    assert "did you mean `bucket`?" in output
    output = refused(stack, minio, given)
    assert "`bucket` is not set" in output
    assert "pulumi config set bucket NAME --stack test" in output


def test_without_its_package_pulumi_asks_for_a_file_that_a_clone_has(
    stack: Stack, minio: Server, bucket_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so itself, before any code of this project runs."""
    stack.config(**config(minio, bucket_name))
    monkeypatch.setattr(stack, "environment", {**stack.environment, **hiding(["pulumi"])})
    output = stack.preview().output
    assert "No module named 'pulumi'" in output
    assert "pip install -r requirements.txt" in output
    assert ".[pulumi]" in (ROOT / "requirements.txt").read_text("utf-8").splitlines()


@pytest.mark.long
def test_a_key_with_a_mistyped_namespace_is_not_ignored_in_silence(
    stack: Stack, minio: Server, bucket_name: str
) -> None:
    given = config(minio, bucket_name)
    del given["bucket"]
    refused(stack, minio, given)
    assert stack.run("config", "set", "chanifra:bucket", bucket_name).code == 0
    output = stack.preview().output
    assert "`bucket` is not set, but `chanifra:bucket` is; did you mean `chaninfra:bucket`?" in output
    stack.config(bucket=bucket_name)
    output = stack.preview().output
    assert "key chanifra:bucket: is ignored" in output
    assert "did you mean `chaninfra:bucket`?" in output


@pytest.mark.long
def test_a_number_that_lost_digits_is_refused(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    program = {"__main__.py": "from chaninfra.pulumi import program\n\nprogram()\n"}
    stack = Stack(tmp_path / "stack", config(minio, bucket_name), minio.environment(), files=program)
    text = stack.settings.read_text()
    for written in ("prefix: 0123", "tags: {cost-center: 1.10}"):
        stack.settings.write_text(text.replace("chaninfra:prefix: main", f"chaninfra:{written}"))
        ran = stack.preview()
        assert ran.code != 0, ran
        assert 'put it in quotes, as you want it to be: "…"' in ran.output, ran


def test_policy_reads_what_is_encrypted(stack: Stack, minio: Server, bucket_name: str) -> None:
    refused(stack, minio, {})
    given = {**config(minio, bucket_name, visibility="public"), "access_key_id": "id"}
    words = [f"{key.replace('_', '-')}={value}" for key, value in given.items()]
    secrets = [word for each in (*words, "publishers.ci.key.rotate=2027-q1") for word in ("--secret", each)]
    ran = stack.run("config", "set-all", "--path", *secrets)
    assert ran.code == 0, ran
    assert bucket_name not in stack.settings.read_text()

    def policy(**environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "chaninfra.cli", "policy", "--config", str(stack.settings)],
            cwd=stack.folder,
            env={**stack.environment, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    done = policy()
    assert done.returncode == 0, done.stderr
    assert f"arn:aws:s3:::{bucket_name}/main/*" in done.stdout
    assert "publisher/main/ci/rights" in done.stdout
    done = policy(PULUMI_CONFIG_PASSPHRASE="wrong")
    assert done.returncode != 0
    assert "the passphrase of the stack test is missing or wrong" in done.stderr
