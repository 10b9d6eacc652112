"""Reads the YAML of a Pulumi project: its `Pulumi.yaml`, and the stack files.

YAML reads `1.10` as 1.1, and Pulumi reads `0123` as 83. A number that is written in another form than it is read in has
lost digits by then, so it is refused: where a key takes text, it is to be put in quotes. The stack config has no
fractions and no dates.
"""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path
from typing import Any

from chaninfra.channel.config.schema import types_at
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import shown, yaml_problem


class _Written(int):
    """A whole number that is written in another form, `0123` or `1_000`; `text` is that form."""

    text: str


class _Fraction(float):
    """A fraction; `text` is how it is written."""

    text: str


class _Date(str):
    """A date, as it is written."""


def load(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises ConfigurationError."""
    # Imported here since it is slow, and most commands read no YAML.
    from ruamel.yaml import YAML
    from ruamel.yaml.constructor import SafeConstructor
    from ruamel.yaml.error import YAMLError

    class Constructor(SafeConstructor):
        def construct_yaml_int(self, node: Any) -> int:
            value: int = super().construct_yaml_int(node)
            text = str(node.value)
            if str(value) == text:
                return value
            written = _Written(value)
            written.text = text
            return written

        def construct_yaml_float(self, node: Any) -> float:
            fraction = _Fraction(super().construct_yaml_float(node))
            fraction.text = str(node.value)
            return fraction

        def construct_date(self, node: Any) -> str:
            return _Date(node.value)

    Constructor.add_constructor("tag:yaml.org,2002:int", Constructor.construct_yaml_int)
    Constructor.add_constructor("tag:yaml.org,2002:float", Constructor.construct_yaml_float)
    Constructor.add_constructor("tag:yaml.org,2002:timestamp", Constructor.construct_date)
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = Constructor
    try:
        document = yaml.load(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="give a Pulumi.<stack>.yaml"
        ) from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"is not valid YAML: {yaml_problem(error)}",
            where=str(path),
            remedy="correct it, or give a Pulumi.<stack>.yaml",
        ) from error
    return mapping(path, document, "")


def mapping(path: Path, value: Any, key: str) -> dict[str, Any]:
    """`value`, the value of `key` in the file (`""`: the file itself). Raises ConfigurationError."""
    if not isinstance(value, dict):
        raise ConfigurationError(
            "should be a mapping", where=str(path), key=(key,) if key else (), remedy="give a Pulumi.<stack>.yaml"
        )
    return value


def check_digits(value: Any, path: Path, key: tuple[str, ...]) -> None:
    """Raise ConfigurationError for a number or date in `value`, that of `key` in the file, that would lose digits.

    A fraction or date where a key takes neither text nor a fraction is left for the validation, which says what it
    takes.
    """
    if isinstance(value, dict):
        for name, item in value.items():
            _check_scalar(name, path, key, types=frozenset({"string"}))
            check_digits(item, path, (*key, str(name)))
    elif isinstance(value, list):
        for item in value:
            check_digits(item, path, key)
    else:
        _check_scalar(value, path, key, types_at(part for step in key for part in step.split(".")))


def _check_scalar(value: Any, path: Path, key: tuple[str, ...], types: Set[str]) -> None:
    """`types`: the JSON types that are taken here; none: it is not known."""
    if isinstance(value, float | _Date | _Written):
        text = value.text if isinstance(value, _Written | _Fraction) else str(value)
        kind = "date" if isinstance(value, _Date) else "number"
        if types and "string" not in types:
            if isinstance(value, _Written) and "integer" in types:
                raise ConfigurationError(
                    f"{shown(text)} may be read as another number",
                    where=str(path),
                    key=key,
                    remedy="write it in decimal digits alone, without a zero in front",
                )
            return
        raise ConfigurationError(
            f"{shown(text)} is a {kind} to YAML and may lose digits",
            where=str(path),
            key=key,
            remedy='put it in quotes, as you want it to be: "…"',
        )
