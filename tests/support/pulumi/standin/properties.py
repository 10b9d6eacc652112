"""What a change of a property does: the form of the tables."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from .values import without_zeros


class Kind(Enum):
    UPDATABLE = "updatable"
    REPLACING = "replacing"
    COMPUTED = "computed"
    """An output; a program cannot set it."""


@dataclass(frozen=True)
class Property:
    kind: Kind
    source: str
    """Where the kind is known from."""
    default: Any = None
    """What the provider takes where the program says nothing."""
    keeps: bool = False
    """Optional and computed: where the program says nothing, what is there stays."""
    local: bool = False
    """AWS stores no such thing: it lives in the state only, as with the real provider."""
    free: bool = False
    """A map whose keys are the program's own."""
    forwarded: bool = True
    """False: the stand-in does nothing with it, and so refuses it in a program."""
    values: tuple[str, ...] = ()
    """The values allowed, where the provider checks them before it calls AWS."""
    refuses: Callable[[Any], str] | None = None
    """Why the provider does not let a text or number pass before it calls AWS; "" where it does."""
    conflicts: str = ""
    """The property that must not be given together with this one."""
    same: Callable[[Any, Any], bool] | None = None
    """When two values count as equal though they are written differently."""


Table = Mapping[str, Property]
"""Properties by their path in Pulumi's names, nested ones with dots and without list indices."""


class UnlistedPropertyError(LookupError):
    """A property changed of which no table says what a change does."""


def listed(table: Table, path: str) -> Property:
    """The entry of `path`; that of the map it is in, where the map's keys are free."""
    if path in table:
        return table[path]
    above = table.get(path.rpartition(".")[0])
    if above is not None and above.free:
        return above
    raise UnlistedPropertyError(
        f"the stand-in's table does not list {path!r}: find out whether a change of it updates or replaces, and add it"
    )


def same_set(old: Any, new: Any) -> bool:
    """Where the provider has sets: order says nothing, in nested lists neither."""
    return bool(_unordered(old) == _unordered(new))


def _unordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _unordered(part) for name, part in without_zeros(value).items()}
    if isinstance(value, list):
        return sorted((_unordered(part) for part in value), key=lambda part: json.dumps(part, sort_keys=True))
    return value


@dataclass(frozen=True)
class Source:
    """Entries that share where they are known from."""

    where: str

    def updatable(self, paths: str, **marks: Any) -> Iterator[tuple[str, Property]]:
        return self._entries(Kind.UPDATABLE, "optional or required without ForceNew", paths, marks)

    def replacing(self, paths: str, **marks: Any) -> Iterator[tuple[str, Property]]:
        return self._entries(Kind.REPLACING, "ForceNew", paths, marks)

    def computed(self, paths: str, **marks: Any) -> Iterator[tuple[str, Property]]:
        return self._entries(Kind.COMPUTED, "computed only", paths, marks)

    def _entries(self, kind: Kind, why: str, paths: str, marks: dict[str, Any]) -> Iterator[tuple[str, Property]]:
        entry = replace(Property(kind, f"{self.where}: {why}"), **marks)
        return ((path, entry) for path in paths.split())
