"""SeaweedFS: master, volume server, filer and S3 gateway in one process, `weed server -s3`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from support.pulumi.handlers import key_of_a_user
from support.servers.s3_servers import Server, free_port, new_server, program, running
from support.stores.model import Store

_PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port.grpc",
)


@contextmanager
def seaweedfs(folder: Path, *, read_only: bool = False, encrypts: bool = True) -> Iterator[Server]:
    """SeaweedFS on the files in `folder`. `read_only`: its IAM API takes no changes, as without the option for it.
    `encrypts`: it has a key for SSE-S3.
    """
    data = folder / "data"
    data.mkdir(parents=True)
    ports = _free_ports(len(_PORTS) + 1)
    server = new_server("seaweedfs", ports.pop())
    options = {
        "dir": str(data),
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        # Each bucket gets volumes of its own: many small ones, as `weed mini` has them.
        "volume.max": "0",
        "volume.preStopSeconds": "0",
        "master.volumeSizeLimitMB": "64",
        "master.telemetry": "false",
        "s3.port": server.endpoint_url.rpartition(":")[2],
        "s3.port.iceberg": "0",
        "s3.port.lance": "0",
        "s3.iam.readOnly": str(read_only).lower(),
        "s3.localSocket": str(folder / "s3.sock"),
        "filer.localSocket": str(folder / "filer.sock"),
        **dict(zip(_PORTS, map(str, ports), strict=True)),
    }
    argv = [str(program("seaweedfs")), "-logtostderr", "server", "-s3", *(f"-{key}={options[key]}" for key in options)]
    env = {**server.environment(), "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
    if encrypts:
        env["WEED_S3_SSE_KEY"] = secrets.token_hex(16)
    with running(server, argv, env, folder):
        yield server


def _free_ports(count: int) -> list[int]:
    """Different ports of the loopback interface that nobody listens on."""
    ports: dict[int, None] = {}
    while len(ports) < count:
        ports[free_port()] = None
    return [*ports]


SEAWEEDFS = Store(
    name="seaweedfs", provider="seaweedfs", start=seaweedfs, limited=partial(key_of_a_user, "seaweedfs-iam")
)
