"""The policy pack in real runs of the engine: `--policy-pack`, on MinIO and on the stand-in for pulumi-resource-aws.

The pack is given as an executable: the language host in the Go module proxy is too old to start a pack from its folder.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.channels import channels
from support.pulumi.policy_pack import PACK
from support.pulumi.stacks import Ran, Stack, engine
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long


def new_pack(folder: Path) -> Path:
    """Makes a pack in the folder `guard-rails` by `pulumi policy new`; returns the executable that runs it."""
    made, environment = folder / "guard-rails", engine().environment({}) | {"HOME": str(folder)}
    command = [str(engine().pulumi), "policy", "new", str(PACK), "--dir", str(made)]
    subprocess.run([*command, "--generate-only", "--non-interactive"], env=environment, check=True)
    program = made / "run"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -u {shlex.quote(str(made))} "$@"\n')
    program.chmod(0o755)
    return program


def arguments(pack: Path, **rules: Any) -> list[str]:
    """The arguments of `pulumi preview` and `pulumi up` for the pack with this config. The test servers have no TLS."""
    config = pack.parent / "policy-config.json"
    named = {name.replace("_", "-"): keys for name, keys in rules.items()}
    config.write_text(json.dumps({"all": "mandatory", "tls-only": "disabled", **named}))
    return ["--policy-pack", str(pack), "--policy-pack-config", str(config)]


def violated(ran: Ran, level: str = "mandatory") -> set[str]:
    """The rules that are broken, from the engine's output."""
    return {line.split()[2] for line in ran.output.splitlines() if line.strip().startswith(f"- [{level}]")}


def test_a_public_channel_is_refused_in_the_preview_until_the_config_allows_it(
    minio: Server, bucket_name: str, tmp_path: Path
) -> None:
    pack = new_pack(tmp_path)
    config = {"provider": "minio", "endpoint_url": minio.endpoint_url, "bucket": bucket_name, "prefix": "main"}
    stack = Stack(tmp_path / "stack", {**config, "visibility": "public"}, minio.environment())

    ran = stack.preview(*arguments(pack))
    assert ran.code != 0, ran
    assert violated(ran) == {"public-channels", "undeclared-settings"}, ran
    assert f"bucket-main-descriptor: s3://{bucket_name}/main is public; set `visibility` to private" in ran.output

    # With the preview first, as users run it. Without it, the allowed resources would be made before the error.
    ran = stack.run("up", "--yes", *arguments(pack))
    assert ran.code != 0, ran
    assert bucket_name not in channels.buckets(minio)

    stack.config(versioning=True)
    allowed = arguments(
        pack,
        public_channels={"channels": [f"s3://{bucket_name}/*"]},
        # This server refuses encryption, since it has no KMS.
        undeclared_settings={"buckets": [bucket_name]},
    )
    assert (ran := stack.preview(*allowed)).code == 0, ran
    assert (ran := stack.up(*allowed)).code == 0, ran
    assert bucket_name in channels.buckets(minio)
    assert (ran := stack.destroy()).code == 0, ran


def test_a_role_is_refused_before_it_is_made_on_the_aws_standin(
    bucket_name: str, stack: Stack, iam: Any, tmp_path: Path
) -> None:
    pinned = {"repository": "acme/packages", "owner-id": "1", "repository-id": "2"}
    stack.config(publishers={"ci": {"github": {**pinned, "branch": "release/*"}}})
    pack = new_pack(tmp_path)
    rules = {"foreign_principals": {"repositories": ["acme/*"]}}

    # In the preview the ARN of the OIDC provider, and so the trust policy, is unknown.
    ran = stack.preview(*arguments(pack, **rules))
    assert ran.code == 0, ran
    assert violated(ran) == set(), ran
    assert violated(ran, "advisory") == {"foreign-principals", "oidc-subjects", "repository-ids"}, ran

    ran = stack.up(*arguments(pack, **rules))
    assert ran.code != 0, ran
    assert violated(ran) == {"oidc-subjects"}, ran
    assert "'repo:acme/packages:ref:refs/heads/release/*' has a wildcard" in ran.output
    assert not [role for role in iam.list_roles()["Roles"] if bucket_name in role["RoleName"]]

    rules["oidc_subjects"] = {"subjects": ["repo:acme/packages:ref:refs/heads/release/*"]}
    assert (ran := stack.up(*arguments(pack, **rules))).code == 0, ran
    assert [role for role in iam.list_roles()["Roles"] if bucket_name in role["RoleName"]]
