"""`doctor --probe`: probes the store and records its conditional writes in channel.json."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from msgspec import structs

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import ChaninfraError, CredentialsError, DeniedError
from chaninfra.channel.objects import IfMatch, ObjectBody
from chaninfra.channel.outputs.descriptor import CACHE_CONTROL, dump, parse
from chaninfra.channel.probe.finding import CheckResult, Finding
from chaninfra.channel.probe.probe import ProbeResult
from chaninfra.channel.probe.report import examine
from chaninfra.channel.probe.write_mode import SINGLE
from chaninfra.channel.s3.credentials import REMEDY
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.doctor.remedies import Remedies, filled
from chaninfra.index.channel import Channel


def probe(channel: Channel, remedies: Remedies) -> Iterator[CheckResult]:
    """Yield a result for each probed fact, and last a result `record` for the update of channel.json.

    `remedies` builds the command that creates a missing channel.json.

    Raises CredentialsError without credentials, and StorageError if the store cannot be probed.
    """
    if channel.credentials is None:
        raise CredentialsError("there are no credentials; the probe needs them to write scratch objects", remedy=REMEDY)
    found, results = examine(channel.descriptor, channel.credentials)
    for result in (*results, _record(channel, found, remedies).of("record")):
        single = result.remedy == SINGLE
        yield replace(result, remedy=remedies.single_writer(channel.descriptor)) if single else filled(result, remedies)


def _record(channel: Channel, found: ProbeResult, remedies: Remedies) -> Finding:
    writes = found.conditional_writes
    reached = structs.replace(
        channel.descriptor,
        region=found.region,
        force_path_style=found.addressing[0] == "path",
        index=structs.replace(channel.descriptor.index, conditional_writes=writes),
    )
    store = S3Store(reached.location, channel.credentials)
    key = channel.descriptor.key(CHANNEL_JSON)
    where = channel.url(CHANNEL_JSON)
    try:
        stored = store.get(key)
        if stored is None:
            return Finding(
                state="warning",
                found=f"not recorded, since {where} does not exist: writers do not learn of it",
                remedy=remedies.create(reached),
            )
        current = parse(stored.data, where=where)
        if current.index.conditional_writes == writes:
            return Finding(state="ok", found=f"{where} already records this")
        updated = structs.replace(current, index=structs.replace(current.index, conditional_writes=writes))
        body = ObjectBody(data=dump(updated), content_type="application/json", cache_control=CACHE_CONTROL)
        store.put(key, body, IfMatch(stored.entry.etag) if writes.replace else None)
    except DeniedError as error:
        return Finding(
            state="warning",
            found=f"not recorded in {where}: {error.message}",
            remedy="run this with the credentials that deploy the channel",
        )
    except ChaninfraError as error:
        return Finding(state="failed", found=f"not recorded in {where}: {error.message}", remedy=error.remedy)
    return Finding(
        state="ok",
        found=f"recorded in {where}",
        remedy="if a stack wrote channel.json, run `pulumi refresh` to update the stack's output too",
    )
