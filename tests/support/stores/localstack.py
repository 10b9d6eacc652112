"""LocalStack with S3 alone: it keeps what is put in memory, and asks nobody for a key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from support.servers.s3_servers import REGION, Server, free_port, new_server, program, running
from support.stores.model import Store


@contextmanager
def localstack(folder: Path, region: str = REGION) -> Iterator[Server]:
    """LocalStack; whatever it writes is in `folder`. It takes any keys, those of the server too, and is in the region
    that requests are signed with.
    """
    port = free_port()
    server = replace(new_server("localstack", port), region=region)
    temporary = folder / "tmp"
    temporary.mkdir(parents=True)
    env = {
        "SERVICES": "s3",
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        # Its other server listens on every interface, whatever GATEWAY_LISTEN says.
        "GATEWAY_SERVER": "hypercorn",
        # Else it asks DNS for a name of its makers, which means 127.0.0.1.
        "LOCALSTACK_HOST": "127.0.0.1",
        "DNS_ADDRESS": "0",
        # No telemetry, and no certificate from its makers.
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        # In a container it would write to /var/lib.
        "OVERRIDE_IN_DOCKER": "0",
        "FILESYSTEM_ROOT": str(folder / "files"),
        "TMPDIR": str(temporary),
    }
    with running(server, [str(program("localstack")), "-m", "localstack.runtime.main"], env, folder):
        yield server


LOCALSTACK = Store(
    name="localstack",
    provider="localstack",
    start=localstack,
    checks_keys=False,
    own_tls=True,
    elsewhere=partial(localstack, region="eu-west-1"),
)
