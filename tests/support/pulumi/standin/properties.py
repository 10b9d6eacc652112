"""The format of the tables: what a change of each property does."""

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
    """The source of this fact."""
    default: Any = None
    """The provider's default."""
    keeps: bool = False
    """Optional and computed: without an input, the current value stays."""
    local: bool = False
    """AWS does not store it; it is only in the state, as with the real provider."""
    free: bool = False
    """A map whose keys the program chooses."""
    forwarded: bool = True
    """False: not implemented in the stand-in, so that it refuses an input."""
    values: tuple[str, ...] = ()
    """The allowed values, if the provider checks them before it calls AWS."""
    refuses: Callable[[Any], str] | None = None
    """The provider's error for a value before it calls AWS; "" for a valid one."""
    conflicts: str = ""
    """The property that conflicts with this one."""
    same: Callable[[Any, Any], bool] | None = None
    """Whether two values are equivalent; None: only if they are equal."""


Table = Mapping[str, Property]
"""Properties by their path in Pulumi's names, nested ones with dots and without list indices."""


class UnlistedPropertyError(LookupError):
    """A changed property that is in no table."""


def listed(table: Table, path: str) -> Property:
    """The entry of `path`, or of the map with free keys that contains it."""
    if path in table:
        return table[path]
    above = table.get(path.rpartition(".")[0])
    if above is not None and above.free:
        return above
    raise UnlistedPropertyError(
        f"the stand-in's table does not list {path!r}: find out whether a change of it updates or replaces, and add it"
    )


def equal_json(old: Any, new: Any) -> bool:
    """Equality of JSON texts: SuppressEquivalentJSONDiffs."""
    try:
        return bool(json.loads(old) == json.loads(new))
    except (TypeError, json.JSONDecodeError):
        return False


def same_set(old: Any, new: Any) -> bool:
    """Equality of the provider's sets: any order, in nested lists too."""
    return bool(_unordered(old) == _unordered(new))


def _unordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _unordered(part) for name, part in without_zeros(value).items()}
    if isinstance(value, list):
        return sorted((_unordered(part) for part in value), key=lambda part: json.dumps(part, sort_keys=True))
    return value


@dataclass(frozen=True)
class Source:
    """Entries with one source."""

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
