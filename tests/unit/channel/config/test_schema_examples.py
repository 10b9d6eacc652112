"""Examples of documents: valid ones, invalid ones whose error must name the key, and the example stacks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from chaninfra.channel.config import schema
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs import descriptor
from chaninfra.channel.outputs.build import build_descriptor
from chaninfra.channel.spec.build import build_spec
from support.cases.config_keys import keys_without_backticks
from support.paths import DATA, ROOT

HERE = DATA / "schemas"
VALID = sorted((HERE / "valid").glob("*.json"))
INVALID = sorted((HERE / "invalid").glob("*.yaml"))
STACKS = sorted(ROOT.glob("Pulumi.*.yaml"))


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text())


def read(name: str, document: Any) -> None:
    """Read a document as the program does."""
    if name == "config":
        build_spec(document, where="stack.yaml")
    elif name == schema.CHANNEL:
        descriptor.from_document(document, where="stack.yaml")
    else:
        schema.validate(document, name, where="stack.yaml")


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_document_is_accepted(path: Path) -> None:
    document = json.loads(path.read_text())
    name = path.stem.split("-")[0]
    schema.validate(document, name, where=path.name)
    if name == schema.CHANNEL:
        parsed = descriptor.from_document(document, where=path.name)
        assert descriptor.parse(descriptor.dump(parsed), where=path.name) == parsed
        assert descriptor.to_document(parsed).items() >= {k: v for k, v in document.items() if k != "index"}.items()


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_the_error_of_an_invalid_document_names_the_key(path: Path) -> None:
    example = load(path)
    with pytest.raises(ConfigurationError) as caught:
        read(example["schema"], example["document"])
    error = caught.value
    place, _, _ = error.summary.partition(": ")
    wanted = f", key {example['key']}" if example["key"] else ""
    assert place in (f"stack.yaml{wanted}", f"stack.yaml, channel a{wanted}") or place.startswith(
        f"stack.yaml{wanted}."
    )
    assert example["says"] in str(error)
    assert error.exit_code == 2
    assert keys_without_backticks(error) == []


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_an_example_stack_is_valid_against_the_schema_in_its_first_line(path: Path) -> None:
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text())
    assert named, "editors read it from the first line"
    # yaml-language-server resolves the path from the folder of the file.
    schema = json.loads((path.parent / named[1]).read_text())
    validator = Draft202012Validator(schema)
    document = load(path)
    assert [error.message for error in validator.iter_errors(document)] == []
    document["config"]["chaninfra:bukket"] = "x"
    assert not validator.is_valid(document)


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_an_example_stack_is_valid_and_describes_channels(path: Path) -> None:
    document = load(path)
    schema.validate(document, schema.STACK_CONFIG, where=path.name)
    raw = {key.removeprefix("chaninfra:"): value for key, value in document["config"].items() if "aws:" not in key}
    spec = build_spec(raw, where=path.name, default_region=document["config"].get("aws:region"))
    for channel in spec.channels:
        described = build_descriptor(spec.bucket, channel)
        schema.validate(descriptor.to_document(described), schema.CHANNEL, where=path.name)


def test_there_is_an_example_stack_for_each_use_case() -> None:
    names = {path.name.split(".")[1] for path in STACKS}
    assert names >= {"aws-private", "aws-public", "aws-cdn", "minio", "two-channels", "r2", "adopted"}


@pytest.mark.parametrize(
    ("document", "key"),
    [
        ({"config": {"chaninfra:bukket": "my-bucket"}}, "chaninfra:bukket"),
        ({"config": {"chaninfra:bucket": "my-bucket", "chaninfra:secret-access-key": "clear"}}, "secret-access-key"),
        ({"config": {"chaninfra:bucket": "My-Bucket"}}, "chaninfra:bucket"),
    ],
)
def test_the_schema_of_stack_files_rejects(document: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        schema.validate(document, schema.STACK_CONFIG, where="Pulumi.dev.yaml")
    assert key in str(caught.value)


def test_the_schema_of_stack_files_accepts_secrets_and_keys_of_other_namespaces() -> None:
    config = {"aws:region": "eu-central-1", "chaninfra:bucket": "my-bucket"}
    secret = {"chaninfra:secret-access-key": {"secure": "v1:abc"}, "chaninfra:access-key-id": {"secure": "v1:abc"}}
    document = {"encryptionsalt": "v1:abc", "config": {**config, **secret}}
    schema.validate(document, schema.STACK_CONFIG, where="Pulumi.dev.yaml")
