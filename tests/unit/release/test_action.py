"""action.yml: what a workflow hands it reaches the command line as words, whatever they hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from support.paths import ROOT
from support.release.action import ACTION, run

# In place of the program: what it is called with, an argument a line.
ECHO = '#!/bin/sh\nfor each in "$@"; do printf "%s\\n" "$each"; done\n'
CHANNEL = "s3://my-bucket/my-channel"


@pytest.fixture
def temp(tmp_path: Path) -> Path:
    program = tmp_path / "temp" / "chaninfra" / "bin" / "chaninfra"
    program.parent.mkdir(parents=True)
    program.write_text(ECHO)
    program.chmod(0o755)
    return tmp_path / "temp"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in (
        "output/noarch/a-1-0.conda",
        "output/noarch/b c-1-0.conda",
        "output/linux-64/d-1-0.tar.bz2",
        "$(touch pwned)",
    ):
        path = tmp_path / "workspace" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "workspace"


def test_patterns_become_files_and_options_are_left_out_that_are_not_set(workspace: Path, temp: Path) -> None:
    inputs = {"channel": CHANNEL, "packages": "output/*/*.conda\noutput/linux-64/d-1-0.tar.bz2\n"}
    done = run("Publish", inputs, workspace, temp)
    files = ["output/noarch/a-1-0.conda", "output/noarch/b c-1-0.conda", "output/linux-64/d-1-0.tar.bz2"]
    assert done.stdout.splitlines() == ["publish", f"--channel={CHANNEL}", "--", *files], done.stderr


def test_region_and_endpoint_are_handed_on(workspace: Path, temp: Path) -> None:
    inputs = {"region": "eu-central-1", "endpoint-url": "https://minio.example.com"}
    done = run("Publish", {"channel": CHANNEL, "packages": "output/noarch/a*", **inputs}, workspace, temp)
    options = ["--region=eu-central-1", "--endpoint-url=https://minio.example.com"]
    assert done.stdout.splitlines()[2:-2] == options, done.stderr


@pytest.mark.parametrize(
    "value", ["$(touch pwned)", "`touch pwned`", "; touch pwned", "' touch pwned", '"; touch pwned; "']
)
@pytest.mark.parametrize("name", ["channel", "packages", "region", "endpoint-url"])
def test_nothing_that_is_handed_in_is_run(name: str, value: str, workspace: Path, temp: Path) -> None:
    done = run("Publish", {"channel": CHANNEL, "packages": "output/noarch/a*", name: value}, workspace, temp)
    assert any(value in line for line in done.stdout.splitlines()), done.stderr
    assert not list(workspace.rglob("pwned"))


@pytest.mark.parametrize("packages", ["output/*/*.zip", "\n", ""])
def test_no_file_is_an_error_that_names_the_pattern(packages: str, workspace: Path, temp: Path) -> None:
    done = run("Publish", {"channel": CHANNEL, "packages": packages}, workspace, temp)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: no file matches the input packages: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_file_whose_name_looks_like_an_option_is_a_file(workspace: Path, temp: Path) -> None:
    (workspace / "--force").touch()
    done = run("Publish", {"channel": CHANNEL, "packages": "--f*"}, workspace, temp)
    assert done.stdout.splitlines() == ["publish", f"--channel={CHANNEL}", "--", "--force"], done.stderr


def test_the_login_comes_right_before_publishing() -> None:
    """What is installed is not run with the publisher's credentials."""
    names = [step["name"] for step in ACTION["runs"]["steps"]]
    assert names == ["Set up Python", "Install chaninfra", "Log in", "Publish"]
    (login,) = [step for step in ACTION["runs"]["steps"] if step["name"] == "Log in"]
    assert login["if"] == "${{ inputs.role != '' }}"


def test_the_page_describes_each_input() -> None:
    page = (ROOT / "docs" / "github-action.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", page, re.M)
    assert dict(rows) == {name: given["description"] for name, given in ACTION["inputs"].items()}
    (example,) = YAML(typ="safe").load(re.search(r"```yaml\n(.*?)```", page, re.S)[1]).values()
    (step,) = [step for step in example["steps"] if step["uses"] == "OWNER/chaninfra@COMMIT"]
    required = {name for name, given in ACTION["inputs"].items() if given.get("required")}
    assert required <= set(step["with"]) <= set(ACTION["inputs"])
    assert example["permissions"] == {"id-token": "write"}
