"""The check of conditional writes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.doctor.checks.write_mode import writing
from support.channels.examination import examination

NONE = ConditionalWrites(create=False, replace=False, multipart=False)
ALL = ConditionalWrites(create=True, replace=True, multipart=True)
HONOURED = SimpleNamespace(create="honoured", replace="honoured", honoured=True)
IGNORED = SimpleNamespace(create="honoured", replace="ignored", honoured=False)
REJECTED = SimpleNamespace(create="unsupported", replace="unsupported", honoured=False)


@pytest.mark.parametrize(
    ("index", "dry_writes", "state", "found"),
    [
        (
            DescribedIndex(conditional_writes=NONE),
            None,
            "failed",
            "the store has no conditional writes (as a probe found), so publish and reindex refuse to write",
        ),
        (
            DescribedIndex(conditional_writes=NONE, writers="single"),
            None,
            "ok",
            "the store has no conditional writes (as a probe found); one writer at a time, as declared",
        ),
        (DescribedIndex(conditional_writes=ALL), HONOURED, "ok", "the store has conditional writes (just verified)"),
        (DescribedIndex(conditional_writes=ALL), None, "ok", "the store has conditional writes (as a probe found)"),
        (
            DescribedIndex(),
            None,
            "ok",
            "the store has conditional writes (according to the provider's table; not probed)",
        ),
        (
            DescribedIndex(conditional_writes=ALL),
            IGNORED,
            "failed",
            "writers rely on conditional writes (as a probe found), but the store writes although the condition fails",
        ),
        (
            DescribedIndex(conditional_writes=ALL),
            REJECTED,
            "failed",
            "writers rely on conditional writes (as a probe found), but the store rejects such writes",
        ),
    ],
)
def test_what_is_declared_is_compared_with_what_the_store_does(
    index: DescribedIndex, dry_writes: SimpleNamespace | None, state: str, found: str
) -> None:
    (finding,) = writing(examination(index=index, cached={"dry_writes": dry_writes}))
    assert (finding.state, finding.found) == (state, found)


def test_a_probe_is_suggested_until_one_was_recorded() -> None:
    (finding,) = writing(examination(cached={"dry_writes": HONOURED}))
    assert finding.remedy == "chaninfra doctor s3://b/c --probe"
