"""The differences between the state and the inputs of a program."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .properties import Kind, Property, Table, listed
from .values import Bag, is_unknown, without_zeros


@dataclass(frozen=True)
class Change:
    path: str
    """As the engine prints it, with indices."""
    replaces: bool
    added: bool
    removed: bool


def changes(table: Table, state: Bag, wanted: Bag) -> list[Change]:
    """The changes from `state` (as last read) to `wanted` (checked inputs)."""
    inputs = [name for name, entry in table.items() if "." not in name and entry.kind is not Kind.COMPUTED]
    # Properties that are not in the table are compared too, and fail there.
    names = dict.fromkeys([*inputs, *wanted])
    return [change for name in names for change in _walk(table, name, name, state.get(name), wanted.get(name))]


def _walk(table: Table, path: str, shown: str, old: Any, new: Any) -> Iterator[Change]:
    entry = listed(table, path)
    if new is None:
        if entry.keeps:
            return
        new = entry.default
    if same(entry, old, new):
        return
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _walk(table, path, f"{shown}[{index}]", before, after)
    elif isinstance(old, dict) and isinstance(new, dict) and not entry.free:
        for name in {**old, **new}:
            yield from _walk(table, f"{path}.{name}", f"{shown}.{name}", old.get(name), new.get(name))
    else:
        _require_listed(table, path, new)
        replaces = entry.kind is Kind.REPLACING
        yield Change(shown, replaces, added=_significant(old) is None, removed=new is None)


def same(entry: Property, old: Any, new: Any) -> bool:
    """True if the provider sees no difference."""
    if is_unknown(new):
        return False
    if entry.same is not None and entry.same(old, new):
        return True
    return bool(_significant(old) == _significant(new))


def _significant(value: Any) -> Any:
    """`value`, or None where Terraform's SDK takes it for "not set"."""
    return without_zeros({"value": value}).get("value")


def _require_listed(table: Table, path: str, value: Any) -> None:
    """Raises if a part of `value`, a new property, is not in the table."""
    if isinstance(value, dict) and not listed(table, path).free:
        for name, part in value.items():
            _require_listed(table, f"{path}.{name}", part)
    elif isinstance(value, list):
        for part in value:
            _require_listed(table, path, part)
    else:
        listed(table, path)
