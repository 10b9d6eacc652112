"""The life of a channel on every store, by the real engine, the real command line and a conda client.

One test a life, since an engine run takes seconds. What each step needs of the store is counted by a proxy, and written
to `build/stores/lives/<server>.json`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chaninfra.index.large_upload import IN_ONE_PUT
from support.channels import channels, conda_client
from support.channels.channel_at import Place
from support.channels.index_reader import forms
from support.channels.packages import make_package
from support.pulumi.stacks import Stack
from support.servers.relay import relay
from support.servers.s3_proxy import proxy
from support.servers.s3_servers import Server
from support.stores.model import Running, Store
from support.stores.steps import Steps

PREFIX = "team/main"
SUBDIRS = ("noarch", "linux-64")
LARGE = 20_000_000
MOST = {
    "up without a change": 3,
    "publish": 48,
    "snapshot": 40,
    "yank": 36,
    "reindex of nothing": 29,
    "reindex of a package": 40,
    "gc": 32,
}
"""Step → most requests, on every store that has atomic conditions and lists ETags; on others twice as many."""


class Life:
    """A stack with a channel on a store, behind a proxy that counts."""

    def __init__(self, running: Running, steps: Steps, bucket: str, folder: Path, **config: Any) -> None:
        self.store: Store = running.store
        self.direct, self.server = running.server, steps.proxy.server
        self.steps, self.bucket, self.folder = steps, bucket, folder
        one = {} if self.store.conditional else {"index": {"writers": "single"}}
        given = self.store.config(self.server, bucket, prefix=PREFIX, region=self.direct.region, **one, **config)
        self.stack = Stack(folder / "stack", given, self.server.environment())
        self.place = Place(self.server, bucket, f"s3://{bucket}/{PREFIX}")

    def step(self, name: str, command: str, *args: str | Path) -> str:
        """The output of a command that must not fail."""
        with self.steps.step(name):
            return self.place.done(command, *args)

    def up(self, name: str) -> dict[str, int]:
        """What `pulumi up`, which must not fail, has done."""
        with self.steps.step(name):
            ran = self.stack.up()
        assert ran.code == 0, ran
        return ran.done

    def objects(self) -> dict[str, Any]:
        """What a listing says of each object in the bucket, by key: not every store lists ETags."""
        return channels.listed(self.direct, self.bucket)

    def index(self, prefix: str = PREFIX) -> set[str]:
        """The packages that the index has; every form says the same."""
        found = forms(self.direct, self.bucket, prefix, SUBDIRS)
        assert found["json"] == found["zst"] == found["shards"]
        return set(found["json"])

    def found(self, name: str, url: str) -> set[str]:
        """What a client without a cache finds of `hello`, `tool` and `by-hand`, by shards, zst and json alike."""
        read = conda_client.read(url, ["hello", "tool", "by-hand"], self.folder / f"read-{name}", self.direct)
        assert read["shards"] == read["zst"] == read["json"]
        return {file for _, file, *_ in read["json"]}


@contextmanager
def life(running: Running, name: str, bucket: str, folder: Path, **config: Any) -> Iterator[Life]:
    """A new life, whose steps are saved when it has ended well."""
    with proxy(running.server) as between:
        steps = Steps(between)
        yield Life(running, steps, bucket, folder, **config)
        steps.save(running.store.name, running.store.version, name)


def packages(folder: Path) -> list[Path]:
    """`hello`, and `tool` of linux-64 that needs it and is too large for one PUT."""
    folder.mkdir()
    payload = random.Random(1).randbytes(LARGE)
    assert len(payload) > IN_ONE_PUT
    large = make_package(folder, "tool", "1.0", subdir="linux-64", depends=["hello"], payload=payload)
    return [make_package(folder, "hello", "1.0"), large]


def test_the_life_of_a_private_channel(running: Running, versitygw: Server, bucket_name: str, tmp_path: Path) -> None:
    with life(running, "private", bucket_name, tmp_path) as channel:
        _is_declared(channel)
        files = packages(tmp_path / "packages")
        channel.step("publish", "publish", *files)
        assert channel.index() == {"noarch/hello-1.0-0.conda", "linux-64/tool-1.0-0.conda"}
        url = channel.place.url
        installed = conda_client.install(url, ["tool"], tmp_path / "installed", channel.direct)
        assert {"share/hello.txt", "share/tool.txt"} <= {*installed}
        assert (tmp_path / "installed/prefix/share/tool.txt").stat().st_size == LARGE

        _is_tended(channel)
        _is_copied(channel, versitygw)
        _goes(channel)
    _keeps_to(running.store, channel.steps)


def test_the_life_of_a_public_channel(running: Running, bucket_name: str, tmp_path: Path) -> None:
    base, headers = running.store.site(running.server, bucket_name)
    # The relay is what leads a name to the bucket where the store goes by the header Host; elsewhere it adds nothing.
    with (
        relay(base, headers) as site,
        life(running, "public", bucket_name, tmp_path, visibility="public", public_url=f"{site}/{PREFIX}") as channel,
    ):
        if not running.store.public:
            _is_not_opened(channel)
            return
        _is_declared(channel)
        if channel.store.opened:
            channel.store.opened(channel.direct, bucket_name)
        channel.step("publish", "publish", make_package(tmp_path, "hello", "1.0"))
        assert channels.status(f"{site}/{PREFIX}/noarch/repodata.json") == 200
        assert "share/hello.txt" in conda_client.install(f"{site}/{PREFIX}", ["hello"], tmp_path / "anybody")
        channel.stack.config(force_destroy=True)
        channel.up("up with force-destroy")
        with channel.steps.step("destroy"):
            ran = channel.stack.destroy()
        assert ran.code == 0, ran
        assert bucket_name not in channels.buckets(channel.direct)


def _is_declared(channel: Life) -> None:
    """up, up without a change, refresh without drift."""
    channel.up("up")
    channel.store.named(channel.direct, channel.bucket)
    described = json.loads(
        channel.direct.client().get_object(Bucket=channel.bucket, Key=f"{PREFIX}/channel.json")["Body"].read()
    )
    assert described == channel.stack.outputs()["channels"]["main"]
    if channel.store.conditional:
        assert described["index"]["conditional-writes"]["create"] is True
        assert described["index"]["conditional-writes"]["replace"] is True
    # The probe's scratch objects are deleted.
    assert ".chaninfra" not in " ".join(channel.objects())
    before = channel.objects()
    assert channel.up("up without a change") == {}
    with channel.steps.step("refresh"):
        ran = channel.stack.refresh()
    assert ran.code == 0, ran
    assert ran.done == {}, ran
    assert channel.objects() == before


def _is_not_opened(channel: Life) -> None:
    """A store that cannot open a bucket: up says so, and so the channel is not taken for a public one."""
    ran = channel.stack.up()
    assert ran.code != 0, ran
    assert f"the policy of s3://{channel.bucket}" in ran.output
    assert "Traceback" not in ran.output
    assert f"{PREFIX}/channel.json" not in channel.objects()
    assert channel.stack.destroy().code == 0


def _is_tended(channel: Life) -> None:
    """yank, reindex, gc and snapshots, and what a client finds after each."""
    url = channel.place.url
    channel.step("snapshot", "snapshot create", "v1")
    channel.step("yank", "yank", "tool", "--reason", "does not start")
    left = {"hello-1.0-0.conda"}
    assert channel.found("yanked", url) == left
    before = channel.objects()
    assert "linux-64/tool-1.0-0.conda" in " ".join(before)

    channel.step("reindex of nothing", "reindex")
    assert channel.objects() == before
    by_hand = make_package(channel.folder, "by-hand", "1.0")
    channels.put(channel.direct, channel.bucket, f"{PREFIX}/noarch", by_hand)
    channel.step("reindex of a package", "reindex")
    left |= {by_hand.name}
    assert channel.found("by-hand", url) == left
    files = {key for key in channel.objects() if key.endswith(".conda")}
    channel.step("gc", "gc")
    assert {key for key in channel.objects() if key.endswith(".conda")} == files
    assert channel.found("gc", url) == left

    # The snapshot has what was yanked later, and not what came later.
    snapshot = f"{url}/snapshots/v1"
    kept = {"hello-1.0-0.conda", "tool-1.0-0.conda"}
    assert channel.found("snapshot", snapshot) == kept
    installed = conda_client.install(snapshot, ["tool"], channel.folder / "of-the-snapshot", channel.direct)
    assert "share/tool.txt" in installed


def _is_copied(channel: Life, other: Server) -> None:
    """copy to a channel at another prefix of the bucket, from the bucket and from another store."""
    one = () if channel.store.conditional else ("--writers", "single")
    target = Place(channel.server, channel.bucket, f"s3://{channel.bucket}/team/production")
    where = ["--provider", channel.store.provider, "--subdir", "linux-64", *one]
    with channel.steps.step("init"):
        target.done("init", *where)
    with channel.steps.step("copy in the store"):
        target.done("copy", "--all", "--from", channel.place.url)
    assert channel.index("team/production") == channel.index()
    assert channel.found("copied", target.url) == {"hello-1.0-0.conda", "by-hand-1.0-0.conda"}

    source = f"{channel.bucket}-source"
    other.client().create_bucket(Bucket=source)
    folder = channel.folder / "elsewhere"
    folder.mkdir()
    elsewhere = Place(other, source, f"s3://{source}/main")
    elsewhere.done("init", "--provider", "versitygw")
    elsewhere.done("publish", make_package(folder, "tool", "2.0", payload=random.Random(2).randbytes(LARGE)))
    keys = {f"FROM_S3_{name.removeprefix('AWS_')}": value for name, value in other.environment().items()}
    arguments = ["--all", "--from", elsewhere.url, "--from-endpoint-url", other.endpoint_url]
    with channel.steps.step("copy from another store"):
        ran = target.run("copy", *arguments, "--from-provider", "versitygw", **keys)
    assert ran.returncode == 0, ran.stderr
    assert "noarch/tool-2.0-0.conda" in channel.index("team/production")
    installed = conda_client.install(target.url, ["tool ==2.0"], channel.folder / "of-production", channel.direct)
    assert "share/tool.txt" in installed


def _goes(channel: Life) -> None:
    """destroy is refused as long as there are packages, and with force-destroy it leaves nothing."""
    before = channel.objects()
    with channel.steps.step("destroy refused"):
        ran = channel.stack.destroy()
    assert ran.code != 0, ran
    assert "force-destroy" in ran.output
    assert "Traceback" not in ran.output
    assert channel.objects() == before
    channel.stack.config(force_destroy=True)
    channel.up("up with force-destroy")
    with channel.steps.step("destroy"):
        ran = channel.stack.destroy()
    assert ran.code == 0, ran
    assert channel.bucket not in channels.buckets(channel.direct)
    assert channel.stack.resources() == {}


def _keeps_to(store: Store, steps: Steps) -> None:
    """No step asks more of a store than it must."""
    times = 1 if store.conditional and store.lists_etags else 2
    over = [name for name, most in MOST.items() if steps.done[name].requests > times * most]
    assert not over, "\n".join(f"{name}: {steps.done[name].requests}\n{steps.traffic[name].lines()}" for name in over)
