"""The steps of the demo, in the order in which they run."""

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
from textwrap import indent

from chaninfra import engine
from chaninfra.channel.conda.layout import ChannelLayout, index_keys
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.outputs.descriptor import Descriptor, from_document
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.demo import children, packages
from chaninfra.demo.server import embedded_s3
from chaninfra.demo.what_next import what_next

STACK = "demo"
BUCKET = "demo-bucket"
PREFIX = "demo-channel"
_PROGRAM = "from chaninfra.pulumi import program\n\nprogram()\n"
_CHANINFRA = [sys.executable, "-m", "chaninfra.cli"]
# Variables with these prefixes are not inherited, so that the user's settings do not change the demo.
_NOT_INHERITED = ("AWS_", "S3_", "PULUMI_", "CHANINFRA_", "RATTLER_", "CONDA_")


@dataclass(frozen=True)
class Sandbox:
    """What the demo's commands run with: a temporary folder, the store, and their environment."""

    folder: Path
    endpoint_url: str
    credentials: Credentials
    env: dict[str, str]

    @property
    def project(self) -> Path:
        """The folder of the Pulumi project."""
        return self.folder / "project"


def run(*, keep: bool = False) -> None:
    """Run the demo and print it on stdout; `keep`: leave the store running until Ctrl-C. Raises ChaninfraError."""
    start = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(children.terminated_as_interrupted())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="chaninfra-demo-", ignore_cleanup_errors=True))
        with _step(1, "An S3 server in this machine's memory"):
            endpoint_url = stack.enter_context(embedded_s3())
            print(f"  moto serves S3 at {endpoint_url}; its data is lost when the demo ends", flush=True)
        with _step(2, "The Pulumi engine"):
            found = engine.get(lambda line: print(f"  {line}", flush=True))
        sandbox = _sandbox(Path(folder), endpoint_url, found)
        _provision(sandbox)
        descriptor = _descriptor(sandbox)
        _publish(sandbox)
        _install(sandbox, descriptor)
        _up_again(sandbox, descriptor)
        print(f"\nDone in {time.monotonic() - start:.0f} s.\n{what_next(found.bin, Path.cwd())}", flush=True)
        if keep:
            _keep(sandbox, descriptor)


