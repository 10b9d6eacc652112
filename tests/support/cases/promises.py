"""What docs/promises.md promises, as lines of text: each is one thing that somebody may depend on.

`tests/data/promises/<subject>.txt` has the lines that were promised. What is promised stays: a saved line that the
program no longer says is a broken promise. What is new is saved by

    PYTHONPATH=tests:tools .venv/bin/python -m support.cases.promises

which adds lines and takes none away. Whoever takes something away on purpose moves its line to `gone.json`, with the
version whose part of CHANGELOG.md quotes it.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import tomllib
import typing
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Literal, get_args, get_origin

import typer.models

import chaninfra.guard_rails
import chaninfra.pulumi
from chaninfra.channel.errors import ExitCode
from chaninfra.cli.app import commands as program_commands
from chaninfra.pulumi.plugin import provider
from support.paths import DATA, ROOT

FOLDER = DATA / "promises"


def commands() -> set[str]:
    """Commands, their options with the values that are words, and their arguments."""
    return {line for name, callback in program_commands() for line in _command(name, callback)}


def _command(name: str, callback: Any) -> Iterator[str]:
    yield name
    needed = []
    for parameter in inspect.signature(callback, eval_str=True).parameters.values():
        kind, *more = get_args(parameter.annotation)
        info = next(each for each in more if isinstance(each, typer.models.ParameterInfo))
        words = sorted(str(word) for word in _words(kind))
        if isinstance(info, typer.models.ArgumentInfo):
            shown = [str(info.metavar)]
        else:
            # In an Annotated typer takes the first name for the default, and puts it right later.
            names = [each for each in (info.default, *(info.param_decls or ())) if isinstance(each, str)]
            names = names or [f"--{parameter.name.replace('_', '-')}"]
            shown = [f"{option}{'' if kind is bool else ' VALUE'}" for option in names]
        if parameter.default is inspect.Parameter.empty:
            needed.append(shown[-1])
        for each in shown:
            several = " several times" if "list[" in str(kind) else ""
            yield f"{name} {each}{several}"
            yield from (f"{name} {each} = {word}" for word in words)
    yield f"{name} needs {', '.join(needed) or 'nothing'}"


def _words(kind: Any) -> Iterator[Any]:
    """The words of the Literals in a type."""
    if get_origin(kind) is Literal:
        yield from get_args(kind)
    else:
        for part in get_args(kind):
            yield from _words(part)


def exit_codes() -> set[str]:
    """Exit codes, and what they are for."""
    return {f"{int(code)}: {code.name}" for code in ExitCode}


def variables() -> set[str]:
    """Environment variables of chaninfra's own. `S3_` are those of rattler-index, `FROM_S3_` the same for a source."""
    texts = [path.read_text("utf-8") for name in ("cli", "infra") for path in (ROOT / name).rglob("*.py")]
    return {name for text in texts for name in re.findall(r'"((?:CHANINFRA|(?:FROM_)?S3)_[A-Z_]*[A-Z])"', text)}


