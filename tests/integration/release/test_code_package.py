"""The zip of the function in AWS Lambda, with the real wheels: run under a Python that has nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import subprocess
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from chaninfra.channel.conda.object_names import FOLLOW_JSON
from chaninfra.channel.conda.upkeep import CHANNELS_VARIABLE
from chaninfra.channel.outputs.descriptor import Cdn, dump, parse
from chaninfra.pulumi.code_package import RUNTIME, CodePackage, code_package
from chaninfra.pulumi.code_package.wheels import MACHINES, Architecture, locked_wheels
from pythons import python_of
from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.followed import package_bytes
from support.channels.lambda_calls import eventbridge, sqs_event
from support.paths import ROOT
from support.release import bare
from support.release.distributions import build, checkout
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
IN_LAMBDA = ROOT / "tests" / "support" / "release" / "in_lambda.py"
# AWS Lambda, "Quotas": zipped and uploaded directly, and unzipped.
MOST_ZIPPED, MOST_UNZIPPED = 50 * 2**20, 250 * 2**20
ELF_MACHINES = {"x86_64": 62, "arm64": 183}


@pytest.fixture(scope="module")
def packages() -> dict[Architecture, CodePackage]:
    """From the cache of this machine, where the wheels stay."""
    return {architecture: code_package(architecture, print) for architecture in MACHINES}


@pytest.mark.parametrize("architecture", MACHINES)
def test_its_sizes_are_within_the_limits_of_lambda(
    packages: Mapping[Architecture, CodePackage], architecture: Architecture
) -> None:
    package = packages[architecture]
    assert package.size == package.path.stat().st_size < MOST_ZIPPED
    with zipfile.ZipFile(package.path) as archive:
        assert archive.testzip() is None
        assert sum(info.file_size for info in archive.infolist()) < MOST_UNZIPPED


@pytest.mark.parametrize("architecture", MACHINES)
def test_its_programs_are_for_the_machine(
    packages: Mapping[Architecture, CodePackage], architecture: Architecture
) -> None:
    with zipfile.ZipFile(packages[architecture].path) as archive:
        names = [name for name in archive.namelist() if ".so" in Path(name).suffixes]
        assert len(names) >= 5
        for name in names:
            header = archive.read(name)[:20]
            # 64 bits, little-endian; a shared object (ELF header, e_ident, e_type and e_machine).
            assert header[:6] == b"\x7fELF\2\1", name
            assert struct.unpack("<HH", header[16:20]) == (3, ELF_MACHINES[architecture]), name
    for wheel in locked_wheels(architecture, print):
        tags = wheel.stem.split("-", 2)[2]
        assert tags.endswith("-none-any") or MACHINES[architecture] in tags.rpartition("-")[2], tags


def test_an_installed_chaninfra_makes_the_same_bytes(
    packages: Mapping[Architecture, CodePackage], tmp_path: Path
) -> None:
    """Another Python, from the wheel, with another umask, cache and time zone; the wheels come from the index again."""
    source = checkout(tmp_path / "source")
    (name,) = build(source, tmp_path / "dist", "wheel")
    python = next(iter(bare.pythons().values()))
    environment = bare.make(python, tmp_path / "env", f"{tmp_path / 'dist' / name}[pulumi]")
    code = (
        "import os, json; os.umask(0o077)\n"
        "from chaninfra.pulumi.code_package import code_package\n"
        "print(json.dumps([code_package(each).sha256 for each in ('arm64', 'x86_64')]))"
    )
    cache = tmp_path / "cache"
    done = environment.run("python", "-c", code, XDG_CACHE_HOME=str(cache), TZ="Asia/Tokyo", LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [packages[each].sha256 for each in ("arm64", "x86_64")]
    for path in cache.rglob("follower.zip"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in json.loads(done.stdout)


class Lambda:
    """What stands in for Lambda: a new process of a Python that has the unpacked code package alone."""

    def __init__(self, folder: Path, server: Server, aws: Server) -> None:
        self.folder, self.server, self.aws = folder, server, aws
        self.python = python_of(RUNTIME.removeprefix("python"))

    def __call__(self, urls: list[str], *events: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """What came of the events, and the log."""
        done = subprocess.run(
            [self.python, "-I", "-S", "-B", str(IN_LAMBDA), str(self.folder)],
            input=json.dumps(events),
            # No HOME, no PATH.
            env={
                CHANNELS_VARIABLE: json.dumps(urls),
                "AWS_REGION": self.server.region,
                "AWS_ENDPOINT_URL_S3": self.server.endpoint_url,
                "AWS_ENDPOINT_URL_CLOUDFRONT": self.aws.endpoint_url,
                **self.server.environment(),
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd="/",
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stderr.splitlines()[-1])
        assert found["strangers"] == []
        return found, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def unpacked(packages: Mapping[Architecture, CodePackage], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package for this machine."""
    machine = os.uname().machine
    (architecture,) = [name for name, of_wheels in MACHINES.items() if of_wheels == machine]
    folder = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(packages[architecture].path) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def function(unpacked: Path, server: Server, aws: Server) -> Lambda:
    """On MinIO and on versitygw."""
    return Lambda(unpacked, server, aws)


