"""A channel in memory whose packages are patched."""

from __future__ import annotations

import json
from typing import Any

from chaninfra.channel.objects import ObjectBody
from chaninfra.index.channel import Channel
from chaninfra.index.progress import Silent
from chaninfra.index.publish import publish
from support.index_model.memory_store import SequentialRuntime
from support.index_model.patches import PATCHES
from support.index_model.processes import JSON, channel, channel_with, file, package


class Patched:
    """A channel in memory with the packages of these names, or `<name>-<version>`."""

    def __init__(self, *names: str) -> None:
        self.store = channel_with(*(names or ("a", "a-2", "b")))
        self._opened = 0

    def open(self) -> Channel:
        """The channel, for one command."""
        self._opened += 1
        opened = channel(self.store, SequentialRuntime(f"p{self._opened}"))
        # Readers use a store of their own.
        vars(opened).update(store=lambda: self.store)
        return opened

    def records(self) -> dict[str, dict[str, Any]]:
        """File name → record, of repodata.json."""
        document = json.loads(self.store.objects[JSON].data)
        return {**document["packages"], **document["packages.conda"]}

    def record(self, name: str) -> dict[str, Any]:
        """The record of the package of this name, or `<name>-<version>`."""
        return self.records()[file(name)]

    def patches(self) -> dict[str, Any]:
        """File name → patch, as the document has it."""
        found: dict[str, Any] = json.loads(self.store.objects[PATCHES].data)["files"]
        return found

    def change_package(self, name: str, payload: bytes) -> None:
        """Publish other bytes under the name, by force."""
        done = publish(self.open(), [package(name, payload)], "overwrite", Silent())
        assert done.error is None

    def put_patches(self, document: bytes | dict[str, Any]) -> None:
        """Put the document."""
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.store.objects[PATCHES] = ObjectBody(data=data, content_type="")
