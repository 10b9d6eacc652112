"""A package with sidecars (CEP 50): on disk, and in a channel in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chaninfra.channel.conda.index_files import decompress
from chaninfra.channel.conda.skeleton import empty_index
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.channel import Channel
from chaninfra.index.package.local_file import read
from chaninfra.index.progress import Silent
from chaninfra.index.publish import publish
from chaninfra.index.published import Published
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.reindex_plan import Scope
from chaninfra.index.report import SubdirReport
from chaninfra.index.upload import Existing
from support.channels.archives import conda, index_json
from support.channels.bundles import bundle, digest, sidecar
from support.channels.channels import descriptor
from support.index_model.memory_store import MemoryStore, SequentialRuntime

FILE = "a-1-0.conda"
PACKAGE = conda(index_json("a", noarch="generic"))
OTHER = conda(index_json("a", noarch="generic"), payload=b"other")
FIRST = bundle(FILE, PACKAGE)
SECOND = bundle(FILE, PACKAGE, b"second")
ONE, BOTH = sidecar(FIRST), sidecar(FIRST, SECOND)


class Folder:
    """A channel in memory with the subdir noarch, and a folder on disk for what is published."""

    def __init__(self, disk: Path) -> None:
        self.store = MemoryStore()
        self.disk = disk
        self.count = 0
        for name, body in empty_index("noarch", self.channel().descriptor.index):
            self.store.objects[f"c/noarch/{name}"] = body

    def channel(self) -> Channel:
        """The channel for one command."""
        self.count += 1
        channel = Channel(descriptor=descriptor("c", subdirs=("noarch",)), credentials=None)
        # Sets the cached properties, and what reads.
        vars(channel).update(writer=self.store, runtime=SequentialRuntime(f"r{self.count}-"), store=lambda: self.store)
        return channel

    def publish(
        self, package: bytes = PACKAGE, beside: bytes | None = None, existing: Existing = "refuse"
    ) -> Published:
        """`chaninfra publish` of a-1-0.conda, with this sidecar beside it."""
        path = self.disk / FILE
        path.write_bytes(package)
        self.on_disk.unlink(missing_ok=True)
        if beside is not None:
            self.on_disk.write_bytes(beside)
        return publish(self.channel(), [read(path)], existing, Silent())

    @property
    def on_disk(self) -> Path:
        """The sidecar on disk."""
        return self.disk / f"{FILE}.sigs"

    def reindex(self, scope: Scope = "changed") -> SubdirReport:
        """`chaninfra reindex`."""
        return reindex_subdir(self.channel().subdir_index("noarch"), scope)

    def put(self, data: bytes, name: str = f"{FILE}.sigs") -> None:
        """Put an object, as another tool or person would."""
        self.store.objects[f"c/noarch/{name}"] = ObjectBody(data=data, content_type="")

    def put_both(self, data: bytes) -> None:
        """Put a sidecar and its copy."""
        self.put(data)
        self.put(data, f"{FILE}.sigs.{digest(data)}")

    def delete(self, name: str = f"{FILE}.sigs") -> None:
        """Delete an object."""
        del self.store.objects[f"c/noarch/{name}"]

    def sidecar(self) -> bytes | None:
        """The sidecar in the bucket."""
        body = self.store.objects.get(f"c/noarch/{FILE}.sigs")
        return body.data if body else None

    def copies(self) -> set[str]:
        """The digests of the copies, each of which has the bytes that its name says."""
        start = f"c/noarch/{FILE}.sigs."
        found = {key.removeprefix(start): body for key, body in self.store.objects.items() if key.startswith(start)}
        assert all(digest(body.data) == name for name, body in found.items())
        return {*found}

    def record(self) -> dict[str, Any] | None:
        """The record of the package, which is the same in repodata.json, its zst and the shards."""
        files = {name: self.store.objects[f"c/noarch/{name}"].data for name in ("repodata.json", "repodata.json.zst")}
        assert decompress(files["repodata.json.zst"], 1 << 20) == files["repodata.json"]
        found: dict[str, Any] | None = json.loads(files["repodata.json"])["packages.conda"].get(FILE)
        return found

    def field(self) -> str | None:
        """The record's `attestations_sha256`."""
        record = self.record()
        assert record is not None
        field: str | None = record.get("attestations_sha256")
        return field


def left_out(report: SubdirReport) -> list[tuple[str, str]]:
    """(path, reason) of what was left out."""
    return [(each.package, each.reason) for each in report.left_out]
