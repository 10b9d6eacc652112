"""A model of the order in which pixi reads channels. It stands in for pixi, which is not run here.

It follows pixi's source (0.77): `prioritized_channels` and `channel_priority` in pixi_manifest/src/features_ext.rs, the
features of an environment in pixi_manifest/src/toml/manifest.rs and pixi_core/src/workspace/environment.rs, those of a
solve group in pixi_core/src/workspace/solve_group.rs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_DEFAULT = "default"
_NOT_INLINE = {"features", "solve-group", "no-default-feature"}


@dataclass(frozen=True)
class Solved:
    """An environment, or all environments of a solve group, which pixi solves at once."""

    name: str
    channels: list[str]
    """Each once, the one that is read first at the head."""
    modes: set[str]
    """The values of `channel-priority`; pixi refuses more than one."""


@dataclass(frozen=True)
class _Feature:
    name: str
    channels: list[Any]
    mode: str | None


def solved(manifest: dict[str, Any]) -> list[Solved]:
    """Each environment and each solve group of a pixi.toml, or of the table tool.pixi of a pyproject.toml.

    An environment that has a group counts alone too: pixi exports it with its own channels.
    """
    environments: dict[str, Any] = manifest.get("environments", {})
    if _DEFAULT not in environments:
        environments = {_DEFAULT: [], **environments}
    found = []
    groups: dict[str, list[_Feature]] = {}
    for name, environment in environments.items():
        features = _features(manifest, name, environment)
        found.append(_solved(f"environment {name}", features))
        if isinstance(environment, dict) and "solve-group" in environment:
            group = groups.setdefault(environment["solve-group"], [])
            known = [feature.name for feature in group]
            group += [feature for feature in features if feature.name not in known]
    return found + [_solved(f"group {name}", features) for name, features in groups.items()]


def _features(manifest: dict[str, Any], name: str, environment: Any) -> list[_Feature]:
    workspace = manifest.get("workspace") or manifest["project"]
    if isinstance(environment, list):
        environment = {"features": environment}
    found = []
    if environment.keys() - _NOT_INLINE:
        found.append(_feature(workspace, f"environment:{name}", environment))
    for feature in environment.get("features", []):
        found.append(_feature(workspace, feature, manifest.get("feature", {}).get(feature, {})))
    if not environment.get("no-default-feature", False):
        found.append(_Feature(_DEFAULT, workspace["channels"], workspace.get("channel-priority")))
    return found


def _feature(workspace: dict[str, Any], name: str, table: dict[str, Any]) -> _Feature:
    # A feature without channels has those of the workspace.
    return _Feature(name, table.get("channels", workspace["channels"]), table.get("channel-priority"))


def _solved(name: str, features: list[_Feature]) -> Solved:
    entries = [entry for feature in features for entry in feature.channels]
    entries.sort(key=lambda entry: -entry.get("priority", 0) if isinstance(entry, dict) else 0)
    names = [entry["channel"] if isinstance(entry, dict) else entry for entry in entries]
    modes = {feature.mode for feature in features if feature.mode is not None}
    return Solved(name, list(dict.fromkeys(names)), modes or {"strict"})
