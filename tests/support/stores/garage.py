"""Garage on one node, and the commands of its operator."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.servers.s3_servers import Server, free_port, new_server, program, running
from support.stores.model import Store

_HOST = "localhost"
"""A name that is resolved on every machine, and that a bucket can have."""


@dataclass(frozen=True, kw_only=True)
class Garage(Server):
    """A running Garage: its configuration file, its web endpoint and its admin API."""

    config: Path
    web_url: str
    """The URL of the web endpoint, which finds the bucket by the name in the header Host."""
    admin_url: str
    admin_token: str = field(repr=False)

    def run(self, *words: str) -> str:
        """What a command of `garage` prints. Raises RuntimeError with what it says of its failure."""
        argv = [str(program("garage")), "-c", str(self.config), *words]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"garage {words[0]} {words[1]} ended with {done.returncode}:\n{done.stderr[-4000:]}")
        return done.stdout

    def bucket_id(self, bucket: str) -> str:
        """The id of a bucket that has no name but the one of the key that made it, from the list of buckets."""
        row = next(line for line in self.run("bucket", "list").splitlines() if re.search(rf"[\s:]{bucket}\b", line))
        return row.split()[0]


@contextmanager
def start(folder: Path) -> Iterator[Garage]:
    """Garage with its files in `folder`: one node, which is the whole cluster."""
    s3, web, admin = free_port(), free_port(), free_port()
    made = new_server("garage", s3)
    config, token = folder / "garage.toml", secrets.token_hex(16)
    folder.mkdir(parents=True, exist_ok=True)
    config.touch(mode=0o600)
    config.write_text(_settings(folder, s3=s3, web=web, admin=admin, token=token))
    server = Garage(
        "garage",
        made.endpoint_url,
        made.access_key_id,
        made.secret_access_key,
        region="garage",
        config=config,
        web_url=f"http://127.0.0.1:{web}",
        admin_url=f"http://127.0.0.1:{admin}",
        admin_token=token,
    )
    # It lays itself out as the only node, and makes the key of these variables, which may create buckets.
    argv = [str(program("garage")), "-c", str(config), "server", "--single-node", "--default-access-key"]
    keys = {
        "GARAGE_DEFAULT_ACCESS_KEY": server.access_key_id,
        "GARAGE_DEFAULT_SECRET_KEY": server.secret_access_key,
    }
    with running(server, argv, keys, folder):
        yield server


def _settings(folder: Path, *, s3: int, web: int, admin: int, token: str) -> str:
    rpc = free_port()
    return f"""metadata_dir = "{folder}/meta"
data_dir = "{folder}/data"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:{rpc}"
rpc_public_addr = "127.0.0.1:{rpc}"
rpc_secret = "{secrets.token_hex(32)}"
[s3_api]
s3_region = "garage"
api_bind_addr = "127.0.0.1:{s3}"
[s3_web]
bind_addr = "127.0.0.1:{web}"
root_domain = ".web.localhost"
[admin]
api_bind_addr = "127.0.0.1:{admin}"
admin_token = "{token}"
"""


def _of(server: Server) -> Garage:
    assert isinstance(server, Garage)
    return server


def _named(server: Server, bucket: str) -> None:
    garage = _of(server)
    garage.run("bucket", "alias", garage.bucket_id(bucket), bucket)


def _opened(server: Server, bucket: str) -> None:
    """Lets everybody read the bucket at the web endpoint, also by the name of this host, which is then its alone."""
    garage = _of(server)
    garage.run("bucket", "website", "--allow", bucket)
    with suppress(RuntimeError):
        garage.run("bucket", "unalias", _HOST)
    garage.run("bucket", "alias", bucket, _HOST)


def _key(server: Server, bucket: str, policy: Mapping[str, Any]) -> dict[str, str]:
    """A key with the rights of a publisher if the policy lets it put objects, else with those of a reader."""
    garage, name = _of(server), f"user{secrets.token_hex(4)}"
    made = garage.run("key", "create", name)
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    may = ["--read", *(["--write"] if "s3:PutObject" in actions else [])]
    garage.run("bucket", "allow", *may, bucket, "--key", name)
    return {"AWS_ACCESS_KEY_ID": _value(made, "Key ID"), "AWS_SECRET_ACCESS_KEY": _value(made, "Secret key")}


def _value(printed: str, name: str) -> str:
    found = re.search(rf"^{name}:\s+(\S+)$", printed, re.MULTILINE)
    assert found is not None, f"no {name} in what garage printed"
    return found[1]


def typed(garage: Garage, bucket: str, steps: list[str], folder: Path) -> dict[str, dict[str, str]]:
    """What an operator types who reads the steps, by a shell: name of the key → its variables."""
    binary, keys = folder / "bin", {}
    binary.mkdir()
    (binary / "garage").symlink_to(program("garage"))
    env = {"PATH": f"{binary}:{os.environ['PATH']}", "GARAGE_CONFIG_FILE": str(garage.config)}
    for step in steps:
        if step.startswith("garage "):
            line = step.replace(" ID ", f" {garage.bucket_id(bucket)} ")
            done = subprocess.run(["sh", "-c", line], env=env, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, (line, done.stderr)
            if made := re.search(r"^Key ID:\s+(\S+)$(?s:.*?)^Secret key:\s+(\S+)$", done.stdout, re.MULTILINE):
                keys[line] = {"AWS_ACCESS_KEY_ID": made[1], "AWS_SECRET_ACCESS_KEY": made[2]}
    return keys


GARAGE = Store(
    name="garage",
    provider="garage",
    start=start,
    conditional=False,
    any_region=False,
    named=_named,
    opened=_opened,
    key=_key,
    site=lambda server, bucket: (_of(server).web_url, {"Host": f"{bucket}.web.localhost"}),
)
