"""What `pixi run` does in a clone: the targets of the Makefile, under the same names."""

from __future__ import annotations

import json
import re
import tomllib

from jsonschema import Draft7Validator

from support.paths import DATA, ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PIXI = PYPROJECT["tool"]["pixi"]
SCHEMA = Draft7Validator(json.loads((DATA / "pixi-manifest-0.77.0.schema.json").read_text("utf-8")))


def test_the_schema_of_pixi_accepts_the_table() -> None:
    SCHEMA.validate(PIXI)
    assert list(SCHEMA.iter_errors({**PIXI, "tasks": {"test": {"command": "make test"}}}))


def test_tasks_are_targets_of_make_of_the_same_name() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert {"test", "lint", "bench"} <= set(PIXI["tasks"]) <= targets
    for name, task in PIXI["tasks"].items():
        assert task["cmd"] == f"make {name} PYTHON=python"


def test_it_brings_the_python_that_the_project_needs() -> None:
    assert PIXI["dependencies"]["python"] == PYPROJECT["project"]["requires-python"]
    assert {"make", "git"} <= set(PIXI["dependencies"])
