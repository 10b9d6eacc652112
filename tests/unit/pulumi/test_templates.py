"""The templates of `pulumi new`: what they ask for is what the program reads, and their examples are valid.

That the engine takes them and their READMEs lead to an installed package is shown in `tests/integration/templates`.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from check_jsonschema.cli import main as check_jsonschema
from click.testing import CliRunner
from ruamel.yaml import YAML

from chaninfra.channel.config import schema
from chaninfra.channel.config.stack import SECRET_KEYS
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec
from chaninfra.channel.spec.stack_file import read_stack_file
from chaninfra.manifest import release
from support.cases.ci_model import Job, jobs
from support.cases.manifests import MANIFESTS
from support.paths import ROOT
from support.pulumi import templates

ACTIONS = json.loads((ROOT / "tests/data/action-inputs.json").read_text("utf-8"))
HEADER = "# yaml-language-server: $schema=stack-config.schema.json\n"
# Answers to prompts without a default. Prompts that may stay empty are not listed.
ANSWERS = {
    "bucket": "my-bucket",
    "endpoint-url": "https://minio.example.com",
    "publishers.ci.github.repository": "acme/packages",
}
every_template = pytest.mark.parametrize("name", templates.NAMES)


def asked(name: str) -> dict[str, dict[str, Any]]:
    """The prompts of a template."""
    found: dict[str, dict[str, Any]] = templates.project(name)["template"]["config"]
    return found


def specs(name: str, folder: Path) -> list[StackSpec]:
    """What the stack files of a template describe, once a person has answered."""
    shutil.copytree(templates.FOLDER / name, folder / name)
    found = []
    for path in sorted((folder / name).glob("Pulumi.*.yaml")):
        document = YAML(typ="safe").load(path.read_text("utf-8"))
        document["config"] = {"aws:region": "eu-central-1", "bucket": "my-bucket", **document["config"]}
        with path.open("w") as file:
            YAML().dump(document, file)
        found.append(read_stack_file(path))
    return found


@every_template
def test_a_template_asks_for_keys_that_there_are(name: str) -> None:
    project = templates.project(name)
    assert (project["name"], project["description"]) == ("${PROJECT}", "${DESCRIPTION}")
    assert {"displayName", "description", "quickstart", "config"} == set(project["template"])
    raw: dict[str, Any] = {}
    for key, prompt in asked(name).items():
        assert prompt["description"], key
        assert set(prompt) <= {"description", "default", "secret"}
        # A secret, and nothing else, is asked for as one.
        assert prompt.get("secret", False) is (key in SECRET_KEYS)
        answer = ANSWERS.get(key, prompt.get("default"))
        # As it is in the stack file; a secret is one there, and never seen by the program.
        if answer is not None and ":" not in key:
            raw[key] = answer
    region = asked(name).get("aws:region", {}).get("default")
    build_spec(raw, where=f"{name}, as answered", default_region=region)
    # The program would name a key that there is not; here those too that may be left empty.
    described = schema.load(schema.STACK_CONFIG)["properties"]["config"]["propertyNames"]["pattern"]
    for key in asked(name):
        assert re.search(described, key), key


@every_template
def test_the_stack_files_of_a_template_are_valid(name: str, tmp_path: Path) -> None:
    files = templates.stack_files(name)
    assert files
    for path in files:
        text = path.read_text("utf-8")
        assert text.startswith(HEADER)
        # `pulumi new` puts the project's name into a file of YAML with a line end behind it.
        assert "${" not in text
        schema.validate(YAML(typ="safe").load(text), schema.STACK_CONFIG, where=str(path))
    assert len(specs(name, tmp_path)) == len(files)


@every_template
def test_the_readme_sets_what_pulumi_new_would_ask_for(name: str) -> None:
    first, *_ = blocks = templates.commands(name)
    assert templates.taking(name).startswith(f'pulumi new "$TEMPLATES/{name}" --dir ')
    # Whoever reads it in the project has taken the template.
    assert "pulumi new" not in "".join(blocks)
    assert "pulumi stack init" in first
    assert "pulumi destroy" in blocks[-1]
    told = set(re.findall(r"pulumi config set (?:--path |--secret )*'?([a-z:.-]+)", "\n".join(blocks)))
    optional = {key for key, prompt in asked(name).items() if "empty" in prompt["description"]}
    assert set(asked(name)) - optional <= told


@every_template
def test_the_workflows_of_a_template_are_valid(name: str) -> None:
    files = templates.workflows(name)
    assert [path.name for path in files] == ["check.yml", "deploy.yml", "publish.yml"]
    check = partial(CliRunner().invoke, check_jsonschema)
    done = check(["--builtin-schema", "vendor.github-workflows", *map(str, files)])
    assert done.exit_code == 0, done.output
    for path in files:
        for job in jobs(path.read_text("utf-8")).values():
            for step in job.steps:
                if "uses" in step:
                    known = ACTIONS[step["uses"]]
                    assert set(step.get("with", {})) <= set(known["inputs"])
                    assert set(known["required"]) <= set(step.get("with", {}))


def test_an_action_has_one_version_wherever_it_is_printed() -> None:
    files = [path for name in templates.NAMES for path in templates.workflows(name)]
    texts = [path.read_text("utf-8") for path in [*files, *MANIFESTS.glob("github*/*.yaml")]]
    used = {step["uses"] for text in texts for job in jobs(text).values() for step in job.steps if "uses" in step}
    assert len({use.partition("@")[0] for use in used}) == len(used)


@every_template
def test_a_pull_request_gets_nothing_that_deploys(name: str) -> None:
    """Whoever opens it decides what its jobs run."""
    reached, others = [], []
    for path in templates.workflows(name):
        for job in jobs(path.read_text("utf-8")).values():
            # These run the base branch's workflow with its secrets, for what a pull request did.
            assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(job.events)
            (reached if "pull_request" in job.events else others).append(job)
    assert reached
    assert others
    for job in reached:
        assert (job.secrets, job.roles, job.environment) == (set(), [], None)
        assert job.permissions == {"contents": "read"}
    subjects = {subject for job in reached for subject in job.subjects()}
    assert not subjects & {subject for job in others for subject in job.subjects()}


@every_template
def test_what_deploys_is_an_environment_of_a_branch(name: str) -> None:
    found = {path.name: jobs(path.read_text("utf-8")) for path in templates.workflows(name)}
    (job,) = found["deploy.yml"].values()
    assert job.events == {"push": {"branches": ["main"]}}
    assert job.environment
    assert job.secrets >= {"PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE"}
    # No step but the last has them, and no value is used where another is not set.
    assert "secrets." not in str(job.steps[:-1])
    assert not re.search(r"(vars|secrets)\.\w+ (\|\||&&)", str(job.values))
    assert job.subjects() <= {f"environment:{job.environment}"}
    readme = (templates.FOLDER / name / "README.md").read_text("utf-8")
    # The README makes the environment, and limits it to the branch before it gets a secret.
    limited = re.search(r"environments/(deploy|\$stage)/deployment-branch-policies. -f name=main", readme)
    assert limited
    assert limited.end() < readme.index("gh secret set PULUMI_ACCESS_TOKEN --env ")
    assert "gh secret set PULUMI_ACCESS_TOKEN\n" not in readme


@every_template
def test_the_workflow_for_packages_does_not_build_as_a_publisher(name: str) -> None:
    found = jobs((templates.FOLDER / name / "ci" / "publish.yml").read_text("utf-8"))
    build, publish = found["build-packages"], found["publish"]
    assert build.runs_their_code
    assert not publish.runs_their_code
    assert not build.subjects() & publish.subjects()
    assert not build.secrets & publish.secrets
    assert not set(build.roles) & set(publish.roles)
    assert "actions/checkout" not in publish.actions
    assert set(publish.permissions) == {"id-token" if publish.roles else "contents"}


@every_template
def test_workflows_install_what_the_variable_names(name: str) -> None:
    for path in templates.workflows(name):
        for job in jobs(path.read_text("utf-8")).values():
            for step in job.steps:
                if "pip install" in step.get("run", ""):
                    assert step["env"] == {release.VARIABLE: f"${{{{ vars.{release.VARIABLE} }}}}"}
                    assert step["run"].splitlines()[: len(release.check())] == release.check()
            # The login, if there is one, is after what is installed.
            assert "pip install" not in str(job.steps[_login(job) :])


def _login(job: Job) -> int:
    return next((place for place, step in enumerate(job.steps) if "role-to-assume" in step.get("with", {})), -1)


@every_template
def test_the_check_of_a_pull_request_finds_a_mistake(name: str, tmp_path: Path) -> None:
    """The commands of check.yml after the installation, in a project with its answers, and with a wrong one."""
    specs(name, tmp_path)
    (job,) = jobs((templates.FOLDER / name / ".github/workflows/check.yml").read_text("utf-8")).values()
    script = job.steps[-1]["run"]
    (tmp_path / name / "venv" / "bin").mkdir(parents=True)
    (tmp_path / name / "venv" / "bin" / "chaninfra").symlink_to(Path(sys.executable).parent / "chaninfra")
    run = partial(subprocess.run, ["bash", "-e", "-c", script], cwd=tmp_path / name, capture_output=True, text=True)
    good = run(timeout=120)
    assert good.returncode == 0, good.stderr
    first = min((tmp_path / name).glob("Pulumi.*.yaml"))
    first.write_text(first.read_text("utf-8").replace("bucket: my-bucket", "bucket: My_Bucket"), "utf-8")
    wrong = run(timeout=120)
    assert wrong.returncode != 0
    assert first.name in wrong.stderr


def test_together_they_show_every_way_of_use(tmp_path: Path) -> None:
    found = [spec for name in templates.NAMES for spec in specs(name, tmp_path)]
    channels = [channel for spec in found for channel in spec.channels]
    principals = [principal for channel in channels for principal in channel.principals]
    assert {spec.bucket.provider.backend for spec in found} == {"aws", "s3"}
    assert {channel.visibility for channel in channels} == {"private", "public"}
    assert {principal.role for principal in principals} == {"publisher", "reader", "maintainer"}
    kinds = {"token" if each.token else "arn" if each.arn else "key" for each in principals}
    assert kinds == {"token", "arn", "key"}
    assert any(spec.bucket.cdn for spec in found)
    assert any(len(spec.channels) > 1 for spec in found)
    # One stack, and one for each stage.
    assert {len(templates.stack_files(name)) for name in templates.NAMES} == {1, 3}
