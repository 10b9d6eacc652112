"""The descriptor: the channel's own channel.json is there, can be read, and is of this channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.outputs.descriptor import Descriptor, to_document
from chaninfra.channel.probe.finding import Finding
from chaninfra.doctor.examination import Case


def descriptor(case: Case) -> Iterator[Finding]:
    """channel.json is there, and describes the channel that was named."""
    found, remedies = case.stored, case.remedies
    where = f"{case.given.url}/{CHANNEL_JSON}"
    if isinstance(found, ChaninfraError):
        yield _failed(f"{found.where or where}: {found.message}", _wrong(case, found.remedy))
    elif found is None and remedies.source == "place":
        yield Finding(
            name="descriptor",
            state="warning",
            found=f"there is no {where}, so the flags and the provider's row say what the channel is",
            remedy=remedies.init(case.subdirs),
        )
    elif found is None:
        yield _failed(f"there is no {where}", remedies.up() if remedies.source == "stack" else remedies.init())
    elif found.url != case.given.url:
        yield _failed(f"{where} describes another channel, {found.url}", _wrong(case, None))
    elif differs := _differences(case, found):
        yield _failed(
            f"{where} says otherwise than what was given: {'; '.join(differs)}",
            remedies.up() if remedies.source == "stack" else "give the channel's own channel.json, or its s3:// URL",
        )
    else:
        yield Finding(name="descriptor", state="ok", found=f"{where} describes this channel")


def _wrong(case: Case, remedy: str | None) -> str:
    """What puts another in the place of a channel.json that is not right."""
    if case.remedies.source == "stack":
        return case.remedies.up()
    anew = f"delete it, then run: {case.remedies.init(case.subdirs)}"
    return f"{remedy}; or {anew}" if remedy else anew


def _differences(case: Case, stored: Descriptor) -> list[str]:
    """What channel.json says otherwise, but for what only a probe or a flag says."""
    if case.remedies.source == "place":
        return []
    given, found = to_document(case.given), to_document(case.overridden(stored))
    for each in (given, found):
        each["index"]["conditional-writes"] = None
    return [f"`{key}` is {_plain(found[key])}, not {_plain(given[key])}" for key in given if given[key] != found[key]]


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _failed(found: str, remedy: str | None) -> Finding:
    return Finding(name="descriptor", state="failed", found=found, remedy=remedy)
