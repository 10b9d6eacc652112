"""What stops a release: each fault is named with its place, and with what to do."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from chaninfra.manifest.release import Release
from release_check import PLACEHOLDER, problems
from support.paths import ROOT

URLS = {
    "Repository": "https://github.com/acme/chaninfra",
    "Issues": "https://github.com/acme/chaninfra/issues",
}
LINK = "](https://github.com/acme/chaninfra/blob/v$HFPR_VERSION/\\1)"
CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.0] - 2026-11-30

### Added

- A thing.

## [1.1.0] - 2026-10-01

- Another.
"""


def found(
    tag: str = "v1.2.0",
    running: str = "acme/chaninfra",
    version: str = "1.2.0",
    urls: dict[str, str] | None = None,
    link: str = LINK,
    changelog: str = CHANGELOG,
    release: Release | None = None,
) -> list[str]:
    pyproject: dict[str, Any] = {
        "project": {"name": "chaninfra", "version": version, "urls": urls or URLS},
        "tool": {"hatch": {"metadata": {"hooks": {"fancy-pypi-readme": {"substitutions": [{"replacement": link}]}}}}},
    }
    return list(problems(tag, running, pyproject, changelog, release or Release(version=version)))


def test_what_is_complete_can_be_released() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"tag": "v1.2.1"}, "the tag is 'v1.2.1', and pyproject.toml has the version '1.2.0': git tag v1.2.0"),
        ({"tag": "1.2.0"}, "git tag v1.2.0"),
        ({"tag": "v1.2.0\n"}, "git tag v1.2.0"),
        ({"running": "mallory/chaninfra"}, "Repository is https://github.com/acme/chaninfra, and this runs in mallory"),
        ({"urls": {**URLS, "Issues": "https://github.com/acme/other/issues"}}, "Issues is not below Repository"),
        ({"link": LINK.replace("acme", "other")}, "the links of the README: https://github.com/other/chaninfra/blob/"),
        ({"changelog": CHANGELOG.replace("[1.2.0] - 2026-11-30", "[1.2.0] - not released yet")}, "- YYYY-MM-DD"),
        ({"changelog": CHANGELOG.replace("2026-11-30", "2026-11-31")}, "the newest entry is '[1.2.0] - 2026-11-31'"),
        ({"changelog": CHANGELOG.replace("1.2.0", "1.1.9")}, "write `## [1.2.0] - YYYY-MM-DD`"),
        ({"changelog": "# Changelog\n"}, "the newest entry is 'none'"),
        ({"changelog": CHANGELOG.replace("- A thing.", "")}, "the entry of 1.2.0 says nothing"),
        ({"changelog": CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n- Left.\n")}, "lines under Unreleased"),
        (
            {"release": Release()},
            'printed CI installs nothing that is released; set RELEASE = Release(version="1.2.0")',
        ),
        ({"release": Release(version="1.1.0")}, "printed CI installs chaninfra==1.1.0; set RELEASE"),
    ],
)
def test_each_fault_is_the_only_one_that_is_named(changed: dict[str, Any], text: str) -> None:
    (problem,) = found(**changed)
    assert text in problem


@pytest.mark.parametrize("version", ["1.2", "1.2.0.dev0", "1.2.0rc1", "1.2.0\n"])
def test_a_version_that_is_none_of_a_release(version: str) -> None:
    release = Release(version="1.2.0")
    assert any(
        "is not of the form 1.2.3" in each for each in found(tag=f"v{version}", version=version, release=release)
    )


@pytest.mark.parametrize("name", [*URLS])
def test_the_placeholder_of_the_owner_stops_a_release(name: str) -> None:
    assert found(urls={**URLS, name: URLS[name].replace("acme", PLACEHOLDER)}) == [
        "pyproject.toml: OWNER still stands for the owner of the repository: sed -i 's|/OWNER/|/acme/|' pyproject.toml"
    ]


def test_as_a_command_it_names_all_faults_and_fails() -> None:
    done = subprocess.run(
        [sys.executable, "tools/release_check.py", "v0.0.1", "nobody/chaninfra"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    errors = done.stderr.splitlines()
    assert all(each.startswith("error: ") for each in errors)
    assert "error: the tag is 'v0.0.1'" in errors[0]
    assert any("OWNER still stands" in each and "nobody" in each for each in errors)


def test_as_a_command_it_says_how_it_is_called() -> None:
    command = [sys.executable, "tools/release_check.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == "usage: python tools/release_check.py TAG OWNER/NAME\n"


def test_the_placeholder_in_the_links_of_the_readme_stops_a_release() -> None:
    (problem,) = found(link=LINK.replace("acme", PLACEHOLDER))
    assert problem.endswith("sed -i 's|/OWNER/|/acme/|' pyproject.toml")
