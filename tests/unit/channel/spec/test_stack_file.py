"""Stack files are read as Pulumi reads them: namespaces, the config of the project, and dotted keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def test_a_key_without_a_namespace_belongs_to_the_project(tmp_path: Path) -> None:
    with_project = read(tmp_path, STACK)
    assert (with_project.bucket.name, with_project.channels[0].prefix) == ("my-bucket", "main")
    # Also without a Pulumi.yaml.
    (tmp_path / "Pulumi.yaml").unlink()
    (tmp_path / "Pulumi.prod.yaml").write_text(STACK.replace("acme:", ""), "utf-8")
    assert read_stack_file(tmp_path / "Pulumi.prod.yaml") == with_project


def test_config_of_the_project_applies_unless_the_stack_sets_the_key(tmp_path: Path) -> None:
    project = (
        "name: acme\nconfig:\n  visibility:\n    type: string\n    default: public\n  acme:prefix: a\n  other:x: 1\n"
    )
    (channel,) = read(tmp_path, STACK, project).channels
    assert (channel.visibility, channel.prefix) == ("public", "main")
    (channel,) = read(tmp_path, STACK + "  visibility: private\n", project).channels
    assert channel.visibility == "private"


def test_a_dotted_key_is_a_nested_key(tmp_path: Path) -> None:
    github = {"repository": "acme/packages", "branch": "main"}
    wanted = spec(prefix="main", publishers={"ci": {"github": github}})
    assert read(tmp_path, STACK) == wanted
    # Next to a mapping, also one as JSON text, which is how the engine passes it.
    for mapping in ({"ci": {"github": {"repository": "acme/packages"}}}, '{"ci": {"github": {"branch": "main"}}}'):
        path = "branch" if isinstance(mapping, dict) else "repository"
        given = {"publishers": mapping, f"publishers.ci.github.{path}": github[path]}
        assert spec(prefix="main", **given) == wanted
