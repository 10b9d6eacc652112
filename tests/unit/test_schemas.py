"""The schemas that travel with the package are those that the models make."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from chaninfra.channel.schema_build import build, dump
from chaninfra.channel.schemas import NAMES, folder, load

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_what_the_models_make(name: str) -> None:
    assert folder() == SCHEMAS
    assert (SCHEMAS / f"{name}.schema.json").read_text() == dump(build()[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_and_describes_every_key(name: str) -> None:
    schema = load(name)
    Draft202012Validator.check_schema(schema)
    parts = [schema, *schema["$defs"].values()]
    bare = [key for part in parts for key, value in part.get("properties", {}).items() if "description" not in value]
    # The first holds all keys, the second is the text that Pulumi encrypted.
    assert set(bare) <= {"config", "secure"}
    assert json.loads(dump(schema)) == schema
