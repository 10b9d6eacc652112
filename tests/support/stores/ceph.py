"""Ceph radosgw on a cluster of one monitor, one manager and one OSD in memory, and the commands of its operator."""

from __future__ import annotations

import json
import secrets
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from support.servers.s3_servers import Server, free_port, program, running
from support.stores.model import Store

ADMIN = "operator"
"""The user of Ceph whose keys the tests have."""
_CAPS = "users=*;user-policy=*"
# As an operator's cluster has it: each daemon has a key of its own, with what it needs (subject → what it may do).
_DAEMONS = {
    "mon.": {"mon": "allow *"},
    "client.admin": {"mon": "allow *", "osd": "allow *", "mgr": "allow *", "mds": "allow *"},
    "mgr.a": {"mon": "allow profile mgr", "osd": "allow *", "mds": "allow *"},
    "osd.0": {"mon": "allow profile osd", "mgr": "allow profile osd", "osd": "allow *"},
    "client.rgw.a": {"mon": "allow rw", "osd": "allow rwx", "mgr": "allow rw"},
}
_SECONDS = 180.0
"""How long one command may take; `ceph` and radosgw-admin wait for the daemons, which a busy machine starts slowly."""


@dataclass(frozen=True)
class Ceph(Server):
    """A running radosgw, and the configuration of its cluster."""

    conf: Path = Path()

    def radosgw_admin(self, *args: str) -> Any:
        """What radosgw-admin answers."""
        return _radosgw_admin(self.conf, *args)

    def user(self, name: str, *args: str) -> dict[str, str]:
        """The variables with the key of a new user, whom `args` describe further."""
        return _variables(_new_user(self.conf, name, *args))

    def stranger(self) -> dict[str, str]:
        """See `Server`."""
        return self.user(f"stranger{secrets.token_hex(4)}")


@contextmanager
def ceph(folder: Path) -> Iterator[Ceph]:
    """radosgw with its cluster on files in `folder`, and objects in memory; all of it ends with the context."""
    program("ceph")
    folder.mkdir(parents=True, exist_ok=True)
    port, monitor, old_monitor = free_port(), free_port(), free_port()
    conf = folder / "ceph.conf"
    conf.write_text(_conf(folder, monitor=monitor, old_monitor=old_monitor, port=port))
    _keys(folder)
    with ExitStack() as stack:

        def start(daemon: str, name: str) -> None:
            stack.enter_context(_daemon([daemon, "-f", "--conf", str(conf), "--id", name], folder / f"{daemon}.log"))

        _make_monitor(folder, conf, monitor=monitor, old_monitor=old_monitor)
        start("ceph-mon", "a")
        osd = str(uuid.uuid4())
        _output(["ceph", "--conf", str(conf), "--connect-timeout", "60", "osd", "new", osd, "0"])
        (folder / "osd").mkdir()
        _output(["ceph-osd", "--conf", str(conf), "--id", "0", "--mkfs", "--osd-uuid", osd])
        start("ceph-osd", "0")
        start("ceph-mgr", "a")
        # This waits for the OSD, and makes the pools; the gateway beside it would make the same ones.
        made = _new_user(conf, ADMIN, f"--caps={_CAPS}")
        server = Ceph("ceph", f"http://127.0.0.1:{port}", made["access_key"], made["secret_key"], conf=conf)
        argv = ["radosgw", "-f", "--conf", str(conf), "--name", "client.rgw.a"]
        stack.enter_context(running(server, argv, {}, folder))
        yield server


@contextmanager
def gateway(server: Ceph, folder: Path, *options: str) -> Iterator[Ceph]:
    """Another radosgw of the same cluster, with options of its own: `--rgw-enable-apis=s3`."""
    port = free_port()
    other = replace(server, endpoint_url=f"http://127.0.0.1:{port}")
    argv = ["radosgw", "-f", "--conf", str(server.conf), "--name", "client.rgw.a"]
    argv += [f"--rgw-frontends=beast endpoint=127.0.0.1:{port}", *options]
    with running(other, argv, {}, folder):
        yield other


