"""S3 servers for tests: real ones, on free ports of the loopback interface, with keys of this session only."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

import servers
from chaninfra.channel.policy.statements import document

REGION = "us-east-1"
# Below those that systems give to outgoing connections, of which the tests make thousands.
_PORTS = range(20_000, 32_000)
_CONFIG = Config(
    s3={"addressing_style": "path"},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
    retries={"max_attempts": 1},
)


@dataclass(frozen=True)
class Server:
    """A running server, and the keys of the one who may do everything there."""

    name: str
    endpoint_url: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str = REGION

    def environment(self) -> dict[str, str]:
        """The variables that give a child process the server's keys."""
        return {"AWS_ACCESS_KEY_ID": self.access_key_id, "AWS_SECRET_ACCESS_KEY": self.secret_access_key}

    def client(self, **options: Any) -> Any:
        """A boto3 client of S3; `options` replace its own, another key for one. Without them it is one and the same."""
        return self._made("s3", **{"config": _CONFIG, **options}) if options else self._s3

    @cached_property
    def _s3(self) -> Any:
        # To make one takes longer than most requests.
        return self._made("s3", config=_CONFIG)

    def service(self, name: str) -> Any:
        """A boto3 client of another service of the same account."""
        return self._made(name)

    def _made(self, name: str, **options: Any) -> Any:
        given = {
            "endpoint_url": self.endpoint_url,
            "region_name": self.region,
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
            **options,
        }
        return boto3.session.Session().client(name, **given)

    def stranger(self) -> dict[str, str]:
        """The variables with the keys of somebody whom the server knows, and who has no right on any bucket."""
        if self.name == "minio":
            # An inline policy is all that such a session may do; this one says nothing of a bucket.
            policy = document([{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}])
            given = self.service("sts").assume_role(
                RoleArn="arn:minio:iam:::nobody", RoleSessionName="stranger", Policy=json.dumps(policy)
            )["Credentials"]
            return {
                "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
                "AWS_SESSION_TOKEN": given["SessionToken"],
            }
        user, secret = f"user{secrets.token_hex(4)}", secrets.token_hex(16)
        admin = [str(program("versitygw")), "admin", "--access", self.access_key_id, "--secret"]
        admin += [self.secret_access_key, "--endpoint-url", self.endpoint_url, "create-user"]
        subprocess.run([*admin, "--access", user, "--secret", secret, "--role", "user"], check=True, timeout=30)
        return {"AWS_ACCESS_KEY_ID": user, "AWS_SECRET_ACCESS_KEY": secret}


def program(name: str) -> Path:
    """The server's program; it is built where the user's cache does not have it."""
    return servers.ensure(name, lambda line: print(line, file=sys.stderr, flush=True))


