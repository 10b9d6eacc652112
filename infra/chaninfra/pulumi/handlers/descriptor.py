"""The channel.json of a channel: the stack is its one writer, but for what a probe found.

What the store does is probed once, when the channel is made, and again where the channel comes to another store. What
was found is an output and never an input, so that it is no drift, and states from before there was a probe need no
change: theirs is probed when their channel.json is next written.
"""

from __future__ import annotations

import json
from typing import Any

from msgspec import structs, to_builtins

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.errors import BucketMissingError, ChaninfraError, ConfigurationError
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import CACHE_CONTROL, Descriptor, dump, parse
from chaninfra.channel.probe.report import examine
from chaninfra.pulumi.handlers.base import Operations, Props, warn
from chaninfra.pulumi.handlers.bucket import exists
from chaninfra.pulumi.handlers.deletion import is_blank, purge

# What tells a channel from that of another stack.
_TOLD_BY = ("name", "url", "endpoint_url", "visibility", "subdirs")


class DescriptorOperations(Operations):
    """Inputs: store, prefix, key, document (JSON text), adopt. Output: probed, the conditional writes that the store
    was found to honour, as a document; left out where that is not known."""

    identity = ("key",)

    def create(self, props: Props) -> tuple[str, Props]:
        """Writes it; in place of one that says something else with a warning, since two stacks may have one channel."""
        declared = parse(props["document"], where=props["key"])
        there = self._there(props["key"])
        differing = [name for name in _TOLD_BY if there and getattr(there, name) != getattr(declared, name)]
        if differing:
            names = ", ".join(f"`{name.replace('_', '-')}`" for name in differing)
            warn(
                f"s3://{self.session.location.bucket}/{props['key']} was there and is overwritten; it differed in "
                f"{names}. If it is another stack's, the two overwrite each other: give this channel another `prefix`"
            )
        return self._write(props, declared, there)

    def _write(self, props: Props, declared: Descriptor, there: Descriptor | None) -> tuple[str, Props]:
        writes = _recorded(declared, there) or self._probe(declared)
        index = structs.replace(declared.index, conditional_writes=writes)
        data = dump(structs.replace(declared, index=index))
        body = ObjectBody(data=data, content_type="application/json", cache_control=CACHE_CONTROL)
        self.session.objects.put(props["key"], body)
        return f"{self.session.location.bucket}/{props['key']}", _with_probed(props, to_builtins(writes))

    def _there(self, key: str) -> Descriptor | None:
        """The channel.json that is there, if it is one."""
        stored = self.session.objects.get(key)
        try:
            return parse(stored.data, where=key) if stored else None
        except ConfigurationError:
            return None

    def _probe(self, declared: Descriptor) -> ConditionalWrites | None:
        try:
            found, results = examine(declared, self.session.credentials)
        except ChaninfraError as error:
            # The channel does not hang on it: writers then go by the provider's row.
            warn(f"the store was not probed: {error}")
            return None
        for each in results:
            if each.state != "ok":
                warn(f"{each.name}: {each.found}" + (f"; {each.remedy}" if each.remedy else ""))
        return found.conditional_writes

    def read(self, props: Props) -> Props | None:
        """It as the store has it."""
        try:
            stored = self.session.objects.get(props["key"])
        except BucketMissingError:
            return None
        if stored is None:
            return None
        text = stored.data.decode("utf-8", errors="replace")
        document, probed = _parted(text)
        same = document is not None and document == _parted(props["document"])[0]
        return _with_probed(props if same else {**props, "document": text}, probed)

    def update(self, olds: Props, news: Props) -> Props:
        """Writes the new one."""
        declared = parse(news["document"], where=news["key"])
        return self._write(news, declared, self._there(news["key"]))[1]

    def delete(self, props: Props) -> None:
        """Deletes it, unless it describes an adopted channel that goes on."""
        if exists(self.session) and (not props["adopt"] or is_blank(self.session, props["prefix"])):
            purge(self.session, props["prefix"], lambda keys: [key for key in keys if key == props["key"]])


def as_written(document: str, probed: dict[str, Any] | None) -> dict[str, Any]:
    """The channel.json that is written, as a document: what is declared, and what was found."""
    declared: dict[str, Any] = json.loads(document)
    return {**declared, "index": {**declared["index"], "conditional-writes": probed}}


def _recorded(declared: Descriptor, there: Descriptor | None) -> ConditionalWrites | None:
    """What the channel.json that is there says of this store."""
    if there is None or (there.url, there.endpoint_url) != (declared.url, declared.endpoint_url):
        return None
    return there.index.conditional_writes


def _with_probed(props: Props, probed: object) -> Props:
    rest = {name: value for name, value in props.items() if name != "probed"}
    return {**rest, "probed": probed} if probed else rest


def _parted(text: str) -> tuple[Any, Any]:
    """What is declared in a channel.json, and what was found; (None, None): it is no such document."""
    try:
        document = json.loads(text)
        index = document["index"]
        return {**document, "index": {**index, "conditional-writes": None}}, index.get("conditional-writes")
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None, None
