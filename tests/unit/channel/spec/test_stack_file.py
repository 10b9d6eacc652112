"""Stack files as Pulumi reads them: keys with a project's name or without, and what the project says for all stacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec
from chaninfra.channel.spec.stack_file import read_stack_file

STACK = """\
config:
  aws:region: eu-central-1
  acme:bucket: my-bucket
  prefix: main
  acme:publishers.ci.github.repository: acme/packages
  acme:publishers.ci.github.branch: main
"""


def read(folder: Path, stack: str, project: str = "name: acme\n") -> StackSpec:
    (folder / "Pulumi.yaml").write_text(project, "utf-8")
    (folder / "Pulumi.prod.yaml").write_text(stack, "utf-8")
    return read_stack_file(folder / "Pulumi.prod.yaml")


def spec(**keys: Any) -> StackSpec:
    return build_spec({"bucket": "my-bucket", "region": "eu-central-1", **keys}, where="stack.yaml")


def test_a_key_without_a_namespace_is_the_projects(tmp_path: Path) -> None:
    found = read(tmp_path, STACK)
    assert (found.bucket.name, found.channels[0].prefix) == ("my-bucket", "main")
    # And where no project says whose they are.
    (tmp_path / "Pulumi.yaml").unlink()
    (tmp_path / "Pulumi.prod.yaml").write_text(STACK.replace("acme:", ""), "utf-8")
    assert read_stack_file(tmp_path / "Pulumi.prod.yaml") == found


def test_what_the_project_sets_holds_for_all_stacks_that_say_nothing_else(tmp_path: Path) -> None:
    project = (
        "name: acme\nconfig:\n  visibility:\n    type: string\n    default: public\n  acme:prefix: a\n  other:x: 1\n"
    )
    (channel,) = read(tmp_path, STACK, project).channels
    assert (channel.visibility, channel.prefix) == ("public", "main")
    (channel,) = read(tmp_path, STACK + "  visibility: private\n", project).channels
    assert channel.visibility == "private"


def test_a_key_that_is_a_path_is_the_mapping_that_it_leads_into(tmp_path: Path) -> None:
    github = {"repository": "acme/packages", "branch": "main"}
    wanted = spec(prefix="main", publishers={"ci": {"github": github}})
    assert read(tmp_path, STACK) == wanted
    # Beside a mapping, as text too, which is how the engine hands it on.
    for mapping in ({"ci": {"github": {"repository": "acme/packages"}}}, '{"ci": {"github": {"branch": "main"}}}'):
        path = "branch" if isinstance(mapping, dict) else "repository"
        given = {"publishers": mapping, f"publishers.ci.github.{path}": github[path]}
        assert spec(prefix="main", **given) == wanted


@pytest.mark.parametrize(
    "other",
    [
        {"publishers": {"ci": {"github": {"branch": "dev"}}}},
        {"publishers.ci.github.branch.x": "dev"},
        {"publishers": {"ci": "dev"}},
    ],
)
def test_what_is_set_twice_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(
        ConfigurationError, match=r"set twice(.|\n)*pulumi config rm publishers\.ci\.github\.branch"
    ) as caught:
        spec(**{"publishers.ci.github.branch": "main", **other})
    assert caught.value.where == "stack.yaml"
    assert caught.value.key[:4] == ("publishers", "ci", "github", "branch")


def test_a_path_to_nothing_names_the_nearest_key() -> None:
    with pytest.raises(ConfigurationError, match=r"key publisher: unknown key(.|\n)*publishers"):
        spec(**{"publisher.ci.key.rotate": "1"})
