"""Converts between Pulumi's nested arguments and the structures of an AWS API, which differ mostly in capitals."""

from datetime import datetime
from typing import Any, get_args

from botocore.model import Shape

from support.pulumi.standin.arguments import arguments, is_list, is_map, is_object, plain


def to_api(value: Any, shape: Shape) -> Any:
    """`value`, in Pulumi's names, in the form of the API's `shape`."""
    if shape.type_name == "structure":
        members = {name.lower(): name for name in shape.members}
        if not isinstance(value, dict):
            # The API wraps a list in a structure with one member, where Pulumi has only the list.
            (name,) = shape.members
            return {name: to_api(value, shape.members[name])}
        names = {name: members[name.lower()] for name in value}
        return {names[name]: to_api(part, shape.members[names[name]]) for name, part in value.items()}
    if shape.type_name == "list":
        if isinstance(value, dict):
            return [{"Key": key, "Value": part} for key, part in value.items()]
        return [to_api(part, shape.member) for part in value]
    return value


def from_api(value: Any, types: tuple[Any, ...]) -> Any:
    """The API's `value` as an argument that takes `types` (arguments.Argument.types)."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    for one in types:
        if is_list(one) and isinstance(value, list):
            return [from_api(part, plain(get_args(one)[0])) for part in value]
        if is_list(one) and isinstance(value, dict):
            (wrapped,) = value.values()
            return from_api(wrapped, types)
        if is_map(one) and isinstance(value, list):
            return {pair["Key"]: pair["Value"] for pair in value}
        if is_object(one) and isinstance(value, dict):
            known = {argument.name.lower(): argument for argument in arguments(one).values()}
            named = [(known[name.lower()], part) for name, part in value.items() if name.lower() in known]
            return {argument.name: from_api(part, argument.types) for argument, part in named}
    return value
