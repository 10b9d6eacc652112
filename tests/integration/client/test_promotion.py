"""A promotion: the printed job, with a promoter's key, brings what a lock file names from staging to production."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from chaninfra.channel.policy.permissions import identity_policy
from chaninfra.channel.spec.model import SourceChannel
from support.cases.access_sessions import new_user_on_minio
from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.cli_runner import PROGRAM
from support.channels.packages import make_package
from support.servers.github_runner import run_steps
from support.servers.gitlab_runner import run_job
from support.servers.s3_servers import Server


@pytest.fixture
def staging(minio: Server, bucket_name: str, tmp_path: Path) -> Place:
    """A channel with hello 1.0, which was patched, and 2.0, which is not to be promoted."""
    made = new_place(minio, f"{bucket_name}-s")
    made.done("publish", make_package(tmp_path, "hello", "1.0"), make_package(tmp_path, "hello", "2.0"))
    made.done("patch add", "hello==1.0", "--depends", "python >=3.12", "--reason", "hotfix")
    return made


@pytest.fixture
def production(minio: Server, bucket_name: str) -> Place:
    return new_place(minio, bucket_name)


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_the_printed_job_promotes_what_the_lock_names_with_its_hotfix(
    staging: Place, production: Place, tmp_path: Path, ci: str
) -> None:
    lock(tmp_path, staging, "1.0")
    keys = promoter(production, staging)
    for _ in range(2):  # The second time there is nothing to do.
        done = run(production, staging, ci, tmp_path, keys)
        assert done.returncode == 0, done.stdout + done.stderr
        records = production.repodata("noarch")["packages.conda"]
        assert {file: record["depends"] for file, record in records.items()} == {"hello-1.0-0.conda": ["python >=3.12"]}
    assert "hotfix" in production.done("patch ls")
    # A re-index does not undo it.
    production.done("reindex", "--force")
    records = production.repodata("noarch")["packages.conda"]
    assert records["hello-1.0-0.conda"]["depends"] == ["python >=3.12"]


def test_other_bytes_in_production_stop_the_job(staging: Place, production: Place, tmp_path: Path) -> None:
    other = make_package(tmp_path / "other", "hello", "1.0", payload=b"other bytes")
    production.done("publish", other)
    lock(tmp_path, staging, "1.0")
    done = run(production, staging, "gitlab", tmp_path, promoter(production, staging))
    assert done.returncode == 4
    assert "hello-1.0-0.conda" in done.stderr
    assert production.repodata("noarch")["packages.conda"]["hello-1.0-0.conda"]["depends"] == []


def test_what_staging_has_yanked_is_not_promoted(staging: Place, production: Place, tmp_path: Path) -> None:
    """It would have to be yanked in production too, which only maintainers may."""
    staging.done("yank", "hello==2.0", "--reason", "broken")
    lock(tmp_path, staging, "2.0")
    done = run(production, staging, "gitlab", tmp_path, promoter(production, staging))
    assert done.returncode == 5
    assert "the source has yanked noarch/hello-2.0-0.conda, and only maintainers may yank here" in done.stderr
    assert "--exclude noarch/hello-2.0-0.conda" in done.stderr
    key = f"{PREFIX}/noarch/hello-2.0-0.conda"
    assert "Contents" not in production.server.client().list_objects_v2(Bucket=production.bucket, Prefix=key)


def test_a_publisher_is_told_that_a_hotfix_needs_a_promoter(staging: Place, production: Place, tmp_path: Path) -> None:
    lock(tmp_path, staging, "1.0")
    done = run(production, staging, "gitlab", tmp_path, promoter(production, staging, role="publisher"))
    assert done.returncode == 5
    assert "promoter" in done.stderr
    assert production.repodata("noarch")["packages.conda"] == {}


def promoter(production: Place, staging: Place, role: Any = "promoter") -> dict[str, str]:
    """The key of a promoter of production; of another role with the same sources."""
    sources = [SourceChannel(bucket=staging.bucket, prefix=PREFIX)]
    about = {"bucket": production.bucket, "prefix": PREFIX, "subdirs": ["noarch"], "version_rights": "with-object"}
    key, secret = new_user_on_minio(production.server, identity_policy(role, **about, sources=sources))
    return {"ACCESS_KEY_ID": key, "SECRET_ACCESS_KEY": secret}


def lock(folder: Path, staging: Place, version: str) -> None:
    """pixi.lock with hello of this version, as rattler writes it for a workspace that reads staging."""
    from rattler import LockChannel, LockFile, LockPlatform, PackageRecord, RepoDataRecord
    from rattler.package.build_string import BuildString

    name = f"hello-{version}-0.conda"
    key = f"{PREFIX}/noarch/{name}"
    data = staging.server.client().get_object(Bucket=staging.bucket, Key=key)["Body"].read()
    sha256 = hashlib.sha256(data).digest()
    record = PackageRecord("hello", version, BuildString("0"), 0, "noarch", sha256=sha256)
    platform, file = LockPlatform("linux-64"), LockFile([LockPlatform("linux-64")])
    file.set_channels("default", [LockChannel(staging.url)])
    url = f"{staging.url}/noarch/{name}"
    file.add_conda_package("default", platform, RepoDataRecord(record, name, url, staging.url))
    file.to_path(folder / "pixi.lock")


def run(production: Place, staging: Place, ci: str, folder: Path, keys: dict[str, str]) -> Any:
    """The printed job with these keys, and a chaninfra that is installed."""
    words = ("--provider", production.server.name, "--auth", "aws", "--format", f"{ci}-promote")
    document = YAML(typ="safe").load(production.done("manifest", *words))
    program = folder / ".venv" / "bin" / "chaninfra"
    if not program.exists():
        program.parent.mkdir(parents=True)
        program.symlink_to(PROGRAM)
    if ci == "github":
        steps = [step for step in document["jobs"]["promote"]["steps"] if step["name"] == "Promote"]
        # A secret that is not set is empty.
        secrets = {f"FROM_S3_{name}": "" for name in keys}
        secrets |= {f"S3_{name}": value for name, value in keys.items()}
        return run_steps(steps, folder, secrets=secrets, CHANINFRA_FROM=staging.url)
    job = document["promote"]
    variables = {f"AWS_{name}": value for name, value in keys.items()}
    return run_job({**job, "script": job["script"][-1:]}, folder, CHANINFRA_FROM=staging.url, **variables)
