"""The versions in pages, templates, examples and texts are those of the one place that holds what is printed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from chaninfra.manifest.formats import versions
from support.cases.manifests import POSSIBLE
from support.paths import ROOT

ACTIONS = {
    value.partition("@")[0]: value
    for value in vars(versions).values()
    if isinstance(value, str) and re.fullmatch(r"[\w.-]+/[\w.-]+@v[0-9.]+", value)
}
IMAGES = {image.partition(":")[0]: image for image in (versions.PIXI_IMAGE, versions.PYTHON_IMAGE)}
# What somebody writes of a program's first version that can do a thing → the versions that we say so of.
SINCE = {
    r"\bpixi (?:from )?([0-9]+\.[0-9]+)(?: or newer)": {versions.PIXI_AWS_CHAIN},
    r"\bpixi (?:from|>=|≥) ?([0-9]+\.[0-9]+)": {
        versions.PIXI_AWS_CHAIN,
        versions.PIXI_SHARED_CONFIG,
        versions.PIXI_NOTICES,
    },
    r"\brattler-build (?:from|>=|≥) ?([0-9]+\.[0-9]+)": {
        versions.RATTLER_BUILD_SHARED_CONFIG,
        versions.RATTLER_BUILD_NOTICES,
    },
    r"\bconda (?:from|>=|≥) ?([0-9]+\.[0-9]+)": {versions.CONDA_SHARDS, versions.CONDA_SHARDS_SWITCH},
    r"\bm(?:icrom)?amba (?:from|>=|≥) ?([0-9]+\.[0-9]+)": {versions.MAMBA_SHARDS},
    r'requires-pixi = ">=([0-9]+\.[0-9]+)"': {versions.PIXI_AWS_CHAIN},
}
# Without our own action, as a page names it.
_USES = re.compile(r"uses: *['\"]?(?!OWNER/)([\w.-]+/[\w.-]+)(@[^\s'\"]+)")
_IMAGE = re.compile(r"(ghcr\.io/prefix-dev/pixi|\bpython)(:[0-9][\w.-]*)")


def texts() -> Iterator[tuple[str, str]]:
    """(where, text) of what is printed, of the pages and templates, and of the texts that schemas and pages are made
    of."""
    yield from ((str(case), case.text()) for case in POSSIBLE)
    for name in ("README.md", "docs", "templates", "examples", "schemas", "infra", "cli", "tools"):
        paths = [ROOT / name] if name.endswith(".md") else sorted((ROOT / name).rglob("*"))
        for path in paths:
            if (
                path.suffix in (".md", ".yml", ".yaml", ".py", ".json", ".toml", ".sh")
                and "node_modules" not in path.parts
            ):
                yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def test_every_action_and_image_is_the_one_that_is_printed() -> None:
    found = 0
    for where, text in texts():
        for name, version in _USES.findall(text):
            assert ACTIONS.get(name) == f"{name}{version}", f"{where}: {name}{version}"
            found += 1
        for name, version in _IMAGE.findall(text):
            assert IMAGES[name] == f"{name}{version}", f"{where}: {name}{version}"
            found += 1
    assert found > 200


@pytest.mark.parametrize("pattern", SINCE)
def test_the_first_version_that_can_do_a_thing_is_the_same_everywhere(pattern: str) -> None:
    said = [(where, version) for where, text in texts() for version in re.findall(pattern, text)]
    assert said
    assert [each for each in said if each[1] not in SINCE[pattern]] == []
