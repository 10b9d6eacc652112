"""The printed jobs that re-index on a schedule, and those that upload without chaninfra, run literally."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from msgspec import structs
from ruamel.yaml import YAML

from chaninfra.channel.conda.index_settings import Follow
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.outputs.descriptor import dump, parse
from support.channels import upload_programs
from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.cli_runner import PROGRAM
from support.channels.follower_process import FollowerProcess, until
from support.channels.packages import make_package
from support.servers.github_runner import run_steps
from support.servers.gitlab_runner import run_job
from support.servers.s3_servers import Server

# The commands of both are made by the same functions, so one store for each is enough.
CI = {"minio": "github", "versitygw": "gitlab"}


def printed(place: Place, name: str, job: str) -> Any:
    """The job of the format, for the channel on this server."""
    words = ("--provider", place.server.name, "--auth", "aws", "--format", name)
    document = YAML(typ="safe").load(place.done("manifest", *words))
    return document["jobs"][job] if name.startswith("github") else document[job]


def run(place: Place, job: Any, folder: Path, **variables: str) -> CompletedProcess[str]:
    """The job with the server's key, and a chaninfra that is installed."""
    (folder / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
    program = folder / ".venv" / "bin" / "chaninfra"
    if not program.exists():
        program.symlink_to(PROGRAM)
    keys = {"ACCESS_KEY_ID": place.server.access_key_id, "SECRET_ACCESS_KEY": place.server.secret_access_key}
    if "steps" in job:
        steps = [step for step in job["steps"] if step["name"] != "Install chaninfra"]
        return run_steps(steps, folder, secrets={f"S3_{name}": value for name, value in keys.items()})
    script = [line for line in job["script"] if "pip" not in line and "CHANINFRA_SOURCE" not in line]
    script = [line for line in script if "venv .venv" not in line]
    return run_job({**job, "script": script}, folder, **variables, **{f"AWS_{name}": keys[name] for name in keys})


def put(place: Place, package: Path) -> None:
    """Upload as a tool does that does not index."""
    place.server.client().put_object(
        Bucket=place.bucket, Key=f"{PREFIX}/noarch/{package.name}", Body=package.read_bytes()
    )


def test_a_scheduled_job_indexes_what_another_tool_uploaded(place: Place, tmp_path: Path) -> None:
    ci = CI[place.server.name]
    package = make_package(tmp_path, "demo", "1")
    put(place, package)
    job = printed(place, f"{ci}-reindex", "reindex")
    done = run(place, job, tmp_path, CHANINFRA_GC="true")
    assert done.returncode == 0, done.stderr
    assert package.name in place.repodata("noarch")["packages.conda"]
    # What gc says last.
    assert "0 objects deleted" in done.stdout
    # The doctor sees that both run.
    assert place.done("doctor", "--check", "follow").count("by a scheduled job") == 2


def test_garbage_is_collected_although_a_package_is_left_out(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    place = new_place(minio, bucket_name)
    (tmp_path / "bad-1-0.conda").write_bytes(b"no package")
    put(place, tmp_path / "bad-1-0.conda")
    done = run(place, printed(place, "gitlab-reindex", "reindex"), tmp_path, CHANINFRA_GC="true")
    # The job fails, so that somebody looks.
    assert done.returncode == 3, done.stderr
    assert "bad-1-0.conda" in done.stderr
    assert "0 objects deleted" in done.stdout


def test_a_follower_indexes_what_a_job_without_chaninfra_uploads(place: Place, tmp_path: Path) -> None:
    ci = CI[place.server.name]
    client = place.server.client()
    key = f"{PREFIX}/{CHANNEL_JSON}"
    found = parse(client.get_object(Bucket=place.bucket, Key=key)["Body"].read(), where=key)
    follows = structs.replace(found, index=structs.replace(found.index, follow=Follow()))
    client.put_object(Bucket=place.bucket, Key=key, Body=dump(follows))
    upload_programs.install(tmp_path)
    package = make_package(tmp_path / "output" / "noarch", "demo", "1")
    job = printed(place, f"{ci}-upload", "upload")
    assert "chaninfra" not in str(job).replace(place.url, "")
    done = run(place, job, tmp_path)
    assert done.returncode == 0, done.stderr
    with FollowerProcess(place.server, place.url, tmp_path / "log", "--every", "10s") as follower:
        until(lambda: package.name in place.repodata("noarch")["packages.conda"], follower.told)
    again = run(place, job, tmp_path)
    assert again.returncode != 0
    assert "already exists" in again.stderr
