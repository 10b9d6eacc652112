"""The schemas in the package: generated from the models, valid, and complete for editors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from chaninfra.channel.config.schema import NAMES, STACK_CONFIG, folder, load
from chaninfra.channel.config.stack import SECRET_KEYS
from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.app import app
from schema_build import build, dump
from support.cases.config_keys import keys_without_backticks
from support.paths import ROOT

SCHEMAS = ROOT / "schemas"


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_file_is_generated_from_the_models(name: str) -> None:
    assert folder() == SCHEMAS
    assert (SCHEMAS / f"{name}.schema.json").read_text() == dump(build()[name])


def keys(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and schema of every key, those in `$defs` included."""
    for root, definition in {"": schema, **schema["$defs"]}.items():
        pending = [(root, definition)]
        while pending:
            path, part = pending.pop()
            for key, value in part.get("properties", {}).items():
                yield f"{path}.{key}", value
                pending.append((f"{path}.{key}", value))


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_and_describes_every_key(name: str) -> None:
    schema = load(name)
    Draft202012Validator.check_schema(schema)
    assert [key for key, value in keys(schema) if not value.get("description")] == []
    assert schema["$id"] == f"urn:chaninfra:{name}"
    assert json.loads(dump(schema)) == schema


@pytest.mark.parametrize("name", NAMES)
def test_descriptions_have_keys_in_backticks_since_they_are_remedies_of_errors(name: str) -> None:
    descriptions = [value["description"] for _, value in keys(load(name))]
    errors = [ConfigurationError(description) for description in descriptions]
    assert [key for error in errors for key in keys_without_backticks(error)] == []


def offers_a_value(schema: dict[str, Any], value: dict[str, Any]) -> bool:
    """Whether an editor can offer a value: from an example, an enum, a default or nested keys."""
    if "examples" in value or "enum" in value or "const" in value or value.get("type") == "boolean":
        return True
    if value.get("default") not in (None, "", {}, []) or "properties" in value:
        return True
    if any(offers_a_value(schema, option) for option in value.get("anyOf", ())):
        return True
    reference = value.get("$ref", "")
    return reference.count("/") == 2 and offers_a_value(schema, schema["$defs"][reference.rsplit("/", 1)[1]])


@pytest.mark.parametrize("name", NAMES)
def test_an_editor_can_offer_a_value_for_every_key(name: str) -> None:
    schema = load(name)
    without = {key.rpartition(".")[2] for key, value in keys(schema) if not offers_a_value(schema, value)}
    # Secrets are not typed into the file: `pulumi config set --secret` writes them.
    assert without <= set(SECRET_KEYS)


@pytest.mark.parametrize("name", NAMES)
def test_every_example_and_every_default_is_valid(name: str) -> None:
    schema = load(name)
    checked = 0
    for key, value in keys(schema):
        validator = Draft202012Validator({**value, "$defs": schema["$defs"]})
        for example in [*value.get("examples", ()), *([value["default"]] if "default" in value else [])]:
            checked += 1
            assert validator.is_valid(example), (key, example)
    assert checked > 10


def test_keys_with_and_without_namespace_are_described_alike() -> None:
    schema = load(STACK_CONFIG)
    bare = schema["$defs"]["config"]["properties"]
    for key, value in schema["properties"]["config"]["properties"].items():
        described = bare[key.removeprefix("chaninfra:")]
        assert value["description"] == described["description"]
        if key.removeprefix("chaninfra:") not in SECRET_KEYS:
            assert {name: value.get(name) for name in ("examples", "default")} == {
                name: described.get(name) for name in ("examples", "default")
            }


def test_the_namespace_of_the_keys_is_the_name_of_the_project() -> None:
    done = CliRunner().invoke(app, ["schema", "stack-config", "--project", "my.project"])
    assert done.exit_code == 0, done.output
    schema = json.loads(done.stdout)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"config": {"my.project:bucket": "my-bucket", "aws:region": "eu-central-1"}})
    assert not validator.is_valid({"config": {"my.project:bukket": "my-bucket"}})
    assert not validator.is_valid({"config": {"my.project:bucket": "My_Bucket"}})
    # The dot in the name matches only a dot; keys of other projects are not checked.
    assert validator.is_valid({"config": {"my-project:bukket": "x", "chaninfra:bukket": "x"}})


@pytest.mark.parametrize("arguments", [["channel", "--project", "x"], ["stack-config", "--project", "a b"]])
def test_a_project_for_another_schema_or_with_a_wrong_name_is_refused(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, ["schema", *arguments])
    assert isinstance(done.exception, ConfigurationError)
    assert done.exception.remedy


def test_the_schema_for_the_project_chaninfra_is_the_file() -> None:
    done = CliRunner().invoke(app, ["schema", "stack-config", "--project", "chaninfra"])
    assert done.stdout == (SCHEMAS / "stack-config.schema.json").read_text("utf-8")
