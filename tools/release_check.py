"""What must be so before a tag becomes a release: `python tools/release_check.py TAG OWNER/NAME`, after `make setup`.

OWNER/NAME is the repository that the job runs in. Says everything that is wrong, with the next thing to do, and ends
with exit code 1; nothing is published after that. The tests run without a release and need none of it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from chaninfra.manifest.release import RELEASE, Release

ROOT = Path(__file__).resolve().parents[1]
PLACEHOLDER = "OWNER"
"""What stands for the owner of the repository until there is one."""
UNRELEASED = "[Unreleased]"
"""The heading of CHANGELOG.md under which changes wait for a release."""


def problems(tag: str, running: str, pyproject: dict[str, Any], changelog: str, release: Release) -> Iterator[str]:
    """What is wrong: of the tag, the repository `running` ("owner/name"), and the content of the three places.

    `pyproject` is pyproject.toml, `changelog` the text of CHANGELOG.md.
    """
    project = pyproject["project"]
    version: str = project["version"]
    if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", version):
        yield f"pyproject.toml: the version {version!r} is not of the form 1.2.3; set the one to release"
    if tag != f"v{version}":
        yield f"the tag is {tag!r}, and pyproject.toml has the version {version!r}: git tag v{version}"
    yield from _addresses(running, project["urls"], readme_links(pyproject))
    yield from _entry(version, changelog)
    if release.version != version:
        yield (
            f"cli/chaninfra/manifest/release.py: printed CI installs {release.source or 'nothing that is released'};"
            f' set RELEASE = Release(version="{version}") and run what "Releasing" in CONTRIBUTING.md says'
        )


def readme_links(pyproject: dict[str, Any]) -> list[str]:
    """What the links of the README become in the package: templates, each with one address."""
    hook = pyproject["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    return [re.search(r"https://[^)]*", each["replacement"])[0] for each in hook["substitutions"]]


def _addresses(running: str, urls: dict[str, str], links: list[str]) -> Iterator[str]:
    repository, owner = urls["Repository"], running.partition("/")[0]
    if any(PLACEHOLDER in url.split("/") for url in [*urls.values(), *links]):
        yield (
            f"pyproject.toml: {PLACEHOLDER} still stands for the owner of the repository:"
            f" sed -i 's|/{PLACEHOLDER}/|/{owner}/|' pyproject.toml"
        )
        return
    for name, url in urls.items():
        if url != repository and not url.startswith(f"{repository}/"):
            yield f"pyproject.toml, [project.urls]: {name} is not below Repository, {repository}"
    for link in links:
        if not link.startswith(f"{repository}/"):
            yield f"pyproject.toml, the links of the README: {link} is not below Repository, {repository}"
    if repository != f"https://github.com/{running}":
        yield (
            f"pyproject.toml, [project.urls]: Repository is {repository}, and this runs in {running}; a release is made"
            " in the repository that its metadata names"
        )


def _entry(version: str, changelog: str) -> Iterator[str]:
    """That the newest entry is of this version, has a date and says something."""
    sections = re.findall(r"^## (.*)\n((?:(?!## ).*\n?)*)", changelog, re.M)
    written = [(heading, text) for heading, text in sections if heading != UNRELEASED]
    heading, text = written[0] if written else ("none", "")
    match = re.fullmatch(r"\[(\S+)\] - ([0-9]{4}-[0-9]{2}-[0-9]{2})", heading)
    if match is None or match[1] != version or not _is_date(match[2]):
        yield f"CHANGELOG.md: the newest entry is {heading!r}; write `## [{version}] - YYYY-MM-DD` above what is new"
    elif not re.search(r"^- ", text, re.M):
        yield f"CHANGELOG.md: the entry of {version} says nothing; list what is new for users"
    for heading, text in sections:
        if heading == UNRELEASED and text.strip():
            yield f"CHANGELOG.md: there are lines under Unreleased; move them into the entry of {version}"


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: python tools/release_check.py TAG OWNER/NAME")
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = pyproject["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    found = list(problems(sys.argv[1], sys.argv[2], pyproject, changelog, RELEASE))
    for each in found:
        print(f"error: {each}", file=sys.stderr)
    if found:
        sys.exit(1)
    print(f"{project['name']} {project['version']} can be released")


if __name__ == "__main__":
    main()