def _sandbox(folder: Path, endpoint_url: str, found: engine.Engine) -> Sandbox:
    credentials = Credentials(f"demo-{secrets.token_hex(4)}", secrets.token_hex(16))
    inherited = found.environment({})
    env = {name: value for name, value in inherited.items() if not name.startswith(_NOT_INHERITED)} | {
        # With the drive right after the slashes, and no escapes: the engine takes what follows them as a path.
        "PULUMI_BACKEND_URL": f"file://{(folder / 'state').as_posix()}",
        "PULUMI_CONFIG_PASSPHRASE": secrets.token_hex(16),
        "PULUMI_HOME": str(folder / "pulumi"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # The demo uses dynamic resources only; without this the engine would download the plugin of pulumi-aws.
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    sandbox = Sandbox(folder, endpoint_url, credentials, env)
    for path in (sandbox.project, folder / "state", folder / "packages"):
        path.mkdir()
    (sandbox.project / "Pulumi.yaml").write_text("name: chaninfra\nruntime: python\n", "utf-8")
    (sandbox.project / "__main__.py").write_text(_PROGRAM, "utf-8")
    (sandbox.project / f"Pulumi.{STACK}.yaml").write_text(
        "config:\n"
        "  chaninfra:provider: custom\n"
        f"  chaninfra:endpoint-url: {endpoint_url}\n"
        f"  chaninfra:bucket: {BUCKET}\n"
        f"  chaninfra:prefix: {PREFIX}\n"
        "  chaninfra:subdirs: linux-64,osx-arm64,win-64\n",
        "utf-8",
    )
    return sandbox


def _provision(sandbox: Sandbox) -> None:
    with _step(3, "One declaration, provisioned by `pulumi up`"):
        config = sandbox.project / f"Pulumi.{STACK}.yaml"
        print(f"  {config.name}:")
        for line in config.read_text("utf-8").splitlines():
            print(f"    {line}")
        children.run(["pulumi", "stack", "init", STACK], env=sandbox.env, cwd=sandbox.project)
        _up(sandbox)


def _up(sandbox: Sandbox, *options: str) -> None:
    command = ["pulumi", "up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", STACK, *options]
    children.run(command, env=sandbox.env, cwd=sandbox.project)


def _descriptor(sandbox: Sandbox) -> Descriptor:
    command = ["pulumi", "stack", "output", "channels", "--json", "--stack", STACK]
    text = children.run(command, env=sandbox.env, cwd=sandbox.project, quiet=True)
    return from_document(json.loads(text)[PREFIX], where="stack output channels")


def _publish(sandbox: Sandbox) -> None:
    with _step(4, "Three packages, published"):
        files = [f"../packages/{path.name}" for path in packages.assemble(sandbox.folder / "packages")]
        children.run(
            [*_CHANINFRA, "publish", *files, "--channel", f"stack:{STACK}"],
            env=sandbox.env,
            cwd=sandbox.project,
            name="chaninfra",
        )
        children.run([*_CHANINFRA, "ls", f"stack:{STACK}"], env=sandbox.env, cwd=sandbox.project, name="chaninfra")


def _install(sandbox: Sandbox, descriptor: Descriptor) -> None:
    with _step(5, "A client with the printed settings and credentials only"):
        manifest = sandbox.folder / "pixi.toml"
        command = [*_CHANINFRA, "manifest", f"stack:{STACK}"]
        # Without what a slow start says of itself on stderr.
        settings = children.run(command, env=sandbox.env, cwd=sandbox.project, name="chaninfra", quiet=True)
        print(indent(settings, "    "), end="", flush=True)
        manifest.write_text(settings, "utf-8")
        home = sandbox.folder / "client"
        home.mkdir()
        env = {
            "HOME": str(home),
            "PATH": os.defpath,
            "RATTLER_AUTH_FILE": str(_auth_file(sandbox, descriptor, home / "auth.json")),
            # No program of Windows starts without it.
            **{name: value for name, value in os.environ.items() if name == "SYSTEMROOT"},
        }
        print(f"  A new process with an empty cache solves and installs {packages.INSTALLED} with py-rattler:")
        children.run(
            [
                sys.executable,
                "-m",
                "chaninfra.demo.client",
                "../pixi.toml",
                packages.INSTALLED,
                packages.SUBDIR,
                "prefix",
                "cache",
            ],
            env=env,
            cwd=home,
            name="client",
        )


def _auth_file(sandbox: Sandbox, descriptor: Descriptor, path: Path) -> Path:
    """Write the file that `pixi auth login` writes."""
    keys = {
        "access_key_id": sandbox.credentials.access_key_id,
        "secret_access_key": sandbox.credentials.secret_access_key,
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps({descriptor.url: {"S3Credentials": keys}}), "utf-8")
    return path


def _up_again(sandbox: Sandbox, descriptor: Descriptor) -> None:
    with _step(6, "`pulumi up` again: nothing changes, the index is untouched"):
        before = _etags(sandbox, descriptor)
        _up(sandbox, "--expect-no-changes")
        after = _etags(sandbox, descriptor)
        changed = [key for key in before if before[key] != after[key]]
        print(f"  no changes; {len(after)} index files, {len(changed)} of them changed", flush=True)
        if changed:
            raise ChaninfraError(f"`pulumi up` touched {', '.join(changed)}")


def _etags(sandbox: Sandbox, descriptor: Descriptor) -> dict[str, str]:
    store = S3Store(descriptor.location, sandbox.credentials)
    keys = index_keys(ChannelLayout(descriptor.prefix, descriptor.subdirs, descriptor.index))
    return {key: entry.etag for key in keys if (entry := store.head(key))}


def _keep(sandbox: Sandbox, descriptor: Descriptor) -> None:
    path = sandbox.folder / "client" / "auth.json"
    print(
        f"The store stays up until Ctrl-C. To use it with pixi, in another terminal:\n\n"
        f"  export RATTLER_AUTH_FILE={path}\n"
        f"  mkdir try && cd try && cp {sandbox.folder / 'pixi.toml'} . && pixi add {packages.INSTALLED}\n\n"
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
