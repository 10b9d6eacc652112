"""The reports as text and JSON, and the error at their end."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, SkippedError
from chaninfra.cli.output.reports import (
    finish,
    finish_check,
    publish_unyanked,
    replace_skipped,
    report_json,
    report_text,
)
from chaninfra.doctor.remedies import Remedies
from chaninfra.index.report import (
    MOVE,
    RELEASE,
    RENAME,
    REPLACE,
    THAW,
    InvalidRecord,
    LeftOut,
    Report,
    SubdirReport,
)

REMEDIES = Remedies(source="stack", channel="stack:prod", flags={"--profile": "me"}, stack="prod")
SKIPPED = LeftOut(package="noarch/bad.conda", reason="is no conda package")
CHANGED = SubdirReport(subdir="noarch", before=2, after=2, added=("a-1-0.conda",), dropped=("b-1-0.conda",))


def test_each_subdir_has_a_line_with_its_change() -> None:
    subdirs = (
        SubdirReport(subdir="noarch", before=1, after=1200),
        SubdirReport(subdir="linux-64", before=1, after=1),
        SubdirReport(subdir="osx-64", before=None, after=0, files=("repodata.json",)),
    )
    assert report_text(Report(subdirs=subdirs)).splitlines() == [
        "noarch: 1,200 packages (+1,199)",
        "linux-64: 1 package (as before)",
        "osx-64: 0 packages (new index)",
    ]


def test_the_differences_are_listed_below_the_subdir() -> None:
    assert report_text(Report(subdirs=(CHANGED,))).splitlines()[1:] == ["  new: a-1-0.conda", "  removed: b-1-0.conda"]


def test_the_text_names_ten_files_and_json_all() -> None:
    names = tuple(f"a-{number}-0.conda" for number in range(12))
    report = Report(subdirs=(SubdirReport(subdir="noarch", before=0, after=12, added=names),))
    assert report_text(report).endswith("a-9-0.conda and 2 more")
    assert report_json(report)["subdirs"][0]["added"] == [*names]


def test_skipped_packages_are_an_error_that_lists_them() -> None:
    finish(Report(subdirs=(CHANGED,)))
    with pytest.raises(SkippedError) as caught:
        finish(Report(subdirs=(CHANGED,), left_out=(SKIPPED,)), remedy="replace it")
    assert caught.value.remedy == "replace it"
    assert caught.value.message == "1 package skipped:\n  noarch/bad.conda: is no conda package"


def test_skipped_packages_are_added_to_another_error() -> None:
    failed = ConfigurationError("is wrong", where="a.json", key=("index", "formats"), remedy="correct it")
    with pytest.raises(ConfigurationError) as caught:
        finish(Report(subdirs=(), left_out=(SKIPPED,)), failed)
    assert str(caught.value) == (
        "a.json, key index.formats: is wrong\n1 package skipped:\n  noarch/bad.conda: is no conda package\n  correct it"
    )


def test_a_check_fails_if_the_index_does_not_match() -> None:
    finish_check(Report(subdirs=(SubdirReport(subdir="noarch", before=1, after=1),)), REMEDIES)
    with pytest.raises(ChaninfraError, match="the index of noarch does not match the packages") as caught:
        finish_check(Report(subdirs=(CHANGED,)), REMEDIES)
    assert caught.value.remedy == "run `chaninfra reindex stack:prod --profile me`"


def test_the_remedies_for_skipped_packages_repeat_the_channel_and_the_flags() -> None:
    publish = "`chaninfra publish -c stack:prod --force FILE --profile me`"
    assert replace_skipped(REMEDIES) == (
        f"replace each with a valid package ({publish}), or delete it and run "
        "`chaninfra reindex stack:prod --profile me`"
    )
    assert publish_unyanked(REMEDIES) == (
        f"publish each file again if you need it; the package is no longer yanked ({publish})"
    )


def test_files_of_an_earlier_indexer_are_a_warning_that_says_who_deletes_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = SubdirReport(subdir="noarch", before=1, after=1, stale=("current_repodata.json", "repodata.json.bz2"))
    finish(Report.of([report]), gc="chaninfra gc X")
    printed = " ".join(capsys.readouterr().err.split())
    assert (
        "2 files of an earlier indexer, which nothing updates: noarch/current_repodata.json, noarch/repodata.json.bz2. "
        "Clients that read them (classic conda, older pixi) install old and yanked packages" in printed
    )
    assert "`chaninfra gc X` as a maintainer" in printed


def test_records_that_clients_cannot_read_are_a_warning_that_names_them(capsys: pytest.CaptureFixture[str]) -> None:
    invalid = (InvalidRecord(package="noarch/a-1-0.conda", reason="Expected `int`, got `float` - at `$.build_number`"),)
    report = Report.of([SubdirReport(subdir="noarch", before=1, after=1, remade=("a-1-0.conda",), invalid=invalid)])
    finish(report, reindex="chaninfra reindex X")
    printed = capsys.readouterr().err
    assert "1 record of another tool that clients cannot read, or no shard can hold:" in printed
    assert "noarch/a-1-0.conda: Expected `int`, got `float` - at `$.build_number`" in printed
    assert "`chaninfra reindex X`" in printed
    assert report_json(report)["invalid-records"] == [{"package": invalid[0].package, "reason": invalid[0].reason}]
    assert report_text(report).splitlines() == ["noarch: 1 package (as before)", "  records remade: a-1-0.conda"]


def test_each_kind_of_skipped_file_has_a_remedy_on_its_own_line() -> None:
    skipped = [
        LeftOut(package=f"noarch/{number}", reason="is not indexed", remedy=remedy)
        for number, remedy in enumerate((REPLACE, RENAME, MOVE, THAW, RELEASE))
    ]
    with pytest.raises(SkippedError) as caught:
        finish(Report(subdirs=(), left_out=tuple(skipped)), remedy="replace each", reindex="x y")
    assert caught.value.message.startswith("5 files skipped:\n")
    assert (caught.value.remedy or "").split("\n  ") == [
        "replace each",
        f"if the name is the reason, {RENAME}",
        f"if its key is the reason: {MOVE}",
        f"archived: {THAW}",
        f"not given by the store: {RELEASE}, then run `x y`",
    ]


def test_packages_in_several_streams_are_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    subdirs = [
        SubdirReport(subdir="noarch", before=0, after=1, added=("a-1-0.tar.bz2",), many_streams=("a-1-0.tar.bz2",))
    ]
    finish(Report.of(subdirs))
    warned = capsys.readouterr().err
    assert "warning: 1 package in several bzip2 streams, which pixi cannot unpack: noarch/a-1-0.tar.bz2" in warned
    assert "cph transmute" in warned
    assert report_json(Report.of(subdirs))["many-streams"] == ["noarch/a-1-0.tar.bz2"]
