"""The steps of the demo, in order."""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaninfra import engine
from chaninfra.channel.conda.layout import ChannelLayout, index_keys
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.outputs.descriptor import Descriptor, from_document
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.demo import children, packages
from chaninfra.demo.server import embedded_s3

STACK = "demo"
BUCKET = "demo-bucket"
PREFIX = "demo-channel"
_PROGRAM = "from chaninfra.pulumi import program\n\nprogram()\n"
_OURS = [sys.executable, "-m", "chaninfra.cli"]
# What the user has set must not leak into the story.
_FOREIGN = ("AWS_", "S3_", "PULUMI_", "CHANINFRA_", "RATTLER_", "CONDA_")

NEXT = """
What to type next

  on AWS, with credentials in the environment or a profile:
    pulumi stack init prod
    pulumi config set provider aws && pulumi config set bucket my-bucket
    pulumi config set region eu-central-1 && pulumi config set prefix my-channel
    pulumi up && chaninfra manifest > pixi.toml

  on a store of your own (MinIO, Ceph, …), with its key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY:
    pulumi stack init own
    pulumi config set provider minio && pulumi config set endpoint-url https://minio.example.com
    pulumi config set bucket my-bucket && pulumi config set prefix my-channel
    pulumi up && chaninfra manifest > pixi.toml

  then, for each package:
    chaninfra publish my-package-1.0-0.conda
"""


@dataclass(frozen=True)
class Stage:
    """Where the story plays: a temporary folder, the store, and the environment of the commands."""

    folder: Path
    endpoint_url: str
    credentials: Credentials
    env: dict[str, str]

    @property
    def project(self) -> Path:
        """The folder of the Pulumi project."""
        return self.folder / "project"


def run(*, keep: bool = False) -> None:
    """Tells the story on stdout; with `keep` the store stays up until Ctrl-C. Raises ChaninfraError."""
    start = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(children.terminated_as_interrupted())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="chaninfra-demo-", ignore_cleanup_errors=True))
        with _step(1, "An S3 server in this machine's memory"):
            endpoint_url = stack.enter_context(embedded_s3())
            print(f"  moto serves S3 at {endpoint_url}; it forgets all when the demo ends", flush=True)
        with _step(2, "The Pulumi engine"):
            found = engine.get(lambda line: print(f"  {line}", flush=True))
        stage = _stage(Path(folder), endpoint_url, found)
        _provision(stage)
        descriptor = _descriptor(stage)
        _publish(stage)
        _install(stage, descriptor)
        _again(stage, descriptor)
        print(f"\nDone in {time.monotonic() - start:.0f} s.\n{NEXT}", flush=True)
        if keep:
            _keep(stage, descriptor)


