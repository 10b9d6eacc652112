"""The probe as a check: what the store really does, and that its descriptor says so to every writer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from msgspec import structs

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import ChaninfraError, CredentialsError, DeniedError
from chaninfra.channel.objects import IfMatch, ObjectBody
from chaninfra.channel.outputs.descriptor import CACHE_CONTROL, dump, parse
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.probe.probe import ProbeResult
from chaninfra.channel.probe.report import examine
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.index.channel import Channel


def probe(channel: Channel) -> Iterator[Finding]:
    """A result for each fact, and one for the record of them in the channel's channel.json."""
    if channel.credentials is None:
        raise CredentialsError("no credentials were found, and the probe writes scratch objects")
    found, results = examine(channel.descriptor, channel.credentials)
    yield from results
    yield _record(channel, found)


def _record(channel: Channel, found: ProbeResult) -> Finding:
    place = replace(channel.descriptor.location, region=found.region, force_path_style=found.addressing[0] == "path")
    store = S3Store(place, channel.credentials)
    key = channel.descriptor.key(CHANNEL_JSON)
    where = channel.url(CHANNEL_JSON)
    try:
        stored = store.get(key)
        if stored is None:
            return Finding(
                name="record",
                state="warning",
                found=f"there is no {where}, so writers are not told",
                remedy=f"chaninfra init {channel.descriptor.url}",
            )
        there = parse(stored.data, where=where)
        writes = found.conditional_writes
        if there.index.conditional_writes == writes:
            return Finding(name="record", state="ok", found=f"{where} says so")
        now = structs.replace(there, index=structs.replace(there.index, conditional_writes=writes))
        body = ObjectBody(data=dump(now), content_type="application/json", cache_control=CACHE_CONTROL)
        store.put(key, body, IfMatch(stored.entry.etag) if writes.replace else None)
    except DeniedError as error:
        return Finding(
            name="record",
            state="warning",
            found=f"{where} does not say so: {error.message}",
            remedy="run this as the one who deploys the channel",
        )
    except ChaninfraError as error:
        return Finding(name="record", state="failed", found=f"{where}: {error.message}", remedy=error.remedy)
    return Finding(
        name="record",
        state="ok",
        found=f"{where} says so now",
        remedy="where a stack wrote it: pulumi refresh, so that the stack's output says so too",
    )
