"""What a resource type of the stand-in is."""

from collections.abc import Iterator
from typing import Any, Protocol

from support.pulumi.standin.arguments import Failure, check
from support.pulumi.standin.aws import Aws
from support.pulumi.standin.diff import same
from support.pulumi.standin.properties import Kind, Table
from support.pulumi.standin.values import UNKNOWN, Bag, without_zeros


class Resource(Protocol):
    """A resource type. `state` is what was read last, `inputs` what passed the check."""

    @property
    def token(self) -> str:
        """As pulumi-aws writes the type, such as aws:s3/bucket:Bucket."""

    @property
    def table(self) -> Table: ...

    @property
    def arguments(self) -> type:
        """pulumi-aws's class that says what a program may set; slow to import, so not before a check needs it."""

    @property
    def named_by(self) -> str:
        """The property with the name that it is told apart by; "" where it has none of its own."""

    def prepared(self, inputs: Bag, old: Bag, name: str) -> Bag:
        """`inputs` with what the provider fills in, as the name of a resource that has none."""

    def planned(self, aws: Aws, inputs: Bag) -> Bag:
        """`inputs` with the outputs that follow from them and the provider's configuration."""

    def create(self, aws: Aws, inputs: Bag) -> str:
        """Creates it and returns its id."""

    def read(self, aws: Aws, id_: str, state: Bag) -> Bag | None:
        """What the server says of it, with what only the state knows; None if it is gone."""

    def update(self, aws: Aws, id_: str, state: Bag, inputs: Bag) -> None: ...

    def delete(self, aws: Aws, id_: str, state: Bag) -> None: ...


def failures(resource: Resource, inputs: Bag) -> Iterator[Failure]:
    """What is wrong with `inputs` by pulumi-aws's classes and the resource's table."""
    yield from check(resource.arguments, inputs)
    for path, shown, value in _leaves(inputs):
        entry = resource.table.get(path)
        if entry is None:
            continue
        if not entry.forwarded and not shown.endswith("]"):
            yield Failure(shown, f"the stand-in does not forward {shown!r} of {resource.token}")
        if entry.conflicts in inputs:
            yield Failure(shown, f'Conflicting configuration arguments: "{shown}": conflicts with {entry.conflicts}')
        if value == UNKNOWN or not isinstance(value, str | int):
            continue
        if entry.values and value not in entry.values:
            yield Failure(shown, f"expected {shown} to be one of {list(entry.values)}, got {value}")
        if entry.refuses is not None and (reason := entry.refuses(value)):
            yield Failure(shown, reason.replace("%s", shown))


def carried_over(table: Table, given: Bag) -> Bag:
    """Of `given`, state or inputs, what no server knows."""
    return {name: given.get(name, entry.default) for name, entry in table.items() if entry.local and "." not in name}


def refreshed_inputs(table: Table, old: Bag, state: Bag, region: str) -> Bag:
    """The inputs that would have led to `state`; in the writing of `old` where that means the same."""
    inputs: Bag = {}
    for name, entry in table.items():
        if "." in name or entry.kind is Kind.COMPUTED or name == "tagsAll":
            continue
        before, now = old.get(name), without_zeros({"": state.get(name)}).get("")
        # What the program left to the provider it still leaves, unless somebody changed it. An import knows no program
        # yet: what names the thing then belongs to its inputs.
        names = not old and entry.kind is Kind.REPLACING and entry.keeps
        left = entry.keeps or now == entry.default or (name, now) == ("region", region)
        if before is None and left and not names:
            continue
        if same(entry, before, now):
            inputs[name] = before
        elif now is not None:
            inputs[name] = now
    return {name: value for name, value in inputs.items() if value is not None}


def _leaves(value: Any, path: str = "", shown: str = "") -> Iterator[tuple[str, str, Any]]:
    if path:
        yield path, shown, value
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, f"{path}.{name}".lstrip("."), f"{shown}.{name}".lstrip("."))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _leaves(part, path, f"{shown}[{index}]")