@dataclass(frozen=True)
class Webhook:
    """Where a server sends its events, and the secret that it shows there."""

    port: int
    secret: str = field(repr=False)

    @property
    def url(self) -> str:
        """The URL, without the secret."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def url_with_secret(self) -> str:
        """The URL for a server that has no setting for the secret: Go sends it as the password of `Basic`."""
        return f"http://chaninfra:{self.secret}@127.0.0.1:{self.port}/"


@contextmanager
def minio(
    folder: Path,
    *,
    authority: Path | None = None,
    webhook: Webhook | None = None,
    second: Webhook | None = None,
    console: int | None = None,
    encrypts: bool = False,
    region: str = REGION,
) -> Iterator[Server]:
    """MinIO on the files in `folder`; it trusts the CA whose certificate is in `authority` too. It sends each event to
    `webhook`, and to `second`. `console`: the port of its console, of which it has none by default; `encrypts`: it has
    a key to encrypt objects with, if a bucket wants it; `region`: the one in its settings.
    """
    port, browser = free_port(), "off" if console is None else "on"
    server = new_server("minio", port, region)
    command = ["server", "--quiet", "--address", f"127.0.0.1:{port}"]
    command += ["--console-address", f"127.0.0.1:{console or free_port()}"]
    if authority is not None:
        trusted = folder / "certificates/CAs"
        trusted.mkdir(parents=True)
        (trusted / "ca.crt").write_bytes(authority.read_bytes())
        command += ["--certs-dir", str(trusted.parent)]
    keys = {"MINIO_ROOT_USER": server.access_key_id, "MINIO_ROOT_PASSWORD": server.secret_access_key}
    if encrypts:
        keys["MINIO_KMS_SECRET_KEY"] = f"tests:{b64encode(secrets.token_bytes(32)).decode()}"
    if region != REGION:
        keys["MINIO_SITE_REGION"] = region
    for name, hook in (("F", webhook), ("G", second)):
        if hook is not None:
            keys |= {
                f"MINIO_NOTIFY_WEBHOOK_ENABLE_{name}": "on",
                f"MINIO_NOTIFY_WEBHOOK_ENDPOINT_{name}": hook.url,
                f"MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_{name}": hook.secret,
            }
    with _running(server, [*command, str(folder / "data")], {**keys, "MINIO_BROWSER": browser}, folder):
        yield server


@contextmanager
def versitygw(
    folder: Path, *, webhook: Webhook | None = None, like: Server | None = None, region: str = REGION
) -> Iterator[Server]:
    """versitygw on plain files in `folder`: `folder/data/<bucket>/<key>`. Somebody must listen at `webhook` already.
    `like`: one that has ended, whose port, keys and files it takes; `region`: its own.
    """
    server = like or new_server("versitygw", free_port(), region)
    port = server.endpoint_url.rpartition(":")[2]
    data, old, users = (folder / name for name in ("data", "old", "users"))
    for made in (data, old, users):
        made.mkdir(parents=True, exist_ok=True)
    # Connections stay open, as at every store in earnest; this server closes them if not told.
    command = ["--quiet", "--keep-alive", "--port", f"127.0.0.1:{port}", "--iam-dir", str(users)]
    command += ["--region", server.region]
    keys = {"ROOT_ACCESS_KEY_ID": server.access_key_id, "ROOT_SECRET_ACCESS_KEY": server.secret_access_key}
    if webhook is not None:
        keys["VGW_EVENT_WEBHOOK_URL"] = webhook.url_with_secret
    command += ["posix", "--versioning-dir", str(old), str(data)]
    with _running(server, command, keys, folder):
        yield server


def free_port() -> int:
    """A port of the loopback interface that nobody listened on a moment ago, and that no connection gets meanwhile."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def new_server(name: str, port: int, region: str = REGION) -> Server:
    """A server that is not running yet, at a port of the loopback interface, and new keys for its administrator."""
    return Server(name, f"http://127.0.0.1:{port}", f"root{secrets.token_hex(4)}", secrets.token_hex(20), region)


def notify(server: Server, bucket: str, *, second: bool = False) -> None:
    """Let MinIO send the events of a bucket to its webhook, or both; versitygw sends those of all buckets."""
    if server.name != "minio":
        return
    events = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
    server.client().put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "QueueConfigurations": [
                {"QueueArn": f"arn:minio:sqs::{name}:webhook", "Events": events}
                for name in (("F", "G") if second else ("F",))
            ]
        },
    )


def _running(server: Server, command: Sequence[str], env: dict[str, str], folder: Path) -> AbstractContextManager[None]:
    return running(server, [str(program(server.name)), *command], env, folder)


@contextmanager
def running(server: Server, argv: Sequence[str], env: dict[str, str], folder: Path) -> Iterator[None]:
    """The process `argv` as the server, which has answered a signed ListBuckets; its output is in `folder/log`."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log"
    with log.open("wb") as out:
        # An environment of its own: no variable of the user may change what the server does.
        child = subprocess.Popen(
            argv, env={"HOME": str(folder), **env}, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        _wait(server, child, log)
        yield
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait(server: Server, child: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 180
    while True:
        try:
            server.client().list_buckets()
            return
        except (BotoCoreError, ClientError) as error:
            if child.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{server.name} does not answer ({error}):\n{log.read_text()}") from error
        time.sleep(0.05)
