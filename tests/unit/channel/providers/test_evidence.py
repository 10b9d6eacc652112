"""What the facts of a row rest on."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.evidence import Evidence, evidence, ground
from chaninfra.channel.providers.model import UNVERIFIED, Fact, Source
from chaninfra.channel.providers.sources import tried_on

PAGE = Source("a page, 2026-10-01")
OLD, NEW = tried_on("Server 1.0", "2026-11-20"), tried_on("Server 1.1", "2026-11-27")


@pytest.mark.parametrize(
    ("cited", "expected"),
    [(PAGE, "documented"), ((PAGE, OLD), "measured"), (OLD, "measured"), (UNVERIFIED, "unverified")],
)
def test_the_ground_of_a_fact(cited: Source | tuple[Source, ...], expected: str) -> None:
    assert ground(Fact("yes", cited)) == expected


def test_the_evidence_of_a_row_is_counted_and_the_newest_try_is_its_date() -> None:
    row = PROVIDERS["custom"]
    facts = {name: Fact("yes", UNVERIFIED) for name in row.capabilities}
    names = [*facts]
    facts |= {names[0]: Fact("yes", OLD), names[1]: Fact("yes", (PAGE, NEW)), names[2]: Fact("yes", PAGE)}
    before, known = evidence(row), evidence(replace(row, capabilities=facts))
    assert (known.servers, known.date) == (("Server 1.0", "Server 1.1"), "2026-11-27")
    assert (known.measured, known.documented) == (before.measured + 2, before.documented + 1)
    assert known.measured + known.documented + known.unverified == len(row.facts())


def test_without_a_try_the_date_is_that_of_the_newest_document() -> None:
    row = PROVIDERS["custom"]
    facts = {name: Fact("yes", PAGE) for name in row.capabilities}
    known: Evidence = evidence(replace(row, capabilities=facts))
    assert (known.servers, known.date, known.measured) == ((), "2026-10-01", 0)
    assert evidence(row).date is None


def test_every_try_has_a_server_with_its_version_and_a_day() -> None:
    for row in PROVIDERS.values():
        for fact in row.facts().values():
            for source in fact.sources:
                assert (source.server is None) == (source.tried is None), source
                assert source.tried is None or re.fullmatch(r"\d{4}-\d\d-\d\d", source.tried), source
