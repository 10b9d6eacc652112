"""`pulumi new` as people call it: from a folder and from a repository, with a stack, its config and its environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.stack_file import read_stack_file
from support.pulumi import templates
from support.servers import git_server

pytestmark = pytest.mark.long


def new(variables: dict[str, str], folder: Path, *arguments: str) -> Path:
    """The project that `pulumi new` makes with these arguments, the first of which names the template."""
    command = ["pulumi", "new", *arguments, "--dir", str(folder / "acme"), "--name", "acme", "--yes"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return folder / "acme"


def test_what_it_asks_for_is_what_the_program_reads(shell: dict[str, str], tmp_path: Path) -> None:
    # The environment that it makes is whole but for the packages of others, which would be downloaded again.
    variables = {**shell, "PIP_NO_DEPS": "1"}
    answers = ("--config", "bucket=my-bucket", "--config", "publishers.ci.github.repository=acme/packages")
    project = new(variables, tmp_path, f"{templates.FOLDER}/aws-private-github", "--stack", "prod", *answers)
    github = {"repository": "acme/packages", "branch": "main"}
    asked_for = {"bucket": "my-bucket", "prefix": "main", "publishers": {"ci": {"github": github}}}
    spec = build_spec(asked_for, where="the answers", default_region="eu-central-1")
    assert read_stack_file(project / "Pulumi.prod.yaml") == spec
    # Older hosts of Python make the environment in the project itself.
    assert [*project.rglob("site-packages/chaninfra-*.dist-info")]


@pytest.mark.parametrize("name", templates.NAMES)
def test_it_takes_a_template_from_a_repository(name: str, shell: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "git").mkdir()
    with git_server.serving(templates.FOLDER, tmp_path / "git") as repository:
        variables = {**shell, "SSL_CERT_FILE": str(repository.authority)}
        project = new(variables, tmp_path, f"{repository.url}/templates/{name}", "--generate-only")
    made = YAML(typ="safe").load((project / "Pulumi.yaml").read_text("utf-8"))
    given = templates.project(name)
    assert made["name"] == "acme"
    # The prompts have done their work; the project's own defaults, and in YAML the program, are kept.
    assert "template" not in made
    assert made["description"] == given["template"]["description"]
    assert made.get("resources") == given.get("resources")
    assert made["config"].items() >= given.get("config", {}).items()
    # All of the template is there, and only Pulumi.yaml has become another.
    differing = {
        os.path.relpath(path, templates.FOLDER / name)
        for path in (templates.FOLDER / name).rglob("*")
        if path.is_file() and path.read_bytes() != (project / path.relative_to(templates.FOLDER / name)).read_bytes()
    }
    assert differing == {"Pulumi.yaml"}
