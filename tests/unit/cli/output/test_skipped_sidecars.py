"""Sidecars that were skipped, in the error at the end of a command."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import SkippedError
from chaninfra.cli.output.reports import finish, report_json, report_text
from chaninfra.index.report import RESIGN, LeftOut, Report, SubdirReport

PACKAGE = LeftOut(package="noarch/bad.conda", reason="is no conda package")
SIDECAR = LeftOut(package="noarch/a-1-0.conda.sigs", reason="is no array", remedy=RESIGN)


def test_a_sidecar_has_its_own_remedy() -> None:
    with pytest.raises(SkippedError) as caught:
        finish(Report(subdirs=(), left_out=(SIDECAR,)), remedy="replace each with a valid package", reindex="x y")
    assert caught.value.message == "1 file skipped:\n  noarch/a-1-0.conda.sigs: is no array"
    assert caught.value.remedy == f"`.sigs`: {RESIGN}, then run `x y`"


def test_packages_and_sidecars_have_both_remedies() -> None:
    with pytest.raises(SkippedError) as caught:
        finish(Report(subdirs=(), left_out=(PACKAGE, SIDECAR)), remedy="replace it")
    assert caught.value.message.startswith("2 files skipped:\n")
    assert caught.value.remedy is not None
    assert caught.value.remedy.startswith("replace it\n  `.sigs`: ")


def test_packages_with_other_attestations_are_listed() -> None:
    subdir = SubdirReport(subdir="noarch", before=1, after=1, signed=("a-1-0.conda",))
    report = Report(subdirs=(subdir,))
    assert subdir.differed
    assert report_text(report).splitlines()[1:] == ["  other attestations: a-1-0.conda"]
    assert report_json(report)["subdirs"][0]["signed"] == ["a-1-0.conda"]