def put(place: Place, *names: str) -> list[str]:
    """Upload packages, and return the events of it."""
    keys = []
    for name in names:
        keys.append(f"{PREFIX}/noarch/{name}-0.conda")
        place.server.client().put_object(Bucket=place.bucket, Key=keys[-1], Body=package_bytes(name))
    return [eventbridge(place.bucket, key) for key in keys]


def test_the_function_runs_with_nothing_but_its_package(function: Lambda, bucket_name: str) -> None:
    place = new_place(function.server, bucket_name)
    first = put(place, "a-1", "b-1+cu12")
    # Larger than what is read at once.
    large = f"{PREFIX}/noarch/large-1-0.conda"
    data = package_bytes("large-1", payload=os.urandom(20 << 20))
    place.server.client().put_object(Bucket=bucket_name, Key=large, Body=data)
    bad = f"{PREFIX}/noarch/bad-1-0.conda"
    place.server.client().put_object(Bucket=bucket_name, Key=bad, Body=b"no package")
    bodies = {
        str(number): body
        for number, body in enumerate([*first, *(eventbridge(bucket_name, key) for key in (large, bad)), "no event"])
    }
    found, log = function([place.url], sqs_event(bodies), {"chaninfra": "delete"})
    assert found["answers"][0]["answer"] == {"batchItemFailures": [{"itemIdentifier": "4"}]}
    assert "is neither messages of SQS nor a task" in found["answers"][1]["answer"]
    assert [line["event"] for line in log] == ["refused", "left-out", "followed"]
    records = place.repodata("noarch")["packages.conda"]
    assert records.keys() == {"a-1-0.conda", "b-1+cu12-0.conda", "large-1-0.conda"}
    assert records["large-1-0.conda"]["sha256"] == hashlib.sha256(data).hexdigest()
    # A smaller function would do, see MEMORY_MB.
    assert found["answers"][-1]["peak_mb"] < 256


def test_its_tasks_run_too_with_worker_processes(function: Lambda, bucket_name: str) -> None:
    place = new_place(function.server, bucket_name)
    names = [f"p-{number}" for number in range(520)]
    put(place, *names)
    found, log = function([place.url], *({"chaninfra": task} for task in ("reindex", "compare", "gc")))
    assert [each["answer"] for each in found["answers"]] == [None, None, None], log
    assert [line["event"] for line in log] == ["reindexed", "compared", "collected"]
    assert len(place.repodata("noarch")["packages.conda"]) == len(names)
    mark = place.server.client().get_object(Bucket=bucket_name, Key=f"{PREFIX}/{FOLLOW_JSON}")
    runs = json.loads(mark["Body"].read())
    for task in ("reindex", "compare", "gc"):
        assert (runs[task]["by"], runs[task]["chaninfra"]) == ("aws-lambda", VERSION)
    if len(os.sched_getaffinity(0)) > 1:
        assert found["started"] > 0


def test_the_cdn_is_asked_and_a_damaged_descriptor_is_told(function: Lambda, bucket_name: str) -> None:
    """With botocore's description of CloudFront, and the schema; moto does not know the distribution."""
    place = new_place(function.server, bucket_name)
    client, key = place.server.client(), f"{PREFIX}/channel.json"
    described = parse(client.get_object(Bucket=bucket_name, Key=key)["Body"].read(), where="")
    behind = structs.replace(described, cdn=Cdn(kind="cloudfront", id="E2EXAMPLE"))
    client.put_object(Bucket=bucket_name, Key=key, Body=dump(behind))
    (event,) = put(place, "a-1")
    found, log = function([place.url], sqs_event({"1": event}))
    assert found["answers"][0]["answer"] == {"batchItemFailures": []}
    assert [line["event"] for line in log] == ["followed", "cdn-not-refreshed"]
    assert "(NoSuchDistribution)" in log[1]["error"]
    client.put_object(Bucket=bucket_name, Key=key, Body=dump(behind).replace(b'"subdirs"', b'"subdir"'))
    found, log = function([place.url], sqs_event({"1": event}))
    assert found["answers"][0]["answer"] == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert (log[0]["error"], log[0]["where"], log[0]["key"]) == ("unknown key", f"{place.url}/channel.json", "subdir")
