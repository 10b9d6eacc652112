"""The arguments of pulumi-aws's classes, and the check of a program's inputs against them."""

import json
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from inspect import Parameter, signature
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import pulumi
from pulumi import _types

from .values import UNKNOWN, is_archive


@dataclass(frozen=True)
class Argument:
    name: str
    """Its name in Pulumi's spelling."""
    required: bool
    types: tuple[Any, ...]
    """The plain types that a value may have."""

    @property
    def is_text(self) -> bool:
        """True for a string that may also be written as an object (a policy)."""
        return str in self.types


@dataclass(frozen=True)
class Failure:
    path: str
    reason: str


@cache
def arguments(cls: type) -> Mapping[str, Argument]:
    """The arguments of an `@pulumi.input_type` class."""
    parameters = signature(cls).parameters
    names = _types.input_type_py_to_pulumi_names(cls)
    types = _types.input_type_types(cls)
    return {
        pulumi_name: Argument(pulumi_name, parameters[name].default is Parameter.empty, plain(types[pulumi_name]))
        for name, pulumi_name in names.items()
    }


def paths(cls: type, above: str = "") -> Iterator[str]:
    """Every property path of `cls` and the classes nested in it, in the tables' spelling."""
    for argument in arguments(cls).values():
        path = above + argument.name
        yield path
        if not argument.is_text:
            for nested in _nested(argument.types):
                yield from paths(nested, f"{path}.")


def check(cls: type, values: Mapping[str, Any], above: str = "") -> Iterator[Failure]:
    """The errors in `values` as arguments of `cls`."""
    known = arguments(cls)
    for name in values.keys() - known.keys():
        yield Failure(above + name, f"pulumi-aws knows no property {above + name!r} in {cls.__name__}")
    for argument in known.values():
        if argument.required and values.get(argument.name) is None:
            yield Failure(above + argument.name, f"missing required property {above + argument.name!r}")
    for name in values.keys() & known.keys():
        yield from _check_value(known[name].types, values[name], above + name)


def from_json(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` as Pulumi passes provider configuration: values that are not strings as JSON strings."""
    known = arguments(cls)

    def value(name: str, given: Any) -> Any:
        wants_text = name not in known or known[name].is_text
        return given if wants_text or not isinstance(given, str) or given == UNKNOWN else json.loads(given)

    return {name: value(name, given) for name, given in values.items()}


def plain(annotation: Any) -> tuple[Any, ...]:
    """`annotation` without Pulumi's wrappers: Input, Output, Awaitable, Optional."""
    if get_origin(annotation) in (Union, UnionType):
        parts = [part for one in get_args(annotation) for part in plain(one)]
        return tuple(dict.fromkeys(part for part in parts if part is not NoneType))
    if get_origin(annotation) in (Awaitable, pulumi.Output):
        return ()
    return (annotation,)


def is_list(annotation: Any) -> bool:
    origin = get_origin(annotation)
    return origin is not None and issubclass(origin, Sequence)


def is_map(annotation: Any) -> bool:
    origin = get_origin(annotation)
    return origin is not None and issubclass(origin, Mapping)


def is_object(annotation: Any) -> bool:
    """True for another class of arguments."""
    return bool(_types.is_input_type(annotation))


def _check_value(types: tuple[Any, ...], value: Any, path: str) -> Iterator[Failure]:
    if value == UNKNOWN:
        return
    attempts = [list(_check_type(one, value, path)) for one in types]
    if all(attempts):
        # The most nested error is the most precise one.
        yield from max(attempts, key=lambda failures: failures[0].path.count("."))


def _check_type(one: Any, value: Any, path: str) -> Iterator[Failure]:
    if is_map(one):
        if isinstance(value, dict):
            for key, part in value.items():
                yield from _check_value(plain(get_args(one)[1]), part, f"{path}.{key}")
            return
    elif is_list(one):
        if isinstance(value, list):
            for index, part in enumerate(value):
                yield from _check_value(plain(get_args(one)[0]), part, f"{path}[{index}]")
            return
    elif is_object(one):
        if isinstance(value, dict):
            yield from check(one, value, f"{path}.")
            return
    elif one is Any or (one is pulumi.Archive and is_archive(value)) or _is(value, one):
        return
    yield Failure(path, f"{path!r} is {value!r}, not {getattr(one, '__name__', one)}")


def _is(value: Any, one: type) -> bool:
    if issubclass(one, Enum):
        return value in [member.value for member in one]
    # A JSON integer is a valid float. A bool is an int to isinstance, but not in JSON.
    return type(value) is one or (one is float and type(value) is int)


def _nested(types: tuple[Any, ...]) -> Iterator[type]:
    for one in types:
        if is_object(one):
            yield one
        elif is_list(one):
            yield from _nested(plain(get_args(one)[0]))
