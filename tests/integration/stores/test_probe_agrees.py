"""`chaninfra doctor --probe` finds of a store what the experiments of its columns find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chaninfra.channel.location import Location
from chaninfra.channel.probe.probe import ProbeResult, probe
from chaninfra.channel.s3.credentials import Credentials
from support.stores.columns.table import found
from support.stores.model import Running

PROBES = 5
"""How often a probe must find writes that are not atomic, of which each shows only some of those that are lost."""
CONDITIONS = ("create", "replace", "multipart", "copy")


def probed(running: Running, *, versions: bool = False) -> ProbeResult:
    """What a probe finds in a new bucket, whatever the row says."""
    server, row = running.server, running.store.row
    bucket = running.new_bucket()
    if versions:
        server.client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    place = {"endpoint_url": server.endpoint_url, "region": server.region}
    location = Location(bucket=bucket, force_path_style=True, dialect=row.dialect, **place)
    result = probe(location, Credentials(server.access_key_id, server.secret_access_key), "team/main")
    left = server.client().list_objects_v2(Bucket=bucket).get("Contents", [])
    assert left == []
    return result


FACTS: dict[str, Callable[[ProbeResult], Any]] = {
    **{
        f"conditional-{kind}": lambda result, kind=kind: "yes" if getattr(result, kind) == "honoured" else "no"
        for kind in CONDITIONS
    },
    "etags": lambda result: result.etags,
    "digest": lambda result: result.digest,
    "addressing": lambda result: result.addressing[0],
}
"""Column → what a probe says of it."""


def test_a_probe_of_a_bucket_finds_what_the_columns_say(running: Running) -> None:
    result = probed(running)
    assert {column: of(result) for column, of in FACTS.items()} == {column: found(running, column) for column in FACTS}
    if found(running, "checksums") == "when_supported":
        assert result.checksums == "accepted"
    assert (result.versioned, result.recreate) == (False, None)
    assert (result.listing, result.missing) == ("at-once", 404)


def test_a_probe_of_a_bucket_with_versions_finds_what_the_columns_say(running: Running) -> None:
    if found(running, "versioning") == "no":
        return
    kinds = [kind for kind in CONDITIONS[:3] if found(running, f"conditional-{kind}") == "yes"]
    conditional = found(running, "conditional-versioned")
    # Uploads that are not atomic only there are not seen by every probe. Where the row says no, commands do not ask it.
    for _ in range(PROBES if conditional == "no" else 1):
        result = probed(running, versions=True)
        assert result.versioned
        assert ("yes" if result.recreate == "done" else "no") == found(running, "conditional-recreate")
        held = "create" in kinds and all(getattr(result, kind) == "honoured" for kind in kinds)
        if not held:
            break
    assert ("yes" if held else "no") == conditional


@pytest.mark.parametrize("number", range(PROBES))
def test_every_probe_finds_that_writes_are_not_atomic(running: Running, number: int) -> None:
    result = probed(running)
    for kind in ("create", "replace"):
        assert (getattr(result, kind) == "honoured") == (found(running, f"conditional-{kind}") == "yes"), kind
