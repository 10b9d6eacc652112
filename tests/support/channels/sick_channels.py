"""A healthy channel, copied as often as it is to fall ill; and what `chaninfra doctor` says of it."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from support.channels.channel_at import PREFIX, Place
from support.channels.cli_daemon import Resident
from support.channels.packages import make_package
from support.servers.s3_servers import Server

DESCRIPTOR = f"{PREFIX}/channel.json"


@dataclass(frozen=True)
class Said:
    """What the doctor said: its results, and the exit code that it ended with."""

    code: int
    checks: tuple[dict[str, Any], ...]

    @property
    def failed(self) -> set[str]:
        """The names of the checks that failed."""
        return {each["name"] for each in self.checks if each["state"] == "failed"}

    @property
    def states(self) -> set[str]:
        """The states that there are."""
        return {each["state"] for each in self.checks}

    def of(self, name: str) -> dict[str, Any]:
        """The result of a check."""
        return next(each for each in self.checks if each["name"] == name)

    @property
    def commands(self) -> list[list[str]]:
        """The remedies that are commands, each once."""
        remedies = [each["remedy"] for each in self.checks if each["state"] == "failed"]
        return [shlex.split(each)[1:] for each in dict.fromkeys(remedies) if each and each.startswith("chaninfra ")]


@dataclass(frozen=True)
class Patient(Place):
    """A channel, and the process that runs the program on it."""

    program: Resident

    def run(self, command: str, *args: str | Path, **env: str) -> CompletedProcess[str]:
        """See Place."""
        where = ("-c", self.url) if command in ("publish", "yank", "unyank") else (self.url,)
        at = ("--endpoint-url", self.server.endpoint_url)
        return self.program.run(command, *where, *args, *at, server=self.server, env=env)


def examine(place: Place, *args: str | Path, **env: str) -> Said:
    """Runs the doctor on a channel."""
    return said(place.run("doctor", "--json", *args, **env))


def said(done: CompletedProcess[str]) -> Said:
    """What a run of it with --json said."""
    assert done.returncode in (0, 1), done.stderr
    document = json.loads(done.stdout)
    assert document["healthy"] == (done.returncode == 0)
    return Said(done.returncode, tuple(document["checks"]))


def obey(ill: Said, patient: Patient, **env: str) -> Said:
    """Runs the remedies, which are to be commands, and the doctor in the end: by that of its own, if it is one."""
    assert ill.commands, ill.checks
    own: list[str] = []
    for command, *words in ill.commands:
        done = patient.program.run(command, *words, server=patient.server, env=env)
        assert done.returncode in ((0, 1) if command == "doctor" else (0,)), (command, words, done.stderr)
        own = words if command == "doctor" and "--probe" not in words else own
    if not own:
        return examine(patient, **env)
    return said(patient.program.run("doctor", "--json", *own, server=patient.server, env=env))


def empty(server: Server, bucket: str, program: Resident) -> Patient:
    """A new bucket without a channel."""
    server.client().create_bucket(Bucket=bucket)
    return Patient(server, bucket, f"s3://{bucket}/{PREFIX}", program)


def fill(server: Server, bucket: str, program: Resident, folder: Path) -> Patient:
    """A healthy channel in a new bucket: hello 1.0 and, in linux-64, tool 1.0."""
    place = empty(server, bucket, program)
    place.done("init", "--subdir", "linux-64", "--provider", server.name)
    tool = make_package(folder, "tool", "1.0", subdir="linux-64")
    place.done("publish", make_package(folder, "hello", "1.0"), tool)
    return place


def copy(healthy: Patient, bucket: str) -> Patient:
    """The same channel in another new bucket."""
    client = healthy.server.client()
    client.create_bucket(Bucket=bucket)
    for entry in client.list_objects_v2(Bucket=healthy.bucket)["Contents"]:
        found = client.get_object(Bucket=healthy.bucket, Key=entry["Key"])
        headers = {name: found[name] for name in ("ContentType", "CacheControl") if name in found}
        data = found["Body"].read().replace(healthy.bucket.encode(), bucket.encode())
        client.put_object(Bucket=bucket, Key=entry["Key"], Body=data, **headers)
    return replace(healthy, bucket=bucket, url=f"s3://{bucket}/{PREFIX}")


def edit(place: Place, **changed: Any) -> None:
    """Changes keys of channel.json by hand; `_` stands for `-`."""
    client = place.server.client()
    document = json.loads(client.get_object(Bucket=place.bucket, Key=DESCRIPTOR)["Body"].read())
    document |= {key.replace("_", "-"): value for key, value in changed.items()}
    client.put_object(Bucket=place.bucket, Key=DESCRIPTOR, Body=json.dumps(document).encode())


def everybody(place: Place, *actions: str) -> None:
    """Lets everybody do this in the bucket."""
    arn = f"arn:aws:s3:::{place.bucket}"
    statements = [{"Effect": "Allow", "Principal": "*", "Action": [*actions], "Resource": [arn, f"{arn}/*"]}]
    policy = {"Version": "2012-10-17", "Statement": statements}
    place.server.client().put_bucket_policy(Bucket=place.bucket, Policy=json.dumps(policy))
