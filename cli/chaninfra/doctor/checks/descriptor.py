"""The descriptor: the channel's own channel.json exists, is valid, and describes this channel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import ChaninfraError, ConfigurationError, DeniedError
from chaninfra.channel.outputs.descriptor import Descriptor, to_document
from chaninfra.channel.probe.finding import Finding
from chaninfra.index.place import require_index

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination


def descriptor(exam: Examination) -> Iterator[Finding]:
    """channel.json exists and describes the channel that CHANNEL names."""
    stored, remedies = exam.stored_descriptor, exam.remedies
    where = f"{exam.given.url}/{CHANNEL_JSON}"
    if isinstance(stored, ChaninfraError):
        found = stored.summary if stored.where else f"{where}: {stored.message}"
        yield Finding(state="failed", found=found, remedy=_rewrite(exam, stored.remedy))
    elif stored is None and remedies.source == "s3":
        with suppress(DeniedError):
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
    else:
        yield Finding(state="ok", found=f"{where} describes this channel")


_SOURCES = {"s3": "the flags", "stack": "the stack's output", "descriptor": "the given descriptor"}


def _rewrite(exam: Examination, remedy: str | None) -> str:
    """How to replace a wrong channel.json; `remedy` is another way, if there is one."""
    if exam.remedies.source == "stack":
        return exam.remedies.pulumi_up()
    rewrite = f"delete it, then run: {exam.remedies.init(exam.subdirs)}"
    return f"{remedy}; or {rewrite}" if remedy else rewrite


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
