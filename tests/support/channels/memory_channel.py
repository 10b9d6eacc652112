"""A channel whose objects are in memory."""

from __future__ import annotations

from typing import Any

from chaninfra.index.channel import Channel
from support.index_model.memory_store import MemoryStore


class Memory(Channel):
    """A channel in memory; its bucket has no versions, and no other channel."""

    objects = MemoryStore()

    def store(self) -> Any:
        return self.objects

    def client(self) -> Any:
        class Client:
            def get_bucket_versioning(self, **_: Any) -> dict[str, Any]:
                return {}

            def list_objects_v2(self, **_: Any) -> dict[str, Any]:
                return {"KeyCount": 0}

        return Client()
