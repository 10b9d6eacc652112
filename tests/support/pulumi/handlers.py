"""The operations of the dynamic resources on a bucket, without the engine."""

from __future__ import annotations

from typing import Any

from pulumi.dynamic import Config

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.outputs.descriptor import build_descriptor, dump
from chaninfra.channel.spec.build import build_spec
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.handlers import OPERATIONS, Operations
from support.servers.s3_servers import Server

INDEX = {"formats": ["json", "zst", "shards"], "compression-level": 1, "cache-control": IndexSettings().cache_control}
KEYS = {"AWS_ACCESS_KEY_ID": "access-key-id", "AWS_SECRET_ACCESS_KEY": "secret-access-key"}
KEYS |= {"AWS_SESSION_TOKEN": "session-token"}


class Store:
    """The operations of each noun on a bucket of a server, with somebody's keys."""

    def __init__(self, server: Server, bucket: str, keys: dict[str, str] | None = None) -> None:
        given = server.environment() if keys is None else keys
        self._config = Config({f"ns:{KEYS[name]}": value for name, value in given.items()}, "chaninfra")
        self.store = {
            "bucket": bucket,
            "endpoint-url": server.endpoint_url,
            "region": server.region,
            "force-path-style": True,
            "profile": None,
            "namespace": "ns",
        }

    def noun(self, noun: str, **store: Any) -> Operations:
        return OPERATIONS[noun](Session({**self.store, **store}, self._config))

    def props(self, **more: Any) -> dict[str, Any]:
        props: dict[str, Any] = {"store": self.store, "adopt": False, "force-destroy": False, "prefixes": ["main"]}
        props |= {"prefix": "main", "subdirs": ["noarch", "linux-64"], "index": INDEX, "files": []}
        props |= {"key": "main/channel.json", "document": self._document(), "statements": []}
        return {**props, **more}

    def _document(self) -> str:
        """A descriptor of the channel `main` there."""
        location = {"bucket": self.store["bucket"], "endpoint-url": self.store["endpoint-url"]}
        spec = build_spec({"provider": "custom", "prefix": "main", **location}, where="stack")
        return dump(build_descriptor(spec.bucket, spec.channels[0])).decode()
