"""Doctor and patches: of a killed patcher, a half removed patch, and a damaged document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.channels.channel_at import PREFIX
from support.channels.sick_channels import Patient, copy, examine, follow_remedies

pytestmark = pytest.mark.long

KEY = f"{PREFIX}/.chaninfra/patches/noarch.json"


@pytest.fixture
def place(healthy: dict[str, Patient], bucket_name: str) -> Patient:
    """A copy of the healthy channel on MinIO."""
    return copy(healthy["minio"], bucket_name)


def put(place: Patient, **patch: Any) -> None:
    """A patch of hello, in the document alone."""
    files = {"hello-1.0-0.conda": {"when": "2026-11-01T12:00:00Z", **patch}}
    body = json.dumps({"version": 1, "files": files})
    place.server.client().put_object(Bucket=place.bucket, Key=KEY, Body=body)


def test_a_patch_that_is_not_in_the_index(place: Patient) -> None:
    put(place, changes={"license": "MIT"})
    ill = examine(place)
    assert ill.failed == {"packages"}
    assert ill.of("packages")["found"] == "noarch: without the patch that `patch ls` lists: hello-1.0-0.conda"
    well = follow_remedies(ill, place)
    assert (well.code, well.states) == (0, {"ok"}), well.checks
    assert well.of("patches")["found"] == "1 package is patched, as `patch ls` lists them"


def test_a_patch_that_is_half_removed(place: Patient) -> None:
    put(place, changes={"license": "MIT"}, removing=True)
    ill = examine(place)
    assert (ill.failed, ill.of("patches")["state"]) == (set(), "warning")
    assert ill.of("patches")["remedy"].startswith("chaninfra patch rm ")
    place.done("patch rm", "noarch/hello-1.0-0.conda")
    well = examine(place)
    assert (well.code, well.states) == (0, {"ok"}), well.checks
    assert well.of("patches")["found"] == "no package is patched"


def test_a_damaged_document(place: Patient) -> None:
    put(place, changes={"name": "other"})
    ill = examine(place)
    assert ill.failed == {"patches"}
    assert "`name` tells which package the record is of" in ill.of("patches")["found"]
