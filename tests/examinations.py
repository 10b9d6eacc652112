"""A healthy channel, copied as often as it is to fall ill; and what `chaninfra doctor` says of it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from chaninfra.cli.reference import S3, parse
from cli_runner import chaninfra
from packages import make_package
from places import PREFIX, Place
from s3_servers import Server

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
        return [shlex.split(each) for each in dict.fromkeys(remedies) if each and each.startswith("chaninfra ")]


def examine(place: Place, *args: str | Path, **env: str) -> Said:
    """Runs the doctor on a channel."""
    return said(place.run("doctor", "--json", *args, **env))


def said(done: CompletedProcess[str]) -> Said:
    """What a run of it with --json said."""
    assert done.returncode in (0, 1), done.stderr
    document = json.loads(done.stdout)
    assert document["healthy"] == (done.returncode == 0)
    return Said(done.returncode, tuple(document["checks"]))


def obey(ill: Said, server: Server, **env: str) -> Said:
    """Runs the remedies, which are to be commands, and the doctor in the end: by that of its own, if it is one."""
    assert ill.commands, ill.checks
    words: Sequence[str] = ()
    for words in ill.commands:
        done = chaninfra(*words[1:], server=server, env=env)
        assert done.returncode in ((0, 1) if words[1] == "doctor" else (0,)), (words, done.stderr)
    own = [words for words in ill.commands if words[1] == "doctor" and "--probe" not in words]
    place = own[0][2:] if own else _place(words)
    return said(chaninfra("doctor", "--json", *place, server=server, env=env))


def _place(words: Sequence[str]) -> list[str]:
    """The channel and the flags of the store in a command line, for another command."""
    return [word for word in words[2:] if word not in ("--force", "--probe", "--writers", "single")]


def fill(server: Server, bucket: str, folder: Path) -> Place:
    """A healthy channel in a new bucket: hello 1.0 and, in linux-64, tool 1.0."""
    server.client().create_bucket(Bucket=bucket)
    place = Place(server, bucket, f"s3://{bucket}/{PREFIX}")
    place.done("init", "--subdir", "linux-64", "--provider", server.name)
    tool = make_package(folder, "tool", "1.0", subdir="linux-64")
    place.done("publish", make_package(folder, "hello", "1.0"), tool)
    return place


def copy(healthy: Place, bucket: str) -> Place:
    """The same channel in another new bucket."""
    client = healthy.server.client()
    client.create_bucket(Bucket=bucket)
    for entry in client.list_objects_v2(Bucket=healthy.bucket)["Contents"]:
        found = client.get_object(Bucket=healthy.bucket, Key=entry["Key"])
        headers = {name: found[name] for name in ("ContentType", "CacheControl") if name in found}
        data = found["Body"].read().replace(healthy.bucket.encode(), bucket.encode())
        client.put_object(Bucket=bucket, Key=entry["Key"], Body=data, **headers)
    return Place(healthy.server, bucket, f"s3://{bucket}/{PREFIX}")


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


def bucket_of(url: str) -> str:
    """The bucket in an s3:// URL."""
    found = parse(url)
    assert isinstance(found, S3)
    return found.bucket
