"""The schemas that travel with the package are those that the models make."""

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
from support.paths import ROOT

SCHEMAS = ROOT / "schemas"


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_what_the_models_make(name: str) -> None:
    assert folder() == SCHEMAS
    assert (SCHEMAS / f"{name}.schema.json").read_text() == dump(build()[name])


def keys(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that the schema has, its definitions' too, with what is said of it."""
    for place, part in {"": schema, **schema["$defs"]}.items():
        pending = [(place, part)]
        while pending:
            path, found = pending.pop()
            for key, value in found.get("properties", {}).items():
                yield f"{path}.{key}", value
                pending.append((f"{path}.{key}", value))


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_and_describes_every_key(name: str) -> None:
    schema = load(name)
    Draft202012Validator.check_schema(schema)
    assert [key for key, value in keys(schema) if not value.get("description")] == []
    assert schema["$id"] == f"urn:chaninfra:{name}"
    assert json.loads(dump(schema)) == schema


def says_what_to_write(schema: dict[str, Any], value: dict[str, Any]) -> bool:
    """Whether an editor can offer a value: there is an example, or a choice, or keys of its own."""
    if "examples" in value or "enum" in value or "const" in value or value.get("type") == "boolean":
        return True
    if value.get("default") not in (None, "", {}, []) or "properties" in value:
        return True
    options = [value[name] for name in ("$ref",) if name in value]
    return any(says_what_to_write(schema, each) for each in value.get("anyOf", ())) or any(
        says_what_to_write(schema, schema["$defs"][each.rsplit("/", 1)[1]]) for each in options if each.count("/") == 2
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_key_shows_what_can_be_written(name: str) -> None:
    schema = load(name)
    silent = {key.rpartition(".")[2] for key, value in keys(schema) if not says_what_to_write(schema, value)}
    # Nobody writes a secret there: `pulumi config set --secret` does.
    assert silent <= set(SECRET_KEYS)


@pytest.mark.parametrize("name", NAMES)
def test_every_example_and_every_default_is_valid(name: str) -> None:
    schema = load(name)
    shown = 0
    for key, value in keys(schema):
        judge = Draft202012Validator({**value, "$defs": schema["$defs"]})
        for example in [*value.get("examples", ()), *([value["default"]] if "default" in value else [])]:
            shown += 1
            assert judge.is_valid(example), (key, example)
    assert shown > 10


def test_the_stack_file_shows_what_its_keys_show() -> None:
    schema = load(STACK_CONFIG)
    bare = schema["$defs"]["config"]["properties"]
    for key, value in schema["properties"]["config"]["properties"].items():
        own = bare[key.removeprefix("chaninfra:")]
        assert value["description"] == own["description"]
        if key.removeprefix("chaninfra:") not in SECRET_KEYS:
            assert {name: value.get(name) for name in ("examples", "default")} == {
                name: own.get(name) for name in ("examples", "default")
            }


def test_a_project_of_another_name_has_its_own_keys() -> None:
    done = CliRunner().invoke(app, ["schema", "stack-config", "--project", "my.project"])
    assert done.exit_code == 0, done.output
    schema = json.loads(done.stdout)
    Draft202012Validator.check_schema(schema)
    judge = Draft202012Validator(schema)
    assert judge.is_valid({"config": {"my.project:bucket": "my-bucket", "aws:region": "eu-central-1"}})
    assert not judge.is_valid({"config": {"my.project:bukket": "my-bucket"}})
    assert not judge.is_valid({"config": {"my.project:bucket": "My_Bucket"}})
    # The dot is a dot, and other projects' keys are theirs.
    assert judge.is_valid({"config": {"my-project:bukket": "x", "chaninfra:bukket": "x"}})


@pytest.mark.parametrize("arguments", [["channel", "--project", "x"], ["stack-config", "--project", "a b"]])
def test_a_project_is_for_the_stack_file_and_has_a_name(arguments: list[str]) -> None:
    done = CliRunner().invoke(app, ["schema", *arguments])
    assert isinstance(done.exception, ConfigurationError)
    assert done.exception.remedy


def test_the_schema_without_a_project_is_the_file() -> None:
    done = CliRunner().invoke(app, ["schema", "stack-config", "--project", "chaninfra"])
    assert done.stdout == (SCHEMAS / "stack-config.schema.json").read_text("utf-8")
