"""The channel.json of a channel: the stack is its one writer."""

from __future__ import annotations

import json

from chaninfra.channel.descriptor import CACHE_CONTROL
from chaninfra.channel.errors import BucketMissingError
from chaninfra.channel.store import Body
from chaninfra.pulumi.resources.base import Operations, Props
from chaninfra.pulumi.resources.bucket import exists
from chaninfra.pulumi.resources.purge import is_blank, purge


class DescriptorOperations(Operations):
    """Inputs: store, prefix, key, document (JSON text), adopt."""

    identity = ("key",)

    def create(self, props: Props) -> tuple[str, Props]:
        """Writes it."""
        body = Body(data=props["document"].encode(), content_type="application/json", cache_control=CACHE_CONTROL)
        self.session.objects.put(props["key"], body)
        return f"{self.session.location.bucket}/{props['key']}", props

    def read(self, props: Props) -> Props | None:
        """It as the store has it."""
        try:
            stored = self.session.objects.get(props["key"])
        except BucketMissingError:
            return None
        if stored is None:
            return None
        text = stored.data.decode("utf-8", errors="replace")
        return props if _same(text, props["document"]) else {**props, "document": text}

    def update(self, olds: Props, news: Props) -> Props:
        """Writes the new one."""
        return self.create(news)[1]

    def delete(self, props: Props) -> None:
        """Deletes it, unless it describes an adopted channel that goes on."""
        if exists(self.session) and (not props["adopt"] or is_blank(self.session, props["prefix"])):
            purge(self.session, props["prefix"], lambda keys: [key for key in keys if key == props["key"]])


def _same(one: str, other: str) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except json.JSONDecodeError:
        return False
