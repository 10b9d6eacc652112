"""Eight jobs that share a re-index, as processes beside each other: what one run does, and what it costs."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from bench import lay, measure
from bench.generator import SUBDIR, Channel, Shape
from bench.lay import Place
from support.channels.cli_runner import PROGRAM, chaninfra
from support.channels.new_channel import create_channel
from support.servers.s3_proxy import proxy
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

_JOBS = 8
_SHAPE = Shape(4000, 800)


@dataclass(frozen=True)
class _Cost:
    requests: int
    seconds: float
    cpu: tuple[float, ...]
    """Seconds of the CPU, of each job."""
    results: tuple[dict[str, Any], ...]

    def line(self, what: str) -> str:
        cpu = f"{sum(self.cpu):.1f} s of the CPU, {max(self.cpu):.1f} s at most in a job"
        return f"{what}: {self.requests:,} requests, {self.seconds:.1f} s, {cpu}"


@pytest.fixture
def places(minio: Server, bucket_name: str) -> tuple[Place, Place]:
    """Two channels with the same packages, without an index of the subdir."""
    minio.client().create_bucket(Bucket=bucket_name)
    one, many = (Place(minio, bucket_name, name, None) for name in ("one", "many"))
    for place in (one, many):
        create_channel(minio, place.url, SUBDIR, provider=lay.PROVIDER)
        place.clear_subdir()
    lay.packages(one, Channel(_SHAPE))
    lay.copy(one, many)
    return one, many


def _ran(place: Place, jobs: int, *words: str) -> _Cost:
    """What a command costs, by so many jobs of an array of AWS Batch; by one, without --part."""

    def job(index: int) -> measure.Run:
        batch = {"AWS_BATCH_JOB_ARRAY_INDEX": str(index), "AWS_BATCH_JOB_ARRAY_SIZE": str(jobs)}
        part = ["--part", "auto"] if jobs > 1 else []
        endpoints = [f"--{side}endpoint-url={between.server.endpoint_url}" for side in ("", "from-")]
        command = [PROGRAM, *words, "--json", *part, *endpoints[: 2 if words[0] == "copy" else 1]]
        (run,) = measure.run_all([command], {**place.server.environment(), **batch, "HOME": "/dev/null"})
        return run

    with proxy(place.server) as between, ThreadPoolExecutor(jobs) as pool:
        start = time.monotonic()
        runs = [*pool.map(job, range(jobs))]
        seconds = time.monotonic() - start
        requests = between.take().requests
    assert [run.code for run in runs] == [0] * jobs, [run.output for run in runs]
    results = tuple(json.JSONDecoder().raw_decode(run.output, run.output.index("{"))[0] for run in runs)
    return _Cost(requests, seconds, tuple(run.cpu for run in runs), results)


def _check_alike(one: Place, many: Place) -> Mapping[str, object]:
    """Both have the same records, in repodata.json and in the shards, and nothing is left to be done."""
    records = many.records()
    assert records == one.records()
    names = {str(record["name"]) for record in records.values()}  # type: ignore[index]
    assert many.records_of(names) == records
    done = chaninfra("reindex", many.url, "--check", "--endpoint-url", many.server.endpoint_url, server=many.server)
    assert done.returncode == 0, done.stdout + done.stderr
    return records


def test_a_first_index_by_eight_jobs(places: tuple[Place, Place]) -> None:
    one, many = places
    alone, together = _ran(one, 1, "reindex", one.url), _ran(many, _JOBS, "reindex", many.url)
    print(alone.line("one process"), together.line(f"{_JOBS} jobs"), sep="\n")
    assert len(_check_alike(one, many)) == _SHAPE.packages
    added = [_added(result) for result in together.results]
    assert sum(added) == _SHAPE.packages
    assert max(added) < 2 * _SHAPE.packages / _JOBS
    # A package is read once; the shard of a name is read and written by each job that has packages of this name.
    assert together.requests < 3 * alone.requests
    assert max(together.cpu) < 0.8 * sum(alone.cpu)


def test_the_index_of_another_tool_by_eight_jobs(places: tuple[Place, Place]) -> None:
    """It has records of half of the packages, and of some that are gone."""
    one, many = places
    known = {file: record for number, (file, record) in enumerate(_known().items()) if number % 2}
    gone = {f"gone{number}-1-0.conda": _gone(number) for number in range(40)}
    document = {"info": {"subdir": SUBDIR}, "packages": {}, "packages.conda": {**known, **gone}}
    for place in (one, many):
        place.put([(f"{SUBDIR}/repodata.json", msgspec.json.encode({**document, "repodata_version": 1}))])
    alone, together = _ran(one, 1, "reindex", one.url), _ran(many, _JOBS, "reindex", many.url)
    print(alone.line("one process"), together.line(f"{_JOBS} jobs"), sep="\n")
    records = _check_alike(one, many)
    assert len(records) == _SHAPE.packages
    assert not gone.keys() & records.keys()


def test_a_copy_by_eight_jobs(minio: Server, bucket_name: str) -> None:
    minio.client().create_bucket(Bucket=bucket_name)
    source, one, many = (Place(minio, bucket_name, name, None) for name in ("source", "one", "many"))
    for place in (source, one, many):
        create_channel(minio, place.url, SUBDIR, provider=lay.PROVIDER)
    lay.packages(source, Channel(Shape(400, 80)))
    _ran(source, 1, "reindex", source.url)
    words = ["copy", "--all", "--from", source.url, "--to"]
    alone, together = _ran(one, 1, *words, one.url), _ran(many, _JOBS, *words, many.url)
    print(alone.line("one process"), together.line(f"{_JOBS} jobs"), sep="\n")
    assert len(_check_alike(one, many)) == 400
    assert many.records() == source.records()


def _added(result: dict[str, Any]) -> int:
    (subdir,) = [each for each in result["subdirs"] if each["subdir"] == SUBDIR]
    return len(subdir["added"])


def _known() -> dict[str, Any]:
    return {package.file: package.record() for package in Channel(_SHAPE)}


def _gone(number: int) -> dict[str, Any]:
    record = {"name": f"gone{number}", "version": "1", "build": "0", "build_number": 0, "depends": []}
    return {**record, "subdir": SUBDIR, "sha256": f"{number:064x}", "size": 1}
