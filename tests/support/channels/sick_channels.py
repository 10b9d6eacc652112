"""Copies of a healthy channel for tests to break, and the results of `chaninfra doctor` for them."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeVar

from support.channels.channel_at import PREFIX, Place
from support.channels.cli_daemon import Resident
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.s3_servers import Server

DESCRIPTOR = f"{PREFIX}/channel.json"


@dataclass(frozen=True)
class Diagnosis:
    """The exit code and the results of `chaninfra doctor --json`."""

    code: int
    checks: tuple[dict[str, Any], ...]

    @property
    def failed(self) -> set[str]:
        """The names of the checks that failed."""
        return {each["name"] for each in self.checks if each["state"] == "failed"}

    @property
    def states(self) -> set[str]:
        """The states of all results."""
        return {each["state"] for each in self.checks}

    def of(self, name: str) -> dict[str, Any]:
        """The first result of a check."""
        return next(each for each in self.checks if each["name"] == name)

    @property
    def commands(self) -> list[list[str]]:
        """The remedies of failed checks that are chaninfra commands, as arguments, each once."""
        remedies = [each["remedy"] for each in self.checks if each["state"] == "failed"]
        return [shlex.split(each)[1:] for each in dict.fromkeys(remedies) if each and each.startswith("chaninfra ")]


@dataclass(frozen=True)
class Patient(Place):
    """A channel, and the process that runs chaninfra for it."""

    program: Resident

    def run(self, command: str, *args: str | Path, **env: str) -> CompletedProcess[str]:
        """Run a command on the channel; see Place."""
        with_option = command in ("publish", "yank", "unyank") or command.startswith(("snapshot ", "notice ", "patch "))
        where = ("-c", self.url) if with_option else (self.url,)
        at = ("--endpoint-url", self.server.endpoint_url)
        return self.program.run(*command.split(), *where, *args, *at, server=self.server, env=env)


def examine(place: Place, *args: str | Path, **env: str) -> Diagnosis:
    """Run the doctor on a channel."""
    return diagnosis(place.run("doctor", "--json", *args, **env))


def diagnosis(done: CompletedProcess[str]) -> Diagnosis:
    """The diagnosis in the output of `doctor --json`."""
    assert done.returncode in (0, 1), done.stderr
    document = json.loads(done.stdout)
    assert document["healthy"] == (done.returncode == 0)
    return Diagnosis(done.returncode, tuple(document["checks"]))


def follow_remedies(ill: Diagnosis, patient: Patient, **env: str) -> Diagnosis:
    """Run the remedies, which must be commands, and the doctor again, with the flags of a `doctor` remedy if any."""
    assert ill.commands, ill.checks
    own: list[str] = []
    for command, *words in ill.commands:
        done = patient.program.run(command, *words, server=patient.server, env=env)
        assert done.returncode in ((0, 1) if command == "doctor" else (0,)), (command, words, done.stderr)
        own = words if command == "doctor" and "--probe" not in words else own
    if not own:
        return examine(patient, **env)
    return diagnosis(patient.program.run("doctor", "--json", *own, server=patient.server, env=env))


def empty(server: Server, bucket: str, program: Resident) -> Patient:
    """Create a bucket without a channel."""
    server.client().create_bucket(Bucket=bucket)
    return Patient(server, bucket, f"s3://{bucket}/{PREFIX}", program)


def fill(server: Server, bucket: str, program: Resident, folder: Path) -> Patient:
    """Create a healthy channel in a new bucket, with hello 1.0 in noarch and tool 1.0 in linux-64."""
    place = empty(server, bucket, program)
    create_channel(server, place.url, "linux-64", provider=server.name)
    tool = make_package(folder, "tool", "1.0", subdir="linux-64")
    place.done("publish", make_package(folder, "hello", "1.0"), tool)
    return place


def at(patient: Patient, server: Server) -> Patient:
    """The same channel at another endpoint."""
    return replace(patient, server=server)


P = TypeVar("P", bound=Place)


def copy(healthy: P, bucket: str) -> P:
    """Copy a channel into another new bucket."""
    client = healthy.server.client()
    client.create_bucket(Bucket=bucket)
    for entry in client.list_objects_v2(Bucket=healthy.bucket)["Contents"]:
        found = client.get_object(Bucket=healthy.bucket, Key=entry["Key"])
        headers = {name: found[name] for name in ("ContentType", "CacheControl", "Metadata") if name in found}
        data = found["Body"].read().replace(healthy.bucket.encode(), bucket.encode())
        client.put_object(Bucket=bucket, Key=entry["Key"], Body=data, **headers)
    return replace(healthy, bucket=bucket, url=f"s3://{bucket}/{PREFIX}")


def edit(place: Place, **changed: Any) -> None:
    """Change keys of channel.json by hand; `_` stands for `-`."""
    client = place.server.client()
    document = json.loads(client.get_object(Bucket=place.bucket, Key=DESCRIPTOR)["Body"].read())
    document |= {key.replace("_", "-"): value for key, value in changed.items()}
    client.put_object(Bucket=place.bucket, Key=DESCRIPTOR, Body=json.dumps(document).encode())


def allow_everyone(place: Place, *actions: str) -> None:
    """Allow everyone these S3 actions on the bucket and its objects."""
    arn = f"arn:aws:s3:::{place.bucket}"
    statements = [{"Effect": "Allow", "Principal": "*", "Action": [*actions], "Resource": [arn, f"{arn}/*"]}]
    policy = {"Version": "2012-10-17", "Statement": statements}
    place.server.client().put_bucket_policy(Bucket=place.bucket, Policy=json.dumps(policy))
