"""What the tests of all folders share: the S3 servers, and names of buckets."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader, Loader

from chaninfra.demo.server import direct
from support.servers import s3_servers
from support.servers.s3_servers import Server

# Each test of these files is a search of its own, of up to some minutes, which shares nothing with others. They begin
# first, and are shared out one by one, while of all other files each goes to one worker. Else one worker ends alone.
_SEARCHES = tuple(f"tests/integration/index/test_{name}.py" for name in ("schedules", "lost_answers", "mutants"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The searches first, in the order of their files and tests."""
    items.sort(key=lambda item: not item.nodeid.startswith(_SEARCHES))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `--dist loadfile`, the scheduler that shares out the searches one by one."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler.loadfile import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if nodeid.startswith(_SEARCHES) else super()._split_scope(nodeid)

    return Scheduling(config, log)


# The servers of the tests are on this machine; a proxy may be set for the registries. Children inherit it.
os.environ.update(direct(os.environ))


def _read_once() -> None:
    """botocore reads what it knows of a service anew for each session, a tenth of a second; the tests make thousands.
    What runs as a process of its own still reads it itself.
    """
    load_file, list_services = JSONFileLoader.load_file, Loader.list_available_services
    files: dict[str, Any] = {}
    services: dict[Any, Any] = {}

    def loaded(self: JSONFileLoader, path: str) -> Any:
        if path not in files:
            files[path] = load_file(self, path)
        return files[path]

    def listed(self: Loader, type_name: str) -> Any:
        key = (type_name, *self.search_paths)
        if key not in services:
            services[key] = list_services(self, type_name)
        return services[key]

    JSONFileLoader.load_file, Loader.list_available_services = loaded, listed


_read_once()


# What a shell puts in the background has Ctrl-C ignored, and children inherit that; ours are to be interrupted.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """MinIO, for the whole session."""
    with s3_servers.minio(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture(scope="session")
def versitygw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """versitygw, for the whole session."""
    with s3_servers.versitygw(tmp_path_factory.mktemp("versitygw")) as server:
        yield server


@pytest.fixture(params=["minio", "versitygw"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each of the two."""
    running: Server = request.getfixturevalue(request.param)
    return running


@pytest.fixture(scope="session")
def aws() -> Iterator[Server]:
    """An AWS in memory, by moto, which judges no access."""
    # It takes more than a second to import.
    from support.servers import moto_more

    with moto_more.served() as endpoint_url:
        yield Server("moto", endpoint_url, "AKIAIOSFODNN7EXAMPLE", "moto takes any", "eu-central-1")


@pytest.fixture
def bucket_name() -> str:
    """The name of a bucket that no other test has; nothing has made it yet."""
    return f"test-{secrets.token_hex(6)}"
