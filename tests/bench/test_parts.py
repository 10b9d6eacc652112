"""Every part of the benchmark runs to its end, at sizes at which its figures say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import baseline, plan, report
from bench.plan import Part

pytestmark = pytest.mark.long

_TINY = plan.parts(1000, 1)


@pytest.mark.parametrize("part", _TINY, ids=[part.name for part in _TINY])
def test_a_part_measures_all_its_sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: Part) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    said: list[str] = []
    older = baseline.lay_out(said.append)
    assert older is not None, said
    monkeypatch.undo()
    (result,) = plan.run(tmp_path / "servers", [part], older, said.append)
    for row in result.rows:
        assert ("baseline" in row.measured) == (row.what != "first index")
        assert {len(measured.runs) for measured in row.measured.values()} == {1}
    for crowd in result.crowds:
        assert {(done.way, done.side) for done in crowd.sides} == {
            (way, side) for way in ("command line", "library") for side in ("each-commit", "never", "baseline")
        }
        assert all(done.reindex and not done.gave_up for done in crowd.sides)
    assert result.rows or result.crowds or result.bursts
    text = report.section(result)
    for bursts in result.bursts:
        assert all(len(run.took) == bursts.burst.packages for run in bursts.runs)
        assert f"| {bursts.burst.server} | {bursts.burst.followers} |" in text
    if result.bursts:
        return
    assert all(
        f"| {side} |" in text for side in ("each-commit", "reference" if part.name.startswith("first") else "baseline")
    )


def test_a_clone_without_the_baseline_measures_the_other_sides(tmp_path: Path) -> None:
    part = next(part for part in _TINY if part.name == "million")
    (result,) = plan.run(tmp_path, [part], None, print)
    assert [set(row.measured) for row in result.rows] == [{"each-commit", "never"}] * 2
    page = report.page([result])
    assert "it is left out" in page
    assert "<svg" in report.plot(result.rows)
