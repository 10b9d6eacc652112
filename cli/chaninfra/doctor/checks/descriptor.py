"""The descriptor: the channel's own channel.json exists, is valid, and describes this channel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import ChaninfraError, ConfigurationError, DeniedError
from chaninfra.channel.objects import StoredObject, TooLargeError
from chaninfra.channel.outputs.descriptor import Descriptor, NewerDescriptorError, to_document
from chaninfra.channel.outputs.overrides import overrides
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.text import or_else
from chaninfra.index.place import require_index
from chaninfra.index.snapshots.place import refuse_snapshot

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination, ReadResult

_PROVIDER = re.compile(rb'"provider"\s*:\s*"([a-z0-9-]{1,40})"')


def descriptor(exam: Examination) -> Iterator[Finding]:
    """channel.json exists and describes the channel that CHANNEL names."""
    stored, remedies = exam.stored_descriptor, exam.remedies
    where = f"{exam.given.url}/{CHANNEL_JSON}"
    if isinstance(stored, ChaninfraError):
        found = stored.summary if stored.where else f"{where}: {stored.message}"
        # Another document may be right, and only the store or this version does not suffice.
        wrong = isinstance(stored, ConfigurationError | TooLargeError) and not isinstance(stored, NewerDescriptorError)
        yield Finding(
            state="failed",
            found=found,
            remedy=_rewrite(exam, _at_the_key(stored), broken=True) if wrong else stored.remedy,
        )
    elif stored is None and remedies.source == "s3":
        with suppress(DeniedError):
            refuse_snapshot(exam.store, exam.given.bucket, exam.given.prefix)
            # Raises the error of a place where nothing is.
            require_index(exam.channel)
        yield Finding(
            state="warning",
            found=f"{where} does not exist; the flags and the provider's defaults describe the channel",
            remedy=remedies.init(exam.subdirs),
        )
    elif stored is None:
        remedy = remedies.pulumi_up() if remedies.source == "stack" else remedies.init()
        yield Finding(state="failed", found=f"{where} does not exist", remedy=remedy)
    elif stored.url != exam.given.url:
        found = f"{where} describes another channel, {stored.url}"
        yield Finding(state="failed", found=found, remedy=_rewrite(exam, None))
    elif isinstance(exam.stored_with_flags, ConfigurationError):
        yield Finding(state="failed", found=exam.stored_with_flags.summary, remedy=exam.stored_with_flags.remedy)
    elif differences := _differences(exam, stored):
        yield Finding(
            state="failed",
            found=f"{where} differs from {_SOURCES[remedies.source]}: {'; '.join(differences)}",
            remedy=remedies.pulumi_up()
            if remedies.source == "stack"
            else "give the channel's own channel.json as CHANNEL, or its s3:// URL",
        )
    elif isinstance(exam.stored_with_flags, Descriptor) and (told := overrides(stored, exam.stored_with_flags)):
        # That an endpoint has several names is usual.
        options = [f"--{key}" for key in told if key != "endpoint-url"]
        yield Finding(
            state="warning" if options else "ok",
            found=f"{where} describes this channel; {'; '.join(told.values())}",
            remedy=f"leave out {' and '.join(options)}, or correct channel.json" if options else None,
        )
    else:
        yield Finding(state="ok", found=f"{where} describes this channel")


_SOURCES = {"s3": "the flags", "stack": "the stack's output", "descriptor": "the given descriptor"}


def _at_the_key(error: ChaninfraError) -> str | None:
    """The remedy that is about a key of the document; without one it is about a file that somebody gave."""
    return error.remedy if isinstance(error, ConfigurationError) and error.key else None


def _rewrite(exam: Examination, remedy: str | None, *, broken: bool = False) -> str:
    """How to replace a wrong channel.json; `remedy` is another way, if there is one. `broken`: it is this channel's."""
    if exam.remedies.source == "stack":
        return exam.remedies.pulumi_up()
    remedies = exam.remedies
    known: dict[str, str] = {}
    if remedies.source == "s3" and "--provider" not in remedies.flags and broken:
        # What only this document says would be lost.
        provider = _provider_in(exam.channel_json_read)
        known = {"provider": provider} if provider else {}
    rewrite = f"delete it, then run: {remedies.init(exam.subdirs, **known)}"
    return or_else(remedy, rewrite) or rewrite


def _provider_in(read: ReadResult) -> str | None:
    """The provider that a channel.json names, which may be no valid one, nor JSON."""
    found = _PROVIDER.search(read.data) if isinstance(read, StoredObject) else None
    return name if found and (name := found[1].decode()) in PROVIDERS else None


def _differences(exam: Examination, stored: Descriptor) -> list[str]:
    """The keys of channel.json that differ from the given descriptor, without those that flags or a probe set."""
    if exam.remedies.source == "s3":
        return []
    given, found = to_document(exam.given), to_document(exam.apply_flags(stored))
    for document in (given, found):
        document["index"]["conditional-writes"] = None
    return [f"`{key}` is {_plain(found[key])}, not {_plain(given[key])}" for key in given if given[key] != found[key]]


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
