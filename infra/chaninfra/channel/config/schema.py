"""The JSON schemas in the package, and validation with errors that name the key and a remedy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chaninfra.channel import patterns
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import nearest, shown, without_secrets

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

STACK_CONFIG = "stack-config"
CHANNEL = "channel"
ACCESS = "access"
SNAPSHOTS = "snapshots"
NAMES = (STACK_CONFIG, CHANNEL, ACCESS, SNAPSHOTS)

_JSON_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "object": "a mapping",
    "string": "text",
}
_TWO_LINES = 200


def folder() -> Path:
    """The folder of the schemas: `schemas/` of the repository in an editable install, else the copy in the package.

    An editable install does not use the copy, since hatchling copies force-included files only once, at the install.
    """
    here = Path(__file__).resolve()
    repository = here.parents[4] / "schemas"
    return repository if (here.parents[4] / "pyproject.toml").is_file() else here.parents[2] / "schemas"


@cache
def load(name: str) -> dict[str, Any]:
    """The schema `name`, one of NAMES."""
    document: dict[str, Any] = json.loads((folder() / f"{name}.schema.json").read_text("utf-8"))
    return document


@cache
def config_keys() -> frozenset[str]:
    """The names of all keys of the stack config, nested keys included, without their paths: `kms-key-arn`.

    Names that users choose (of channels, principals, tags) are not included.
    """
    return frozenset(key for model in load(STACK_CONFIG)["$defs"].values() for key in model.get("properties", {}))


def types_at(path: Iterable[str]) -> frozenset[str]:
    """The JSON types that the key at `path` of the stack config takes, its list items included: {"integer", "null"}.

    Empty where there is no such key.
    """
    definitions = load(STACK_CONFIG)["$defs"]

    def options(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for option in (schema, *schema.get("anyOf", ())):
            yield definitions[option["$ref"].rsplit("/", 1)[1]] if "$ref" in option else option

    schemas: list[dict[str, Any]] = [definitions["config"]]
    for key in path:
        found = [(each.get("properties", {}).get(key) or each.get("additionalProperties")) for each in schemas]
        schemas = [option for each in found if each for option in options(each)]
    schemas += [option for each in schemas if "items" in each for option in options(each["items"])]
    # A list of words has no type of its own.
    return frozenset(str(each.get("type", "string")) for each in schemas if "type" in each or "enum" in each)


def stack_file_schema(project: str) -> dict[str, Any]:
    """The schema of stack files of the Pulumi project `project`, whose name is the namespace of the keys.

    The schema file itself is for the project `chaninfra`; a project made from a template can have any name.
    """
    schema = load(STACK_CONFIG)
    config = schema["properties"]["config"]
    keys = {name.replace("chaninfra:", f"{project}:", 1): value for name, value in config["properties"].items()}
    names = config["propertyNames"]
    names = {**names, "pattern": names["pattern"].replace("chaninfra:", f"{re.escape(project)}:")}
    return {
        **schema,
        "$id": f"{schema['$id']}:{project}",
        "title": f"Pulumi.<stack>.yaml of {project}",
        "properties": {"config": {**config, "properties": keys, "propertyNames": names}},
    }


def validate(document: object, name: str, *, where: str, part: str | None = None) -> None:
    """Validate `document` against the schema `name`, or against the definition `part` in its `$defs`.

    `where` names the document. Raises ConfigurationError with the path of the key and a remedy.
    """
    # Imported here since it is slow, and commands that read only a valid descriptor do not need it.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import relevance

    schema = load(name)
    if part is not None:
        schema = {"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]}
    errors = sorted(Draft202012Validator(schema).iter_errors(document), key=relevance)
    if errors:
        raise _explain(errors[-1], where, schema)


def _explain(error: ValidationError, where: str, root: dict[str, Any]) -> ConfigurationError:
    schema = error.schema if isinstance(error.schema, dict) else {}
    options = schema.get("anyOf", ())
    for inner in error.context or ():
        # The schema of an optional key is `anyOf [its type, null]`; the error of the first has the better message. That
        # of a key that is a word or a mapping is `anyOf [enum, its type]`: a mapping is none of the words.
        of_option = not inner.relative_path
        a_mapping = isinstance(inner.instance, dict) and any("$ref" in option for option in options)
        if not (of_option and (inner.validator == "type" or (inner.validator == "enum" and a_mapping))):
            return _explain(inner, where, root)
    path = tuple(without_secrets(str(part)) for part in error.absolute_path)
    remedy = _described(error, root)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = schema.get("properties", {})
        unknown = without_secrets(next(str(key) for key in error.instance if key not in known))
        return ConfigurationError(
            "unknown key", where=where, key=(*path, unknown), remedy=nearest(unknown, known, quote="`")
        )
    if error.validator == "required" and isinstance(error.instance, dict):
        missing = next(key for key in schema.get("required", ()) if key not in error.instance)
        described = schema.get("properties", {}).get(missing, {}).get("description")
        return ConfigurationError(f"key `{missing}` is missing", where=where, key=path, remedy=described)
    # The validator's messages repeat the value.
    message = error.message.replace(repr(error.instance), shown(error.instance))
    if error.instance is None or error.instance == "":
        message = "has no value: write one" if error.instance is None else "is empty: write a value"
        message += ", or remove the key"
    elif error.validator == "enum":
        message = f"should be text, and is {_found(error.instance)}"
        if isinstance(error.instance, str):
            message = f"{shown(error.instance)} is not known"
        remedy = nearest(str(error.instance), [str(value) for value in schema.get("enum", ()) if value is not None])
    elif error.validator in ("type", "anyOf"):
        kinds = [error.validator_value] if error.validator == "type" else []
        kinds += [option.get("type", "object") for option in options if option.get("type") != "null"]
        message = "should be " + " or ".join(_JSON_TYPES.get(str(kind), str(kind)) for kind in kinds)
        message += f", and is {_found(error.instance)}"
        if "string" in kinds and not isinstance(error.instance, dict | list):
            remedy = 'put it in quotes: "…"'
    elif error.validator == "pattern":
        message = f"{shown(error.instance)} {patterns.fault(str(error.instance), str(error.validator_value))}"
    parent = error.parent.schema if error.parent is not None else None
    around = parent if isinstance(parent, dict) else {}
    a_mapping_too = any("$ref" in option for option in around.get("anyOf", ()))
    if error.validator == "enum" and a_mapping_too and "did you mean" not in (remedy or ""):
        remedy = "write one of: " + ", ".join(_flow(example) for example in around.get("examples", ()))
    return ConfigurationError(message, where=where, key=path, remedy=_brief(remedy))


def _found(value: Any) -> str:
    """What a value is, in the words of YAML. Pulumi hands numbers over as text; any other text may be a secret."""
    if isinstance(value, str):
        return value if re.fullmatch(r"[0-9.-]{1,20}|true|false", value) else "text"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return json.dumps(value, default=str)


def _flow(value: Any) -> str:
    """A value as YAML has it in one line, with backticks around keys."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'`{key}`: {_flow(item)}' for key, item in value.items())}}}"
    return str(value)


def _brief(text: str | None) -> str | None:
    """The first sentences of a description, so many as fit in two lines of a terminal."""
    if text is None or len(text) <= _TWO_LINES:
        return text
    end = max(text.rfind(". ", 0, _TWO_LINES), text.find(". "))
    return text if end < 0 else text[: end + 1]


def _described(error: ValidationError, root: dict[str, Any]) -> str | None:
    """The description that is nearest above the place of the error: an item of a list is described with its list."""
    part: Any = root
    found: str | None = root.get("description")
    for step in error.absolute_schema_path:
        if isinstance(part, dict) and step not in part:
            # The path of an error leaves references out.
            part = reduce(lambda found, name: found[name], part["$ref"].removeprefix("#/").split("/"), root)
            found = found or part.get("description")
        part = part[step]
        if isinstance(part, dict) and isinstance(part.get("description"), str):
            found = part["description"]
    return found
