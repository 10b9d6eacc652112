"""Worker processes of a first index: they read and put, their errors arrive whole, and none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import psutil
import pytest

from bench.generator import SUBDIR, Channel, Shape
from bench.lay import PROVIDER, Place, packages
from chaninfra.channel.errors import CredentialsError
from chaninfra.channel.objects import ObjectMeta
from chaninfra.channel.outputs.descriptor import parse
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.index import channel as channels
from chaninfra.index import package_reader, workers
from chaninfra.index.commit import shard_writer
from chaninfra.index.package_reader import Read
from chaninfra.index.reindex import reindex
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.worker_process import WorkerProcess
from chaninfra.index.workers import Workers
from support.channels.cli_runner import PROGRAM
from support.channels.new_channel import create_channel
from support.servers.s3_proxy import proxy
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

_WRONG = Credentials("nobody", "wrong")


@pytest.fixture
def place(server: Server, bucket_name: str) -> Place:
    """A channel without packages."""
    server.client().create_bucket(Bucket=bucket_name)
    made = Place(server, bucket_name, "channel", None)
    create_channel(server, made.url, SUBDIR, provider=PROVIDER)
    return made


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[WorkerProcess]]:
    """Two workers are started at once where there are 20 packages, and waited for; those that were."""
    all_: list[WorkerProcess] = []
    start = Workers.start

    def start_and_wait(self: Workers) -> None:
        start(self)
        new = [process for process in self._processes if process not in all_]
        all_.extend(new)
        _until(lambda: all(process.ready for process in new))

    monkeypatch.setattr(Workers, "start", start_and_wait)
    monkeypatch.setattr(workers, "cores", lambda: 3)
    for module in (package_reader, shard_writer):
        monkeypatch.setattr(module, "MANY", 20)
    yield all_
    assert not any(map(psutil.pid_exists, [process.pid for process in all_]))


def _until(holds: object, seconds: float = 60) -> None:
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def _channel(place: Place, credentials: Credentials | None = None) -> channels.Channel:
    own = Credentials(place.server.access_key_id, place.server.secret_access_key)
    descriptor = parse(place.descriptor(), where="channel.json")
    return channels.Channel(descriptor=descriptor, credentials=credentials or own)


def _listed(place: Place) -> list[tuple[str, ObjectMeta]]:
    entries = place.store().list(f"{place.prefix}/{SUBDIR}")
    return [(entry.key.rsplit("/", 1)[1], entry) for entry in entries if entry.key.endswith(".conda")]


def test_workers_read_the_packages_and_put_the_shards(
    place: Place, started: list[WorkerProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    call = WorkerProcess.call

    def spied(self: WorkerProcess, function: object, argument: object) -> object:
        called.append(getattr(function, "__name__", ""))
        return call(self, function, argument)  # type: ignore[arg-type]

    monkeypatch.setattr(WorkerProcess, "call", spied)
    place.set_keys(index={}, page=True)
    expected = packages(place, Channel(Shape(300, 100)))
    report = reindex(_channel(place), [SUBDIR])
    assert len(report.subdirs[0].added) == 300
    assert place.records().keys() == {file for file, _, _ in expected.files()}
    assert place.records() == place.records_of({name for name, _, _, _ in expected.names()})
    assert {entry.key.rpartition("/")[2] for entry in place.store().list(f"{place.prefix}/{SUBDIR}/summaries")} == {
        f"{name}.json" for name, _, _, _ in expected.names()
    }
    assert len(started) == 2
    assert set(called) == {"_read_group", "_put"}


def test_the_progress_has_every_byte(place: Place, started: list[WorkerProcess]) -> None:
    packages(place, Channel(Shape(60, 30)))
    listed = _listed(place)
    sizes: list[int] = []
    subdir_index = _channel(place).subdir_index(SUBDIR)
    assert subdir_index.workers
    with subdir_index.workers:
        read = [*package_reader.read_packages(subdir_index, listed, sizes.append)]
    assert [each.file for each in read] == [file for file, _ in listed]
    assert sorted(sizes) == sorted(entry.size for _, entry in listed)
    assert len(started) == 2


def test_the_error_of_a_worker_arrives_with_its_type_and_fields(place: Place, started: list[WorkerProcess]) -> None:
    packages(place, Channel(Shape(10, 5)))
    subdir_index = _channel(place, _WRONG).subdir_index(SUBDIR)
    assert subdir_index.workers
    with subdir_index.workers:
        subdir_index.workers.start()
        result = subdir_index.workers.submit(subdir_index, package_reader._read_group, _listed(place))
        assert result
        with pytest.raises(CredentialsError) as in_worker:
            result()
    with pytest.raises(CredentialsError) as here:
        package_reader._read_group(subdir_index, _listed(place))
    assert vars(in_worker.value) == vars(here.value)
    assert str(in_worker.value) == str(here.value)
    assert in_worker.value.code == "InvalidAccessKeyId"


def test_what_a_killed_worker_was_asked_for_is_read_again(place: Place, started: list[WorkerProcess]) -> None:
    packages(place, Channel(Shape(20, 10)))
    subdir_index = _channel(place).subdir_index(SUBDIR)
    assert subdir_index.workers
    with subdir_index.workers:
        subdir_index.workers.start()
        for process in started:
            os.kill(process.pid, signal.SIGSTOP)
        result = subdir_index.submit(package_reader._read_group, _listed(place))
        assert sum(process.busy for process in started) == 1
        for process in started:
            os.kill(process.pid, signal.SIGKILL)
        assert all(isinstance(read, Read) and read.record for read in result())
        _until(lambda: not any(process.ready for process in started))
        # No worker is left: the threads of this process do it.
        assert subdir_index.workers.submit(subdir_index, package_reader._read_group, []) is None
        assert subdir_index.submit(package_reader._read_group, _listed(place))()


def test_an_index_is_complete_whose_workers_were_killed_meanwhile(
    place: Place, started: list[WorkerProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    packages(place, Channel(Shape(300, 100)))
    call = WorkerProcess.call

    def call_and_die(self: WorkerProcess, function: object, argument: object) -> object:
        answer = call(self, function, argument)  # type: ignore[arg-type]
        os.kill(self.pid, signal.SIGKILL)
        return answer

    monkeypatch.setattr(WorkerProcess, "call", call_and_die)
    assert len(reindex(_channel(place), [SUBDIR]).subdirs[0].added) == 300
    assert len(place.records()) == 300
    assert not any(process.ready for process in started)


def test_credentials_are_neither_arguments_nor_variables_of_a_worker(
    place: Place, started: list[WorkerProcess]
) -> None:
    subdir_index: SubdirIndex = _channel(place).subdir_index(SUBDIR)
    assert subdir_index.workers
    with subdir_index.workers:
        subdir_index.workers.start()
        process = psutil.Process(started[0].pid)
        seen = f"{process.cmdline()} {process.environ()}"
    assert place.server.secret_access_key not in seen
    assert place.server.access_key_id not in seen


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda sent: sent.name)
def test_no_worker_outlives_the_command(versitygw: Server, bucket_name: str, sent: signal.Signals) -> None:
    if workers.cores() < 2:
        pytest.fail("this machine has one core, so there are no workers")
    versitygw.client().create_bucket(Bucket=bucket_name)
    place = Place(versitygw, bucket_name, "channel", None)
    create_channel(versitygw, place.url, SUBDIR, provider=PROVIDER)
    packages(place, Channel(Shape(1200, 300)))
    with proxy(versitygw) as between:
        between.round_trip = 0.1
        command = subprocess.Popen(
            [PROGRAM, "reindex", place.url, "--endpoint-url", between.server.endpoint_url],
            env={**os.environ, **versitygw.environment()},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        parent = psutil.Process(command.pid)
        _until(parent.children, 60)
        family = parent.children()
        command.send_signal(sent)
        _, err = command.communicate(timeout=60)
        gone, alive = psutil.wait_procs(family, timeout=30)
        for process in alive:
            process.kill()
        assert gone
        assert not alive
        assert "Traceback" not in err
    assert command.returncode != 0
