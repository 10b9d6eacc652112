"""The page says how far the runs are apart."""

from __future__ import annotations

from bench import report
from bench.costs import Bar, Cost, Measured, Row
from bench.generator import Shape
from bench.plan import Part, Result


def _measured(*seconds: float) -> Measured:
    return Measured(tuple(Cost(each, each, 10, 1e6, 1e6, 1e6) for each in seconds))


def test_a_side_shows_the_least_and_the_most_of_its_part_of_the_reference_turn_by_turn() -> None:
    measured = {"each-commit": _measured(1, 2, 6), "reference": _measured(4, 4, 10)}
    row = Row("minio", Shape(10, 5), 0, "first index", measured, {"each-commit": Bar(reference=1 / 2)})  # type: ignore[arg-type]
    text = report.section(Result(Part("first-index", "First index", ()), (row,), ()))
    assert "| 2.00 (1.00 to 6.00) | 0.50 (0.25 to 0.60) |" in text
    assert "| 4.00 (4.00 to 10.00) |  |" in text
