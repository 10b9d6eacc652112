"""The workflows of this repository: what they run is pinned, exists, and has no more rights than it needs."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from support.cases.ci_schemas import check_ci_schema
from support.paths import DATA, ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
ACTION = ROOT / "action.yml"
ACTIONS = json.loads((DATA / "action-inputs.json").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
_PINNED = re.compile(r"\s*(?:- )?uses: ([A-Za-z0-9-]+/[A-Za-z0-9._-]+)@([0-9a-f]{40}) # (v[0-9]+\.[0-9]+\.[0-9]+)")
every_file = pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.name)


def load(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(path.read_text("utf-8"))
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    """All steps of a workflow or an action."""
    document = load(path)
    places = document["jobs"].values() if "jobs" in document else [document["runs"]]
    return [step for place in places for step in place.get("steps", ())]


def release_jobs() -> dict[str, dict[str, Any]]:
    jobs: dict[str, dict[str, Any]] = load(FOLDER / "release.yml")["jobs"]
    return jobs


def test_githubs_schemas_accept_them(tmp_path: Path) -> None:
    assert {"test.yml", "release.yml"} <= {path.name for path in WORKFLOWS}
    check_ci_schema("github-workflows", WORKFLOWS, broken=("steps:", "stops:"), folder=tmp_path)
    check_ci_schema("github-actions", [ACTION], broken=("using:", "useing:"), folder=tmp_path)
    updates = ROOT / ".github" / "dependabot.yml"
    check_ci_schema("dependabot", [updates], broken=("interval: weekly", "interval: often"), folder=tmp_path)


@every_file
def test_actions_are_pinned_by_the_commit_of_the_version_that_is_named(path: Path) -> None:
    lines = [line for line in path.read_text("utf-8").splitlines() if re.match(r"\s*(?:- )?uses:", line)]
    assert lines
    for line in lines:
        if line.strip().startswith("uses: ./.github/workflows/test.yml "):
            continue  # this repository, at the same commit
        pinned = _PINNED.fullmatch(line)
        assert pinned, line
        name, commit, version = pinned.groups()
        (source,) = [known["source"] for key, known in ACTIONS.items() if key.startswith(f"{name}@")]
        assert f"{version} ({commit})" in source, line


@every_file
def test_actions_have_the_inputs_that_are_set(path: Path) -> None:
    for step in steps(path):
        if "uses" in step:
            name = step["uses"].partition("@")[0]
            (known,) = [each for key, each in ACTIONS.items() if key.startswith(f"{name}@")]
            assert set(known["required"]) <= set(step.get("with", {})) <= set(known["inputs"])


@every_file
def test_no_script_holds_an_expression(path: Path) -> None:
    """GitHub puts the value of an expression into the script before the shell reads it."""
    scripts = [step["run"] for step in steps(path) if "run" in step]
    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_rights_are_given_to_jobs_and_only_those_that_are_needed(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {}
    assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(workflow["on"])
    assert "secrets." not in path.read_text("utf-8")
    for name, job in workflow["jobs"].items():
        uses = [step["uses"].partition("@")[0] for step in job.get("steps", ()) if "uses" in step]
        reads = "uses" in job or "actions/checkout" in uses
        signs = {"id-token": "write", "attestations": "write"} if "actions/attest" in uses else {}
        logs_in = {"id-token": "write"} if "pypa/gh-action-pypi-publish" in uses else {}
        assert job["permissions"] == {**({"contents": "read"} if reads else {}), **signs, **logs_in}, name
        for step in job.get("steps", ()):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_what_is_published_was_checked_tested_and_attested() -> None:
    jobs = release_jobs()
    assert load(FOLDER / "release.yml")["on"] == {"push": {"tags": ["v*"]}}
    assert jobs["publish"]["needs"] == "attest"
    assert jobs["publish"]["environment"] == "pypi"
    assert jobs["attest"]["needs"] == ["test", "build"]
    commands = [step.get("run", "") for step in jobs["build"]["steps"]]
    check = '.venv/bin/python tools/release_check.py "$GITHUB_REF_NAME" "$GITHUB_REPOSITORY"'
    assert 0 < commands.index(check) < commands.index("make dist")
    # A job that can log in or sign runs nothing of the repository and nothing that it installs.
    for job in ("attest", "publish"):
        assert [step for step in jobs[job]["steps"] if "run" in step] == []
    handed = {
        step["with"]["name"] for job in jobs.values() for step in job.get("steps", ()) if "name" in step.get("with", {})
    }
    assert handed == {"dist"}


def test_the_pythons_that_are_tested_are_those_of_the_metadata() -> None:
    jobs = load(FOLDER / "test.yml")["jobs"]
    matrix = jobs["unit"]["strategy"]["matrix"]
    start = "Programming Language :: Python :: 3."
    named = [each.removeprefix(start) for each in PROJECT["classifiers"] if each.startswith(start)]
    assert [f"3.{minor}" for minor in named] == matrix["python"]
    assert PROJECT["requires-python"] == f">={matrix['python'][0]}"
    assert {each.partition("-")[0] for each in matrix["os"]} == {"ubuntu", "macos", "windows"}
    assert jobs["all"]["strategy"]["matrix"]["python"] == [matrix["python"][0], matrix["python"][-1]]


def test_each_target_of_make_that_is_run_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    run = {
        word
        for path in WORKFLOWS
        for step in steps(path)
        for word in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))
    }
    assert {"setup", "test", "test-long", "dist"} <= run <= targets
