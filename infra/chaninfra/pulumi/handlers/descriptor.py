"""The channel.json of a channel. The stack is its only writer.

The store is probed for conditional writes when the channel is made, and again when it moves to another store or its
bucket got versions, since some stores ignore conditions there. The result is an output, not an input, so that it never
shows as a change. A state without it (version 0.1) is probed the next time that channel.json is written.
"""

from __future__ import annotations

import json
from typing import Any, NotRequired, TypedDict

from msgspec import structs, to_builtins

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.errors import BucketMissingError, ChaninfraError, ConfigurationError, in_stack_words
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import CACHE_CONTROL, Descriptor, NewerDescriptorError, dump, parse
from chaninfra.channel.probe.report import examine
from chaninfra.channel.s3.object_versions import is_older_than_versioning
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.handlers.base import Difference, Handler, warn
from chaninfra.pulumi.handlers.bucket import exists
from chaninfra.pulumi.handlers.deletion import is_blank, purge

# Another stack's channel.json differs in at least one of these fields.
_IDENTIFYING = ("name", "url", "endpoint_url", "visibility", "subdirs")


class DescriptorInputs(TypedDict):
    """`key` is the object key of channel.json, `document` its JSON text, in which conditional-writes is null."""

    store: StoreInput
    prefix: str
    key: str
    document: str
    adopt: bool


class DescriptorOutputs(DescriptorInputs):
    """`probed`: ConditionalWrites as JSON, as written to channel.json; missing if the probe failed."""

    probed: NotRequired[dict[str, bool | str] | None]


class DescriptorHandler(Handler[DescriptorInputs, DescriptorOutputs]):
    """Writes channel.json."""

    identity = ("key",)

    def check(self, olds: DescriptorOutputs, news: DescriptorInputs) -> tuple[str, str] | None:
        """The error if a later version of chaninfra wrote the state; found in a preview, before any change."""
        try:
            if olds:
                parse(olds["document"], where=olds["key"])
        except NewerDescriptorError as error:
            return "document", error.for_stack()
        except ConfigurationError:
            # Of a state that was edited; the new document takes its place.
            return None
        return None

    def diff(self, olds: DescriptorOutputs, news: DescriptorInputs) -> Difference:
        """Changed inputs, and a bucket that got versions after the store was probed.

        The store says so and not the state, in which earlier versions noted neither.
        """
        plain = self.difference(olds, news)
        return Difference(plain.changes or self._is_outdated(olds["key"]), plain.replaces)

    def create(self, props: DescriptorInputs) -> tuple[str, DescriptorOutputs]:
        """Writes channel.json. Warns if another one is overwritten, since two stacks may share a prefix by mistake."""
        declared = parse(props["document"], where=props["key"])
        existing = self._existing(props["key"])
        differing = [name for name in _IDENTIFYING if existing and getattr(existing, name) != getattr(declared, name)]
        if differing:
            names = ", ".join(f"`{name.replace('_', '-')}`" for name in differing)
            warn(
                f"s3://{self.session.location.bucket}/{props['key']} existed and is overwritten; it differed in "
                f"{names}. If it belongs to another stack, the two stacks overwrite each other: give this channel "
                "another `prefix`"
            )
        return self._write(props, declared, existing)

    def _write(
        self, props: DescriptorInputs, declared: Descriptor, existing: Descriptor | None
    ) -> tuple[str, DescriptorOutputs]:
        recorded = None if self._is_outdated(props["key"]) else _recorded(declared, existing)
        writes = recorded or self._probe(declared)
        index = structs.replace(declared.index, conditional_writes=writes)
        data = dump(structs.replace(declared, index=index))
        body = ObjectBody(data=data, content_type="application/json", cache_control=CACHE_CONTROL)
        self.session.objects.put(props["key"], body)
        return f"{self.session.location.bucket}/{props['key']}", _with_probed(props, to_builtins(writes))

    def _is_outdated(self, key: str) -> bool:
        return is_older_than_versioning(self.session.client, self.session.location, key)

    def _existing(self, key: str) -> Descriptor | None:
        """The descriptor that is in the store; None if there is none, or it is not valid.

        Raises NewerDescriptorError if a later version of chaninfra wrote it.
        """
        stored = self.session.objects.get(key)
        try:
            return parse(stored.data, where=key) if stored else None
        except NewerDescriptorError:
            raise
        except ConfigurationError:
            return None

    def _probe(self, declared: Descriptor) -> ConditionalWrites | None:
        try:
            descriptor, findings = examine(declared, self.session.credentials)
        except ChaninfraError as error:
            # Not an error of the channel: without a probe, writers use what the provider's row says.
            warn(f"the store was not probed: {error.for_stack()}")
            return None
        for finding in findings:
            if finding.state != "ok":
                remedy = in_stack_words(finding.remedy)
                warn(f"{finding.name}: {finding.found}" + (f"; {remedy}" if remedy else ""))
        return descriptor.conditional_writes

    def read(self, props: DescriptorOutputs) -> DescriptorOutputs | None:
        """channel.json as the store has it, as declared if the JSON is equal; None if it is missing."""
        try:
            stored = self.session.objects.get(props["key"])
        except BucketMissingError:
            return None
        if stored is None:
            return None
        text = stored.data.decode("utf-8", errors="replace")
        document, probed = _split_probed(text)
        same = document is not None and document == _split_probed(props["document"])[0]
        return _with_probed(props if same else {**props, "document": text}, probed)

    def update(self, olds: DescriptorOutputs, news: DescriptorInputs) -> DescriptorOutputs:
        """Writes the new document."""
        declared = parse(news["document"], where=news["key"])
        return self._write(news, declared, self._existing(news["key"]))[1]

    def delete(self, props: DescriptorOutputs) -> None:
        """Deletes channel.json, unless the channel was adopted and has packages or an index."""
        if exists(self.session) and (not props["adopt"] or is_blank(self.session, props["prefix"])):
            purge(self.session, props["prefix"], lambda keys: [key for key in keys if key == props["key"]])


def as_written(document: str, probed: dict[str, Any] | None) -> dict[str, Any]:
    """channel.json as it is written: the declared document with the result of the probe."""
    declared: dict[str, Any] = json.loads(document)
    return {**declared, "index": {**declared["index"], "conditional-writes": probed}}


def _recorded(declared: Descriptor, existing: Descriptor | None) -> ConditionalWrites | None:
    """The probe's result in the existing channel.json, if that describes the same store."""
    if existing is None or (existing.url, existing.endpoint_url) != (declared.url, declared.endpoint_url):
        return None
    return existing.index.conditional_writes


def _with_probed(props: DescriptorInputs | DescriptorOutputs, probed: Any) -> DescriptorOutputs:
    """The props with this output `probed`; without it if the result is not known."""
    outputs: DescriptorOutputs = {**props, "probed": probed}
    if not probed:
        del outputs["probed"]
    return outputs


def _split_probed(text: str) -> tuple[Any, Any]:
    """The document with conditional-writes set to null, and its conditional-writes; (None, None) for any other text."""
    try:
        document = json.loads(text)
        index = document["index"]
        return {**document, "index": {**index, "conditional-writes": None}}, index.get("conditional-writes")
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None, None
