"""The recipe says what pyproject.toml says; what both have stands in one of them, or is compared here."""

from __future__ import annotations

import tomllib
from typing import Any

from packaging.requirements import Requirement
from rattler_build import PlatformConfig, RenderConfig, Stage0Recipe, VariantConfig
from ruamel.yaml import YAML

from support.paths import ROOT

PATH = ROOT / "recipe" / "recipe.yaml"
RECIPE: dict[str, Any] = YAML(typ="safe").load(PATH.read_text("utf-8"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]


def spec(requirement: str) -> str:
    """A requirement as the recipe writes it: for all systems, since there is one package for all."""
    found = Requirement(requirement)
    return f"{found.name} {found.specifier}"


def test_it_needs_what_the_command_line_needs() -> None:
    python = f"python {PROJECT['requires-python']}"
    assert RECIPE["requirements"]["run"] == [python, *map(spec, PROJECT["dependencies"])]
    assert RECIPE["requirements"]["host"] == [python, "pip", *map(spec, PYPROJECT["build-system"]["requires"])]


def test_it_has_the_license() -> None:
    assert RECIPE["about"]["license"] == PROJECT["license"]
    assert [RECIPE["about"]["license_file"]] == PROJECT["license-files"]


def test_rattler_build_reads_the_version_the_words_and_the_commands_from_the_project() -> None:
    config = RenderConfig(PlatformConfig(experimental=True))
    (variant,) = Stage0Recipe.from_file(PATH).render(VariantConfig(), config)
    assert str(variant.recipe.package.version) == PROJECT["version"]
    assert variant.recipe.about.summary == PROJECT["description"]
    assert variant.recipe.about.repository == PROJECT["urls"]["Repository"]
    commands = [f"{name} = {to}" for name, to in PROJECT["scripts"].items()]
    assert variant.recipe.build.to_dict()["python"]["entry_points"] == commands