def _new_user(conf: Path, name: str, *args: str) -> dict[str, str]:
    """The key of a new user; Ceph makes it, so that no process has it among its arguments."""
    made = _radosgw_admin(conf, "user", "create", f"--uid={name}", f"--display-name={name}", *args)
    return dict(made["keys"][0])


def _variables(key: dict[str, str]) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": key["access_key"], "AWS_SECRET_ACCESS_KEY": key["secret_key"]}


def _radosgw_admin(conf: Path, *args: str) -> Any:
    """What radosgw-admin answers, from JSON; None where it answers nothing."""
    answer = _output(["radosgw-admin", "--conf", str(conf), "--name", "client.admin", *args])
    return json.loads(answer) if answer.strip() else None


def _conf(folder: Path, *, monitor: int, old_monitor: int, port: int) -> str:
    """The configuration of the cluster. What waits to gather changes does not, and nothing is written twice."""
    return f"""[global]
fsid = {uuid.uuid4()}
mon host = [v2:127.0.0.1:{monitor}/0,v1:127.0.0.1:{old_monitor}/0]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind port min = 32001
ms bind port max = 32700
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = {folder}/keyring
admin socket =
run dir = {folder}
log file =
log to stderr = true
err to stderr = true
mon cluster log file =
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
[mon]
mon data = {folder}/mon
mon allow pool size one = true
mon data avail warn = 1
mon data avail crit = 0
mon max pg per osd = 1000
paxos propose interval = 0.05
paxos min wait = 0.01
[mgr]
mgr data = {folder}/mgr
mgr initial modules =
[osd]
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 8G
[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:{port}
"""


def _keys(folder: Path) -> None:
    """The keys of the cluster, in one file that only its daemons' user may read."""
    keyring = folder / "keyring"
    argv = ["ceph-authtool", str(keyring), "--create-keyring"]
    for name, rights in _DAEMONS.items():
        caps = [word for subject, may in rights.items() for word in ("--cap", subject, may)]
        _output([*argv, "--gen-key", "--name", name, *caps])
        argv = argv[:2]
    keyring.chmod(0o600)


def _make_monitor(folder: Path, conf: Path, *, monitor: int, old_monitor: int) -> None:
    (folder / "mgr").mkdir()
    fsid = next(line.split()[-1] for line in conf.read_text().splitlines() if line.startswith("fsid"))
    addresses = f"[v2:127.0.0.1:{monitor},v1:127.0.0.1:{old_monitor}]"
    _output(["monmaptool", "--create", "--fsid", fsid, "--addv", "a", addresses, str(folder / "monmap")])
    made = ["ceph-mon", "--conf", str(conf), "--id", "a", "--mkfs", "--monmap", str(folder / "monmap")]
    _output([*made, "--keyring", str(folder / "keyring")])


@contextmanager
def _daemon(argv: Sequence[str], log: Path) -> Iterator[None]:
    """A process of the cluster; what it says is shown where the block fails."""
    with log.open("wb") as out:
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        yield
    except RuntimeError as error:
        error.add_note(f"{argv[0]} (exit code {child.poll()}) said:\n{log.read_text(errors='replace')[-4000:]}")
        raise
    finally:
        child.kill()
        child.wait()


def _output(argv: Sequence[str]) -> str:
    """What a command prints. Raises RuntimeError with what it says of its failure."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_SECONDS, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"{argv[0]} has not ended after {_SECONDS:.0f} s") from error
    if done.returncode:
        raise RuntimeError(f"{argv[0]} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return done.stdout


def limited(server: Server, bucket: str, document: Mapping[str, Any]) -> dict[str, str]:
    """A user with a policy."""
    assert isinstance(server, Ceph)
    name = f"limited{secrets.token_hex(4)}"
    made = server.user(name)
    server.service("iam").put_user_policy(UserName=name, PolicyName="it", PolicyDocument=json.dumps(document))
    return made


def target(server: Server) -> str:
    """A topic; nobody listens where it sends its events."""
    to = {"push-endpoint": f"http://127.0.0.1:{free_port()}/"}
    return str(server.service("sns").create_topic(Name="nowhere", Attributes=to)["TopicArn"])


CEPH = Store(name="ceph", provider="ceph", start=ceph, limited=limited, target=target)
