"""Who publishes nightlies in a crowd and prunes them; see tests/integration/index/test_everybody.py."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, Protocol

from bench.generator import Package
from chaninfra.index.locks import read_lock
from support.channels.channel_at import PREFIX, Place
from support.channels.channels import etags
from support.channels.retention import declare, pruned_later
from support.servers.s3_servers import Server

NAME = "nightly"
KEPT = 2
"""The newest ones, which the rule keeps."""


class Crowd(Protocol):
    """What it needs of the crowd."""

    failed: list[str]

    @property
    def over(self) -> bool: ...

    def run(self, name: str, server: Server, command: str, *words: str) -> str | None: ...

    def add(self, told: str) -> None: ...


def is_nightly(path: str) -> bool:
    """Whether it is the path of such a package."""
    return path.startswith(f"noarch/{NAME}-")


class Nightlies:
    """Packages of which a rule keeps the newest, and a lock file the first."""

    def __init__(self, place: Place, folder: Path) -> None:
        self._place = place
        self._folder = folder
        folder.mkdir()
        declare(place, nightlies={"match": NAME, "keep-newest": KEPT, "grace": "1d"})
        self._published: list[str] = []
        """The paths, the oldest first."""
        self._lock = folder / "explicit.txt"

    def go_on(self, crowd: Crowd, server: Server) -> None:
        """Publish one and prune, until time is over; who was killed does it again."""
        while not crowd.failed and not (crowd.over and len(self._published) > KEPT + 1):
            number = len(self._published)
            index = {"name": NAME, "version": str(number), "build": "0", "build_number": 0, "depends": []}
            made = Package({**index, "subdir": "noarch", "noarch": "generic"}, f"{NAME} {number}\n".encode())
            file = self._folder / made.file
            file.write_bytes(made.data)
            if not self._published:
                self._lock.write_text(f"@EXPLICIT\nhttps://mirror.example.com/x/noarch/{made.file}\n")
            while (told := crowd.run("pruner", server, "publish", str(file), "--json")) is None:
                if crowd.failed:
                    return
            self._published.append(f"noarch/{made.file}")
            crowd.add(told)
            while crowd.run("pruner", server, "prune", "--yes", "--lock", str(self._lock)) is None:
                if crowd.failed:
                    return

    def check(self, needed: Collection[str]) -> dict[str, int]:
        """Prune once more, now that nobody is at work, and once as if the grace period were over: what the rule takes
        goes, and nothing else. `needed`: the paths that snapshots list. How many were deleted, and how many are left.
        """
        place, locked = self._place, self._published[0]
        before = self._in_index()
        place.done("prune", "--yes", "--lock", self._lock)
        yanked = self._yanked()
        by_rule = {path for path in self._published if path in yanked and yanked[path].get("rule") == "nightlies"}
        by_others = {path for path in self._published if path in yanked} - by_rule
        # What somebody has yanked, who rolls back for one, does not count.
        newest = [path for path in self._published if path not in by_others][-KEPT:]
        stays = {*newest, locked}
        assert self._in_index() == before & stays
        assert not by_rule & {locked}
        assert self._there() == {*self._published}
        deleted = {each.package.path_in_channel for each in pruned_later(place, 3, [read_lock(self._lock)]).deleted}
        assert deleted == by_rule - stays - {*needed}
        assert self._there() == {*self._published} - deleted
        return {"pruned": len(deleted), "left": len(self._there())}

    def _in_index(self) -> set[str]:
        listed = {f"noarch/{file}" for file in self._place.repodata("noarch")["packages.conda"]}
        return {path for path in listed if is_nightly(path)}

    def _yanked(self) -> dict[str, dict[str, Any]]:
        found = self._place.server.client().get_object(Bucket=self._place.bucket, Key=f"{PREFIX}/yanked.json")
        packages: dict[str, dict[str, Any]] = json.loads(found["Body"].read())["packages"]
        return packages

    def _there(self) -> set[str]:
        keys = etags(self._place.server, self._place.bucket)
        return {path for key in keys if is_nightly(path := key.removeprefix(f"{PREFIX}/"))}
