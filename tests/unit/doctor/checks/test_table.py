"""The table of checks and its runner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaninfra.channel.errors import ConfigurationError, StorageError
from chaninfra.channel.probe.finding import Finding
from chaninfra.doctor.checks.table import CHECKS, Check, CheckFunction, chosen, listing, run
from chaninfra.doctor.examination import Examination
from chaninfra.doctor.remedies import Remedies
from support.channels.channels import descriptor


def examination(names: frozenset[str] | None = None) -> Examination:
    return Examination(given=descriptor(), origin="descriptor", remedies=Remedies(source="s3"), names=names)


def test_a_check_needs_only_checks_above_it() -> None:
    names = [*CHECKS]
    for position, (name, check) in enumerate(CHECKS.items()):
        assert {*check.needs, *check.spoiled_by} <= {*names[:position]}, name
        assert callable(check.function)
    assert [name for name, _ in listing()] == names


def test_all_checks_run_except_those_whose_option_is_not_given() -> None:
    assert chosen((), examination()) == [name for name in CHECKS if name != "names"]
    assert chosen((), examination(names=frozenset({"numpy"}))) == [*CHECKS]
    assert chosen(("reader", "endpoint"), examination()) == ["endpoint", "reader"]
    with pytest.raises(ConfigurationError, match="there is no check 'reder'"):
        chosen(("reder",), examination())


def fails(_: Examination) -> Iterator[Finding]:
    raise StorageError("answered 500", where="https://a", remedy="try again")
    yield


def passes(_: Examination) -> Iterator[Finding]:
    yield Finding(state="ok", found="well")


def warns_twice(_: Examination) -> Iterator[Finding]:
    yield Finding(state="warning", found="one")
    yield Finding(state="warning", found="two", remedy="change it")


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A table of fakes; `a` fails."""
    functions: dict[str, tuple[CheckFunction, tuple[str, ...]]] = {
        "a": (fails, ()),
        "b": (passes, ("a",)),
        "c": (passes, ()),
        "d": (passes, ("c", "b")),
        "e": (warns_twice, ("c",)),
        "f": (passes, ("e",)),
    }
    table = {name: Check(title="", function=function, needs=needs) for name, (function, needs) in functions.items()}
    monkeypatch.setattr("chaninfra.doctor.checks.table.CHECKS", table)
    return [*table]


def test_a_check_that_needs_a_failed_one_is_skipped_and_names_it(checks: list[str]) -> None:
    results = run(examination(), checks)
    assert [(each.name, each.state, each.found, each.remedy) for each in results] == [
        ("a", "failed", "https://a: answered 500", "try again"),
        ("b", "skipped", "cannot be checked because `a` failed", None),
        ("c", "ok", "well", None),
        ("d", "skipped", "cannot be checked because `a` failed", None),
        ("e", "warning", "one", None),
        ("e", "warning", "two", "change it"),
        ("f", "ok", "well", None),
    ]


def test_needed_checks_run_first_and_are_shown_only_if_they_fail(checks: list[str]) -> None:
    assert [(each.name, each.state) for each in run(examination(), ["d"])] == [("a", "failed"), ("d", "skipped")]
    assert [(each.name, each.state) for each in run(examination(), ["f"])] == [("f", "ok")]


def test_the_failure_of_a_spoiling_check_skips_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {
        "a": Check(title="", function=fails),
        "b": Check(title="", function=passes, needs=("a",)),
        "c": Check(title="", function=passes, spoiled_by=("b",)),
        "d": Check(title="", function=passes, spoiled_by=("a",)),
    }
    monkeypatch.setattr("chaninfra.doctor.checks.table.CHECKS", table)
    assert [each.state for each in run(examination(), [*table])] == ["failed", "skipped", "ok", "skipped"]