def installation() -> set[str]:
    """Console scripts and extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    scripts = {f"script {name}" for name in project["scripts"]}
    return scripts | {f"extra {name}" for name in project["optional-dependencies"]}


def python() -> set[str]:
    """Public names in Python: what they take, what they need, and the outputs of components."""
    modules = (chaninfra.pulumi, chaninfra.guard_rails)
    return {line for module in modules for name in module.__all__ for line in _name(module, name)}


def _name(module: Any, name: str) -> Iterator[str]:
    thing, shown = getattr(module, name), f"{module.__name__}.{name}"
    if typing.is_typeddict(thing):
        yield from (f"{shown}[{key}]" for key in thing.__annotations__)
        yield f"{shown} needs {', '.join(sorted(thing.__required_keys__)) or 'nothing'}"
        return
    parameters = [*inspect.signature(thing).parameters.values()]
    yield from (f"{shown} takes {each.name}, place {place}" for place, each in enumerate(parameters, 1))
    needed = [each.name for each in parameters if each.default is inspect.Parameter.empty]
    yield f"{shown} needs {', '.join(needed) or 'nothing'}"
    if inspect.isclass(thing):
        annotated = {key for each in thing.__mro__ for key in vars(each).get("__annotations__", {})}
        yield from (f"{shown}.{key}" for key in annotated & _outputs(name))


def _outputs(component: str) -> set[str]:
    """The outputs of a component in snake_case."""
    found = _plugin()["resources"].get(f"chaninfra:index:{component}", {}).get("properties", {})
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower() for key in found}


@cache
def _plugin() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(provider().schema or "{}")
    return schema


def components() -> set[str]:
    """Components for programs in other languages: type tokens, inputs, outputs, and the types of both."""
    schema = _plugin()
    lines = set()
    for token, resource in schema["resources"].items():
        lines |= set(_object(f"{token} input", resource["inputProperties"], resource.get("requiredInputs", ())))
        lines |= {f"{token} output {key}: {_plugin_type(kind)}" for key, kind in resource["properties"].items()}
    for token, kind in schema["types"].items():
        lines |= set(_object(token, kind["properties"], kind.get("required", ())))
    return lines


def _object(name: str, properties: Mapping[str, Any], required: Any) -> Iterator[str]:
    yield from (f"{name} {key}: {_plugin_type(kind)}" for key, kind in properties.items())
    yield f"{name} needs {', '.join(sorted(required)) or 'nothing'}"


def _plugin_type(kind: Mapping[str, Any]) -> str:
    of = kind.get("items") or kind.get("additionalProperties")
    name = str(kind.get("$ref") or kind.get("type"))
    return f"{name} of {_plugin_type(of)}" if isinstance(of, dict) else name


def stack_outputs() -> set[str]:
    """The outputs of the stack program."""
    tree = ast.parse((ROOT / "infra" / "chaninfra" / "pulumi" / "program.py").read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    exports = [call for call in calls if ast.unparse(call.func) == "pulumi.export"]
    return {str(ast.literal_eval(call.args[0])) for call in exports}


def stack_config() -> set[str]:
    """Keys of the stack config: their types, values and defaults, and that each may be left out."""
    return set(_keys(_schema("stack-config"), {"$ref": "#/$defs/config"}, "", reads=True))


def descriptor() -> set[str]:
    """Keys of channel.json and of the stack output `channels`: their types and values, and which are always there."""
    schema = _schema("channel")
    return {f"version {schema['properties']['version']['enum'][-1]}", *_keys(schema, schema, "", reads=False)}


def access() -> set[str]:
    """Keys of the stack output `access`."""
    schema = _schema("access")
    return set(_keys(schema, schema, "", reads=False))


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    return schema


def _keys(root: Mapping[str, Any], schema: Mapping[str, Any], path: str, *, reads: bool) -> Iterator[str]:
    """Lines about what is at `path`. `reads`: chaninfra reads the document; else others do."""
    if "$ref" in schema:
        found: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        yield from _keys(root, found, path, reads=reads)
    for option in schema.get("anyOf", ()):
        yield from _keys(root, option, path, reads=reads)
    kinds = schema.get("type", ())
    yield from (f"{path}: {kind}" for kind in ([kinds] if isinstance(kinds, str) else kinds) if path)
    yield from (f"{path} = {json.dumps(value)}" for value in schema.get("enum", ()))
    if reads and path and not isinstance(schema.get("default", {}), dict):
        yield f"{path}, if left out: {json.dumps(schema['default'])}"
    required = schema.get("required", ())
    for key, part in schema.get("properties", {}).items():
        if part.get("deprecated"):
            continue
        below = f"{path}.{key}" if path else key
        yield from _keys(root, part, below, reads=reads)
        if (key in required) is not reads:
            yield f"{below} {'may be left out' if reads else 'is always there'}"
    for name, part in (("*", schema.get("additionalProperties")), ("[]", schema.get("items"))):
        if isinstance(part, dict):
            yield from _keys(root, part, f"{path}.{name}" if path else name, reads=reads)


SUBJECTS: dict[str, Callable[[], set[str]]] = {
    "commands": commands,
    "exit-codes": exit_codes,
    "variables": variables,
    "installation": installation,
    "python": python,
    "components": components,
    "stack-config": stack_config,
    "stack-outputs": stack_outputs,
    "descriptor": descriptor,
    "access": access,
}
"""Name of a file without its suffix → what the program says now."""


def saved(subject: str) -> set[str]:
    """The lines that were promised."""
    path = FOLDER / f"{subject}.txt"
    return set(path.read_text("utf-8").splitlines()) if path.is_file() else set()


def gone() -> dict[str, dict[str, str]]:
    """Subject → line that was taken away on purpose → the version that did."""
    document: dict[str, dict[str, str]] = json.loads((FOLDER / "gone.json").read_text("utf-8"))
    return document


def unexplained(taken: Mapping[str, str], changelog: str) -> list[str]:
    """The lines that were taken away in a version whose part of the changelog does not quote them."""
    parts = re.split(r"^## ", changelog, flags=re.MULTILINE)
    of = {match[0]: part for part in parts if (match := re.match(r"\[?([0-9.]+)", part)) is not None}
    versions = {key.strip("[]"): part for key, part in of.items()}
    return sorted(line for line, version in taken.items() if f"`{line}`" not in versions.get(version, ""))


def shape(value: Any, path: str = "") -> set[str]:
    """The keys and types of a JSON document; those of all items of a list together."""
    name = {type(None): "null", bool: "boolean", int: "number", float: "number", str: "string"}.get(type(value), "")
    if isinstance(value, dict):
        inner = {line for key, item in value.items() for line in shape(item, f"{path}.{key}")}
        return {f"{path or '.'}: object", *inner}
    if isinstance(value, list):
        return {f"{path or '.'}: list", *(line for item in value for line in shape(item, f"{path}[]"))}
    return {f"{path or '.'}: {name}"}


def main() -> None:
    """Save what is new."""
    for subject, lines in SUBJECTS.items():
        (FOLDER / f"{subject}.txt").write_text("\n".join(sorted(saved(subject) | lines())) + "\n", "utf-8")


if __name__ == "__main__":
    main()
