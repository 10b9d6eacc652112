"""Tags in YAML files: GitLab's `!reference`, and any other. What they stand for is unknown, and their text stays."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.merge.syntax import MergeError
from chaninfra.manifest.names import Format
from support.cases.ci_schemas import check_ci_schema
from support.cases.manifests import access
from support.cases.merging import into_yaml, is_kept

LOGIN = '(umask 077 && printf %s "$AWS_ID_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE")'

PIPELINE = """include: [{local: shared.yml}]
.setup:
  before_script:
    - echo set up   # once
  rules: &main
    - if: $CI_COMMIT_BRANCH == "main"

lint:
  script:
    - !reference [.setup, before_script]
    - !reference   [.lint,  script]   # of shared.yml
  rules:
    - !reference [.setup, rules]
    - !reference [".other", 'rules']

test:
  stage: test
  rules: *main
  before_script:
    - !reference [.setup, before_script]
    # then
    - echo more
  script: [make]
  after_script: !reference [.setup, after_script]
"""


class Loader(yaml.SafeLoader):
    """PyYAML, which GitLab's own linters are like; tags are kept as (tag, value)."""


def _tagged(loader: Loader, tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return tag, loader.construct_sequence(node, deep=True)
    if isinstance(node, yaml.MappingNode):
        return tag, loader.construct_mapping(node, deep=True)
    return tag, node.value


Loader.add_multi_constructor("!", _tagged)


def load(text: str) -> Any:
    """The values of the text, by another parser than the merge uses."""
    return yaml.load(text, Loader)  # noqa: S506


def lines_added(before: str, after: str) -> list[str]:
    """The lines of `after` that `before` lacks. Raises AssertionError if a line of `before` is missing or moved."""
    assert is_kept(before, after)
    return [line[2:] for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line.startswith("+ ")]


def test_a_pipeline_keeps_its_references() -> None:
    found = into_yaml(PIPELINE, access("aws"), name="gitlab")
    added = lines_added(PIPELINE, found)
    before, after = load(PIPELINE), load(found)
    assert after["lint"] == before["lint"]
    job = after["test"]
    assert job["before_script"] == [LOGIN, ("reference", [".setup", "before_script"]), "echo more"]
    assert job["after_script"] == ("reference", [".setup", "after_script"])
    assert not [line for line in added if "reference" in line]


def test_jobs_are_added_to_a_pipeline_with_references() -> None:
    found = into_yaml(PIPELINE, access("aws"), name="gitlab-publish")
    lines_added(PIPELINE, found)
    before, after = load(PIPELINE), load(found)
    assert {name: after[name] for name in before} == before
    assert list(after)[-2:] == ["build-packages", "publish"]


@pytest.mark.parametrize("value", ["!reference [.setup, before_script]", "echo hello", '"echo: hello"  # mine'])
def test_a_before_script_that_is_no_list_becomes_one(value: str) -> None:
    text = f".setup: {{before_script: [a]}}\ntest:\n  before_script: {value}\n  script: [make]\n"
    found = into_yaml(text, access("aws"), name="gitlab")
    assert f"    - {value}\n" in found
    theirs = load(text)["test"]["before_script"]
    assert load(found)["test"]["before_script"] == [LOGIN, theirs]


@pytest.mark.parametrize("key", ["variables", "id_tokens"])
def test_a_reference_to_which_the_login_cannot_be_added_is_refused(key: str) -> None:
    text = f"test:\n  {key}: !reference [.setup, {key}]\n  script: [make]\n"
    with pytest.raises(MergeError) as caught:
        into_yaml(text, access("aws"), name="gitlab")
    assert caught.value.key == ("test", key)
    assert "AWS_" in str(caught.value.remedy)


@pytest.mark.parametrize(
    "tagged",
    [
        "!Ref Name",
        "!vault |\n      secret\n      text",
        "!include other.yml",
        "!a,b%20c {d: 1}",
        "!<!x> y",
        "!!python/none ''",
    ],
)
@pytest.mark.parametrize("name", ["github", "gitlab", "condarc"])
def test_any_tag_stays(tagged: str, name: Format) -> None:
    text = f"jobs: {{}}\nother:\n    key: {tagged}\n"
    found = into_yaml(text, access("aws", "public"), name=name)
    assert is_kept(text.replace("jobs: {}\n", ""), found)
    assert f"key: {tagged}\n" in found


def test_a_tag_makes_no_object() -> None:
    """The constructors of PyYAML's unsafe tags are known to no one here."""
    text = "other: !!python/object/apply:os.system [exit 1]\njobs: {}\n"
    assert "os.system" in into_yaml(text, access("aws"))


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        ("jobs:\n  a: [\n", "expected", "line 3, column 1"),
        ("jobs:\n  a: 1\n  a: 2\n", "duplicate key", "line 3, column 3"),
        ("a: &b c\njobs: *d\n", "undefined alias", "line 2, column 7"),
        ("spec: {inputs: {}}\n---\njobs: {}\n", "more than one document", "line 2, column 1"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, problem: str, place: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        into_yaml(text, access("aws"))
    assert problem in caught.value.message
    assert place in caught.value.message


def test_gitlabs_schema_accepts_what_is_merged(tmp_path: Path) -> None:
    files = []
    for name in ("gitlab", "gitlab-publish"):
        path = tmp_path / f"{name}.yml"
        path.write_text(into_yaml(PIPELINE, access("aws"), name=name), "utf-8")
        files.append(path)
    check_ci_schema("gitlab-ci", files, broken=("aud: ", "audience: "), folder=tmp_path)
