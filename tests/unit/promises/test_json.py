"""What `--json` prints of things that rarely are: packages that failed, and records that clients cannot read."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from chaninfra.channel.errors import ChaninfraError
from chaninfra.cli.output.reports import published_json
from chaninfra.index.published import Failed, Published
from chaninfra.index.report import InvalidRecord, LeftOut, OddName, Report, SubdirReport
from support.cases.promises import FOLDER, shape

SAVED = FOLDER / "json-of-failures.json"


def printed() -> dict[str, Any]:
    """The document of a publish in which everything happened."""
    files = ("a-1.0-0.conda",)
    subdir = SubdirReport(
        subdir="noarch", before=None, after=1, added=files, replaced=files, remade=files, dropped=files, yanked=files,
        signed=files, patched=files, files=files,
        left_out=(LeftOut(package="noarch/b-1.0-0.conda", reason="is no package"),),
        invalid=(InvalidRecord(package="noarch/c-1.0-0.conda", reason="its `depends` is no list"),),
        stale=("current_repodata.json",), many_streams=("f-1.0-0.tar.bz2",),
        odd_names=(OddName(package="noarch/D-1.0-0.conda", rule="upper case"),),
    )  # fmt: skip
    # A stand-in for a file on disk, of which only the path is printed.
    package = cast("Any", SimpleNamespace(path=Path("e-1.0-0.conda")))
    failed = (Failed(package=package, error=ChaninfraError("the store answered 500")),)
    return published_json(Published(packages=(), report=Report.of([subdir]), failed=failed))


def test_the_lists_that_are_mostly_empty() -> None:
    saved = json.loads(SAVED.read_text("utf-8"))
    assert not shape(saved) - shape(printed())
    assert not shape(printed()) - shape(saved), "save what is new"


def test_every_list_of_the_saved_document_has_something_in_it() -> None:
    def lists(value: Any) -> list[list[Any]]:
        if isinstance(value, dict):
            return [found for item in value.values() for found in lists(item)]
        return [value, *(found for item in value for found in lists(item))] if isinstance(value, list) else []

    saved = json.loads(SAVED.read_text("utf-8"))
    assert [found for found in lists(saved) if not found] == [saved["packages"]]
