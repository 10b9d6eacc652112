"""A value of a wrong type, at each key of the stack config: what is said names the key, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.config.schema import STACK_CONFIG, load, types_at
from chaninfra.channel.config.stack import SECRET_KEYS
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.stack_file import read_stack_file

BASE = {"bucket": "my-bucket", "endpoint-url": "https://minio.example.com"}
WRITTEN = {"1.10": "number", "true": "boolean", "[]": "array", "{}": "object"}
PLACEHOLDER = "main"
# What else the mapping around a key must have, so that the key itself is what is wrong.
NEEDED = {"github": {"repository": "o/r"}, "gitlab": {"project": "g/p"}, "oidc": {"issuer": "https://i.example.com"}}
NEEDED["oidc"] |= {"audience": "a", "subject": "s"}
NEEDED["snapshots"] = {"every": "1d", "keep": "60"}
NEEDED["mirrors"] = {"source": "s3://b-1/c"}
NAMED = ("mirrors",)
"""Those that a name of the user's choice is between."""
TWO_LINES = 200


def keys() -> Iterator[tuple[str, ...]]:
    definitions = load(STACK_CONFIG)["$defs"]

    def walk(schema: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for option in (schema, *schema.get("anyOf", ())):
            found = definitions[option["$ref"].rsplit("/", 1)[1]] if "$ref" in option else option
            for key, value in found.get("properties", {}).items():
                if key not in ("channels", "readers", "maintainers", "promoters", *SECRET_KEYS):
                    yield (*path, key)
                    yield from walk(value, (*path, key))
            if isinstance(rest := found.get("additionalProperties"), dict):
                yield from walk(rest, (*path, PLACEHOLDER))

    return walk(definitions["config"], ())


def said(folder: Path, path: tuple[str, ...], written: str) -> str:
    """What is said of a stack file with `written` at the key; "" if it is taken."""
    value = written
    for place in range(len(path) - 1, 0, -1):
        above = path[place - 2] if place > 1 and path[place - 2] in NAMED else path[place - 1]
        needed = {} if path[place - 1] in NAMED else NEEDED.get(above, {})
        around = {name: text for name, text in needed.items() if name != path[place]}
        others = "".join(f", {name}: {text}" for name, text in around.items())
        value = f"{{{path[place]}: {value}{others}}}"
    lines = {**BASE, path[0]: value}
    file = folder / "Pulumi.test.yaml"
    file.write_text("config:\n" + "".join(f"  chaninfra:{key}: {text}\n" for key, text in lines.items()))
    try:
        read_stack_file(file)
    except ConfigurationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("written", WRITTEN)
def test_a_value_of_a_wrong_type(written: str, tmp_path: Path) -> None:
    kind = WRITTEN[written]
    for path in keys():
        types = types_at(path)
        if kind in types:
            continue
        told = said(tmp_path, path, written)
        assert f"key {'.'.join(path)}: " in told
        remedy = told.partition("\n  ")[2]
        assert 0 < len(remedy) <= TWO_LINES or ". " not in remedy, told
        if "string" not in types:
            assert "quotes" not in told
        elif kind == "number":
            # Its digits may be lost by now, so it cannot be taken as text.
            assert f"{written!r} is a number" in told
            assert "put it in quotes" in told
        elif "array" not in types:
            assert "should be text" in told


@pytest.mark.parametrize("written", ["''", "null"])
def test_a_key_without_a_value(written: str, tmp_path: Path) -> None:
    for path in keys():
        told = said(tmp_path, path, written)
        if "string" in types_at(path) or "has no value" in told:
            # Other rules of the whole config may say more of a key that is as if it were not there.
            named = f"key {'.'.join(path)}: " in told
            assert named or "is empty" not in told, told
        assert "None" not in told.partition("\n")[0]
        assert "is not valid" not in told


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("1.5", "should be a whole number, and is 1.5"),
        ("'1.5'", "should be a whole number, and is 1.5"),
        ("2026-01-01", "should be a whole number, and is 2026-01-01"),
        ("true", "should be a whole number, and is true"),
        ("secret", "should be a whole number, and is text"),
        ("0123", "'0123' may be read as another number\n  write it in decimal digits alone, without a zero in front"),
        ("1_000", "'1_000' may be read as another number"),
        ("null", ""),
    ],
)
def test_days_are_a_whole_number(written: str, says: str, tmp_path: Path) -> None:
    told = said(tmp_path, ("old-versions-days",), written)
    assert says in told
    assert bool(says) == bool(told)
    assert "quotes" not in told
    assert not told or "may be read" in told or "Days after which" in told


def test_how_often_monolithic_files_are_written_is_told_in_short(tmp_path: Path) -> None:
    told = said(tmp_path, ("index", "monolith"), "10m")
    assert told.endswith(
        "key index.monolith: '10m' is not known\n  write one of: each-commit, {`at-most-every`: 10m}, never"
    )
    for written in ("each-commit", "{at-most-every: 10m}", "never"):
        assert said(tmp_path, ("index", "monolith"), written) == ""
    assert "known are: aws, pixi, public" in said(tmp_path, ("auth",), "{}")


def test_a_key_deep_in_an_optional_mapping_is_named() -> None:
    publishers = {"ci": {"github": {"repository": True}}}
    with pytest.raises(
        ConfigurationError, match=r"key publishers\.ci\.github\.repository: should be text, and is true"
    ):
        build_spec({**BASE, "publishers": publishers}, where="stack")
