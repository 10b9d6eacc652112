"""The handlers of the dynamic resources on a bucket, without the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from chaninfra.channel.conda.index_settings import ConditionalWrites, IndexSettings
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.build import build_descriptor
from chaninfra.channel.outputs.descriptor import CACHE_CONTROL, dump, parse
from chaninfra.channel.providers.model import KeyWay
from chaninfra.channel.spec.build import build_spec
from chaninfra.pulumi.bucket_session import Session, StoreInput
from chaninfra.pulumi.handlers import HANDLERS, Handler
from support.servers.s3_servers import Server

INDEX = {"formats": ["json", "zst", "shards"], "compression-level": 1, "cache-control": IndexSettings().cache_control}
KEYS = {"AWS_ACCESS_KEY_ID": "access-key-id", "AWS_SECRET_ACCESS_KEY": "secret-access-key"}
KEYS |= {"AWS_SESSION_TOKEN": "session-token"}


class Store:
    """The handlers on a bucket of a server, with the server's own credentials or with `keys`."""

    def __init__(self, server: Server, bucket: str, keys: dict[str, str] | None = None) -> None:
        given = server.environment() if keys is None else keys
        self._config = {f"ns:{KEYS[name]}": value for name, value in given.items()}
        self.store: StoreInput = {
            "bucket": bucket,
            "endpoint-url": server.endpoint_url,
            "region": server.region,
            "force-path-style": True,
            "profile": None,
            "namespace": "ns",
        }

    def handler(self, noun: str, **store: Any) -> Handler[Any, Any]:
        """The handler of `noun` in HANDLERS; `store` overrides keys of the input `store`."""
        return HANDLERS[noun](Session({**self.store, **store}, self._config))  # type: ignore[typeddict-item]

    def props(self, **more: Any) -> dict[str, Any]:
        """Props that any of the handlers takes, with `more` added."""
        props: dict[str, Any] = {"store": self.store, "adopt": False, "force-destroy": False, "prefixes": ["main"]}
        props |= {"prefix": "main", "subdirs": ["noarch", "linux-64"], "index": INDEX, "files": []}
        props |= {"key": "main/channel.json", "document": self._document(), "statements": []}
        props |= {"provider": "custom", "notifications": []}
        return {**props, **more}

    def make(self, **more: Any) -> None:
        """Create the bucket with a channel. Its store is not probed: channel.json already says what a probe found."""
        props = self.props(**more)
        for noun in ("bucket", "skeleton"):
            self.handler(noun).create(props)
        declared = parse(props["document"], where=props["key"])
        probed = ConditionalWrites(create=True, replace=True, multipart=True)
        written = structs.replace(declared, index=structs.replace(declared.index, conditional_writes=probed))
        body = ObjectBody(data=dump(written), content_type="application/json", cache_control=CACHE_CONTROL)
        descriptor = self.handler("descriptor")
        descriptor.session.objects.put(props["key"], body)
        descriptor.create(props)

    def _document(self) -> str:
        """The descriptor of the channel `main` in the bucket, as JSON."""
        location = {"bucket": self.store["bucket"], "endpoint-url": self.store["endpoint-url"]}
        spec = build_spec({"provider": "custom", "prefix": "main", **location}, where="stack")
        return dump(build_descriptor(spec.bucket, spec.channels[0])).decode()


def key_of_a_user(way: KeyWay, server: Server, bucket: str, document: Mapping[str, Any]) -> dict[str, str]:
    """The access key of a new user with this policy, as a stack makes it, as variables for a process."""
    store = Store(server, bucket)
    inputs = {"store": store.store, "way": way, "user": "limited", "policy": dict(document), "rotate": ""}
    _, made = store.handler("access-key").create(inputs)
    return {"AWS_ACCESS_KEY_ID": made["access_key_id"], "AWS_SECRET_ACCESS_KEY": made["secret_access_key"]}
