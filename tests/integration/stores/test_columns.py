"""Every column of a row is tried on the server, and the row says what was found."""

from __future__ import annotations

import re

import pytest

from support.stores.columns.table import EXPERIMENTS, NOT_ASKED, assert_as_said, found
from support.stores.model import Running, Store
from support.stores.report import record
from support.stores.table import STORES

_SEEN_IN_PART = ("lifecycle-versions", "lifecycle-uploads")
"""Columns of which a row may know more than an experiment sees: nobody waits for days."""


@pytest.mark.parametrize("column", EXPERIMENTS)
def test_the_row_says_what_was_found(running: Running, column: str) -> None:
    record(running.store, column, found(running, column))
    assert_as_said(running, column)


@pytest.mark.parametrize("store", STORES.values(), ids=STORES)
def test_what_is_not_in_the_row_has_a_reason(store: Store) -> None:
    facts = store.row.facts()
    for column, given in store.as_found.items():
        assert column in EXPERIMENTS
        assert given.value != facts[column].value, f"{column}: the row says so already"
        may = store.provider == "custom" or facts[column].value == "unknown" or column in _SEEN_IN_PART
        assert may, f"{column}: the row says something else"
        assert given.why


@pytest.mark.parametrize("store", STORES.values(), ids=STORES)
def test_every_column_is_tried_or_there_is_a_reason(store: Store) -> None:
    assert {*EXPERIMENTS}.isdisjoint(NOT_ASKED)
    assert {*EXPERIMENTS, *NOT_ASKED} == {*store.row.facts()}
    assert all(NOT_ASKED.values())


@pytest.mark.parametrize("store", STORES.values(), ids=STORES)
def test_the_sources_name_the_version_that_runs(store: Store) -> None:
    # Of a Go module without a release, the version ends in its commit.
    number = store.version.rpartition("-")[2]
    for column, fact in store.row.facts().items():
        for source in fact.sources:
            if source.server is not None:
                assert number in re.split(r"[ ,]+", source.server), (column, source)
                assert re.fullmatch(r"\d{4}-\d\d-\d\d", source.tried or ""), (column, source)
