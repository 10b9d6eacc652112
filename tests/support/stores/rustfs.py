"""RustFS on one folder, with a key for encryption and a target of events."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from chaninfra.pulumi.signed_request import send
from support.pulumi.handlers import Store as Handlers
from support.pulumi.handlers import key_of_a_user
from support.servers.s3_servers import REGION, Server, free_port, new_server, program, running
from support.stores.model import Store

_TARGET = "webhook"
_KEY = "tests"


@contextmanager
def rustfs(folder: Path, *, region: str = REGION, encrypts: bool = True) -> Iterator[Server]:
    """RustFS on the files in `folder`. `encrypts`: it has a key for SSE-S3. Nobody listens where it sends events."""
    port, hook = free_port(), free_port()
    server = new_server("rustfs", port)
    data, keys, queue = folder / "data", folder / "keys", folder / "events"
    for each in (data, keys, queue):
        each.mkdir(parents=True)
    env = {
        "RUSTFS_VOLUMES": str(data),
        "RUSTFS_ADDRESS": f"127.0.0.1:{port}",
        "RUSTFS_CONSOLE_ENABLE": "false",
        "RUSTFS_REGION": region,
        "RUSTFS_ACCESS_KEY": server.access_key_id,
        "RUSTFS_SECRET_KEY": server.secret_access_key,
        # A program that is not optimized needs more than the 1 MiB that it gives a thread.
        "RUSTFS_RUNTIME_THREAD_STACK_SIZE": str(16 << 20),
        "RUSTFS_OBS_LOG_DIRECTORY": str(folder / "logs"),
        "RUSTFS_NOTIFY_ENABLE": "true",
        f"RUSTFS_NOTIFY_WEBHOOK_ENABLE_{_TARGET}": "on",
        f"RUSTFS_NOTIFY_WEBHOOK_ENDPOINT_{_TARGET}": f"http://127.0.0.1:{hook}/",
        f"RUSTFS_NOTIFY_WEBHOOK_AUTH_TOKEN_{_TARGET}": secrets.token_hex(16),
        f"RUSTFS_NOTIFY_WEBHOOK_QUEUE_DIR_{_TARGET}": str(queue),
        "RUSTFS_OUTBOUND_ALLOW_ORIGINS": f"http://127.0.0.1:{hook}",
    }
    if encrypts:
        env |= {
            "RUSTFS_KMS_ENABLE": "true",
            "RUSTFS_KMS_BACKEND": "local",
            "RUSTFS_KMS_KEY_DIR": str(keys),
            "RUSTFS_KMS_LOCAL_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "RUSTFS_KMS_DEFAULT_KEY_ID": _KEY,
            # Else it refuses keys below the folder for temporary files.
            "RUSTFS_KMS_ALLOW_INSECURE_DEV_DEFAULTS": "true",
        }
    with running(server, [str(program("rustfs")), "server"], env, folder):
        if encrypts:
            asked(server, "POST", "kms/keys", {"tags": {"name": _KEY}})
        yield server


def asked(server: Server, method: str, command: str, body: Mapping[str, Any] | None = None) -> Any:
    """What the admin API answers to the root user."""
    session = Handlers(server, "any").handler("access-key").session
    data = json.dumps(body).encode() if body else b""
    answer = send(session, method, f"{server.endpoint_url}/rustfs/admin/v3/{command}", data, doing="ask")
    return json.loads(answer or "null")


RUSTFS = Store(
    name="rustfs",
    provider="rustfs",
    start=rustfs,
    limited=partial(key_of_a_user, "rustfs-admin"),
    target=lambda server: f"arn:rustfs:sqs:{REGION}:{_TARGET}:webhook",
    elsewhere=lambda folder: rustfs(folder, region="eu-central-1"),
)
