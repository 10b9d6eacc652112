"""What the tests of the page read is what the index engine writes now."""

from __future__ import annotations

from support.cases.page_data import FOLDER, files


def test_data_of_the_page() -> None:
    there = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()}
    assert there == dict(files()), "run `PYTHONPATH=tests:tools .venv/bin/python -m support.cases.page_data`"