def _stage(folder: Path, endpoint_url: str, found: engine.Engine) -> Stage:
    credentials = Credentials(f"demo-{secrets.token_hex(4)}", secrets.token_hex(16))
    inherited = found.environment({})
    env = {name: value for name, value in inherited.items() if not name.startswith(_FOREIGN)} | {
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": secrets.token_hex(16),
        "PULUMI_HOME": str(folder / "pulumi"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # Only dynamic resources are used; without this the engine would look for the plugin of pulumi-aws.
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    stage = Stage(folder, endpoint_url, credentials, env)
    for path in (stage.project, folder / "state", folder / "packages"):
        path.mkdir()
    (stage.project / "Pulumi.yaml").write_text("name: chaninfra\nruntime: python\n", "utf-8")
    (stage.project / "__main__.py").write_text(_PROGRAM, "utf-8")
    (stage.project / f"Pulumi.{STACK}.yaml").write_text(
        "config:\n"
        "  chaninfra:provider: custom\n"
        f"  chaninfra:endpoint-url: {endpoint_url}\n"
        f"  chaninfra:bucket: {BUCKET}\n"
        f"  chaninfra:prefix: {PREFIX}\n"
        "  chaninfra:subdirs: linux-64,osx-arm64,win-64\n",
        "utf-8",
    )
    return stage


def _provision(stage: Stage) -> None:
    with _step(3, "One declaration, provisioned by `pulumi up`"):
        config = stage.project / f"Pulumi.{STACK}.yaml"
        print(f"  {config.name}:")
        for line in config.read_text("utf-8").splitlines():
            print(f"    {line}")
        children.run(["pulumi", "stack", "init", STACK], env=stage.env, cwd=stage.project)
        _up(stage)


def _up(stage: Stage, *options: str) -> None:
    command = ["pulumi", "up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", STACK, *options]
    children.run(command, env=stage.env, cwd=stage.project)


def _descriptor(stage: Stage) -> Descriptor:
    command = ["pulumi", "stack", "output", "channels", "--json", "--stack", STACK]
    text = children.run(command, env=stage.env, cwd=stage.project, quiet=True)
    return from_document(json.loads(text)[PREFIX], where="stack output channels")


def _publish(stage: Stage) -> None:
    with _step(4, "Three packages, published"):
        made = packages.assemble(stage.folder / "packages")
        files = [f"../packages/{path.name}" for path in made]
        children.run(
            [*_OURS, "publish", *files, "--channel", f"stack:{STACK}"],
            env=stage.env,
            cwd=stage.project,
            name="chaninfra",
        )
        children.run([*_OURS, "ls", f"stack:{STACK}"], env=stage.env, cwd=stage.project, name="chaninfra")


def _install(stage: Stage, descriptor: Descriptor) -> None:
    with _step(5, "A client: the printed settings, credentials, and nothing else"):
        manifest = stage.folder / "pixi.toml"
        command = [*_OURS, "manifest", f"stack:{STACK}"]
        manifest.write_text(children.run(command, env=stage.env, cwd=stage.project, name="chaninfra"), "utf-8")
        home = stage.folder / "client"
        home.mkdir()
        env = {
            "HOME": str(home),
            "PATH": os.defpath,
            "RATTLER_AUTH_FILE": str(_auth_file(stage, descriptor, home / "auth.json")),
        }
        print(f"  A fresh process with an empty cache solves and installs {packages.WANTED} with py-rattler:")
        children.run(
            [
                sys.executable,
                "-m",
                "chaninfra.demo.client",
                "../pixi.toml",
                packages.WANTED,
                packages.SUBDIR,
                "prefix",
                "cache",
            ],
            env=env,
            cwd=home,
            name="client",
        )


def _auth_file(stage: Stage, descriptor: Descriptor, path: Path) -> Path:
    """What `pixi auth login` would keep."""
    keys = {
        "access_key_id": stage.credentials.access_key_id,
        "secret_access_key": stage.credentials.secret_access_key,
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps({descriptor.url: {"S3Credentials": keys}}), "utf-8")
    return path


def _again(stage: Stage, descriptor: Descriptor) -> None:
    with _step(6, "`pulumi up` again: nothing changes, the index is untouched"):
        before = _etags(stage, descriptor)
        _up(stage, "--expect-no-changes")
        after = _etags(stage, descriptor)
        changed = [key for key in before if before[key] != after[key]]
        print(f"  no changes; {len(after)} index files, {len(changed)} of them changed", flush=True)
        if changed:
            raise ChaninfraError(f"`pulumi up` touched {', '.join(changed)}")


def _etags(stage: Stage, descriptor: Descriptor) -> dict[str, str]:
    store = S3Store(descriptor.location, stage.credentials)
    keys = index_keys(ChannelLayout(descriptor.prefix, descriptor.subdirs, descriptor.index))
    return {key: entry.etag for key in keys if (entry := store.head(key))}


def _keep(stage: Stage, descriptor: Descriptor) -> None:
    path = stage.folder / "client" / "auth.json"
    print(
        f"The store stays up until Ctrl-C. To point pixi at it, in another terminal:\n\n"
        f"  export RATTLER_AUTH_FILE={path}\n"
        f"  mkdir try && cd try && cp {stage.folder / 'pixi.toml'} . && pixi add {packages.WANTED}\n\n"
        f"  the channel: {descriptor.url}",
        flush=True,
    )
    while True:
        time.sleep(3600)


@contextmanager
def _step(number: int, title: str) -> Iterator[None]:
    print(f"\n== {number}. {title}", flush=True)
    start = time.monotonic()
    yield
    print(f"  ({time.monotonic() - start:.1f} s)", flush=True)
