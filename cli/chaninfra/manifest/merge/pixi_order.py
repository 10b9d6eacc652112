"""Our channels come first in every environment of a pixi workspace that uses them.

pixi solves an environment, or a solve group of environments, with the channels of all its features: first the features
in their order, at last the default feature, which has the workspace's channels. A feature without channels has the
workspace's too. All of them are then sorted by priority (pixi's source: `prioritized_channels` in
pixi_manifest/src/features_ext.rs; its documentation, "channels" and "channel-priority").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.merge import channel_list
from chaninfra.manifest.merge.syntax import MergeError
from chaninfra.manifest.rendered import Document

Path = tuple[str, ...]

_CHANNELS = "channels"
_MODE = "channel-priority"
_STRICT = "strict"
_DEFAULT = "default"
# The keys of an environment that are not those of a feature.
_OF_ENVIRONMENTS = {"features", "solve-group", "no-default-feature"}
# The highest priority that pixi reads.
_HIGHEST = 2**31 - 1


@dataclass(frozen=True)
class Solve:
    """An environment, or all environments of a solve group, which pixi solves at once."""

    key: Path
    """The key of the environment, or of the group's first one."""
    features: dict[Path, Path] = field(default_factory=dict)
    """The key of a feature → the key of the list that has its channels, in pixi's order."""


@dataclass(frozen=True)
class Workspace:
    """The tables of a pixi.toml, or the table tool.pixi of a pyproject.toml."""

    tables: Document
    name: str
    """The name of the main table: workspace, or its older name."""
    where: str
    path: Path
    """The key of `tables` in the file."""

    def put_right(self, channels: Sequence[ClientChannel]) -> None:
        """Change the lists of channels so that ours come first: by their place, and if need be by a priority.

        Raises MergeError if that is not possible, and ConfigurationError for a value of a wrong type.
        """
        solves = self.solves()
        workspace = (self.name, _CHANNELS)
        lists = {key: self._list(key) for key in dict.fromkeys([*self._lists(), workspace])}
        ours = channel_list.urls(channels)

        def merged(least: int | None) -> dict[Path, list[Any]]:
            return {
                key: channel_list.merged(listed, channels, added=key == workspace, least=least)
                for key, listed in lists.items()
            }

        by_place = merged(None)
        tried = (by_place, *map(merged, _priorities(lists.values(), ours)))
        found = next((each for each in tried if _first_wrong(solves, each, ours) is None), None)
        if found is None:
            wrong = _first_wrong(solves, tried[-1], ours)
            raise MergeError(
                f"a channel with the priority {_HIGHEST}, the highest there is, is read before the channel",
                where=self.where,
                key=self.path + (wrong.key if wrong else ()),
                remedy="lower the priority in its lists of channels; nothing was written",
            )
        for key, listed in by_place.items():
            # A priority only where it is needed.
            if _first_wrong(solves, {**found, key: listed}, ours) is None:
                found[key] = listed
        for solve in solves:
            if any(channel_list.name_of(entry) in ours for key in solve.features.values() for entry in found[key]):
                self._refuse_modes(solve)
        for key, listed in found.items():
            if listed != lists[key]:
                self._table(key[:-1])[_CHANNELS] = listed

    def solves(self) -> list[Solve]:
        """Each environment, also one of a group, since pixi exports it with its own channels; and each solve group."""
        environments = self._table(("environments",))
        if _DEFAULT not in environments:
            environments = {_DEFAULT: [], **environments}
        alone: list[Solve] = []
        groups: dict[str, Solve] = {}
        for name, environment in environments.items():
            key = ("environments", name)
            table = {"features": environment} if isinstance(environment, list) else self._table(key)
            features = dict(self._features(key, table))
            alone.append(Solve(key, features))
            group = table.get("solve-group")
            if group is not None:
                together = groups.setdefault(str(group), Solve(key)).features
                together |= {feature: lists for feature, lists in features.items() if feature not in together}
        return [*alone, *groups.values()]

    def _features(self, key: Path, environment: Document) -> Iterator[tuple[Path, Path]]:
        """The key of each feature of an environment, and of the list with its channels."""
        names = environment.get("features", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise self._wrong_type("is not a list of names", (*key, "features"))
        keys: list[Path] = [("feature", name) if name != _DEFAULT else (self.name,) for name in names]
        if environment.keys() - _OF_ENVIRONMENTS:
            keys.insert(0, key)
        if environment.get("no-default-feature") is not True:
            keys.append((self.name,))
        for feature in keys:
            own = _CHANNELS in self._table(feature)
            yield feature, (*(feature if own else (self.name,)), _CHANNELS)

    def _lists(self) -> Iterator[Path]:
        """The key of every list of channels that a feature or an environment has."""
        for kind in ("feature", "environments"):
            for name, table in self._table((kind,)).items():
                if isinstance(table, list) and kind == "environments":
                    continue
                if _CHANNELS in self._table((kind, name)):
                    yield kind, name, _CHANNELS

    def _refuse_modes(self, solve: Solve) -> None:
        """Raise MergeError if packages may come from another channel than the first that has them."""
        for feature in solve.features:
            mode = self._table(feature).get(_MODE, _STRICT)
            if mode != _STRICT:
                raise MergeError(
                    f"with {mode!r} a package of another channel may be installed instead of the channel's",
                    where=self.where,
                    key=(*self.path, *feature, _MODE),
                    remedy=f'write {_MODE} = "{_STRICT}", or use the channel elsewhere; nothing was written',
                )

    def _list(self, key: Path) -> list[Any]:
        listed = self._table(key[:-1]).get(_CHANNELS, [])
        if not isinstance(listed, list):
            raise self._wrong_type("is not a list", key)
        for entry in listed:
            priority = entry.get("priority", 0) if isinstance(entry, dict) else 0
            if type(priority) is not int:
                raise self._wrong_type("has a priority that is not a whole number", key)
        return listed

    def _table(self, key: Path) -> Document:
        """The table at `key`; empty if there is none."""
        table = self.tables
        for depth, name in enumerate(key, 1):
            table = table.get(name, {})
            if not isinstance(table, dict):
                raise self._wrong_type("is not a table", key[:depth])
        return table

    def _wrong_type(self, message: str, key: Path) -> ConfigurationError:
        return ConfigurationError(
            message, where=self.where, key=self.path + key, remedy="correct it; nothing was written"
        )


def _priorities(lists: Any, ours: Sequence[str]) -> list[int]:
    """The priorities that ours may need, the lowest first: equal to that of a public channel, or one above."""
    public = {
        channel_list.priority(entry)
        for listed in lists
        for entry in listed
        if channel_list.name_of(entry) not in ours and channel_list.may_be_public(channel_list.name_of(entry))
    }
    return sorted(number for number in public | {number + 1 for number in public} if number <= _HIGHEST)


def _first_wrong(solves: Sequence[Solve], lists: dict[Path, list[Any]], ours: Sequence[str]) -> Solve | None:
    """The first in which a channel that may be public is read before ours."""
    for solve in solves:
        entries = [entry for key in solve.features.values() for entry in lists[key]]
        if channel_list.is_behind(channel_list.in_order(entries), ours):
            return solve
    return None
