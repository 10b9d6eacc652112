"""hypothesis strategies for pixi.toml files in which the order of channels is at stake."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from support.cases.merging import OURS

HIGHEST = 2**31 - 1
"""The highest priority that pixi reads."""
FEATURES = ["a", "b", "c"]
NAMES = [
    OURS,
    f"{OURS}/",
    "conda-forge",
    "https://conda.anaconda.org/conda-forge",
    "https://mirror.example.com/conda-forge/",
    "nvidia",
    "s3://another/main",
    "./local",
]
PRIORITIES = st.sampled_from([-7, -1, 0, 1, 2, HIGHEST - 1, HIGHEST])


@st.composite
def entries(draw: st.DrawFn) -> Any:
    """An item of a list of channels."""
    name = draw(st.sampled_from(NAMES))
    if draw(st.booleans()):
        return name
    return {"channel": name, "priority": draw(PRIORITIES)} if draw(st.booleans()) else {"channel": name}


LISTS = st.lists(entries(), max_size=4)
MODES = st.sampled_from(["strict", "strict", "strict", "disabled", "flexible"])
_TABLES = st.fixed_dictionaries({}, optional={"channels": LISTS, "channel-priority": MODES})


@st.composite
def environments(draw: st.DrawFn) -> Any:
    """An environment: a list of features, or a table."""
    features = draw(st.lists(st.sampled_from(FEATURES), max_size=2, unique=True))
    if draw(st.booleans()):
        return features
    table: dict[str, Any] = {"features": features}
    if draw(st.booleans()):
        table["no-default-feature"] = draw(st.booleans())
    if draw(st.booleans()):
        table["solve-group"] = draw(st.sampled_from(["one", "two"]))
    inline = st.fixed_dictionaries(
        {}, optional={"channels": LISTS, "channel-priority": MODES, "dependencies": st.just({"python": "*"})}
    )
    return table | draw(st.just({}) | inline)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """The values of a pixi.toml."""
    workspace = {"name": "mine", **draw(_TABLES)}
    found: dict[str, Any] = {draw(st.sampled_from(["workspace", "workspace", "project"])): workspace}
    found["feature"] = {name: draw(_TABLES) for name in FEATURES}
    names = st.sampled_from(["default", "x", "y", "z"])
    if draw(st.booleans()):
        found["environments"] = draw(st.dictionaries(names, environments(), max_size=3))
    return found


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A pixi.toml, with its tables inline or with a header."""
    parts = []
    for name, value in draw(documents()).items():
        if name in ("feature", "environments") and draw(st.booleans()):
            parts.append("".join(f"[{name}.{key}]\n{_pairs(table)}" for key, table in value.items() if _is(table)))
            value = {key: table for key, table in value.items() if not _is(table)}
            if name == "feature":
                continue
            parts.insert(0, f"[{name}]\n{_pairs(value)}")
            continue
        parts.append(f"[{name}]\n{_pairs(value)}")
    return "\n".join(parts)


def _is(value: Any) -> bool:
    return isinstance(value, dict)


def _pairs(table: dict[str, Any]) -> str:
    return "".join(f"{key} = {toml(value)}\n" for key, value in table.items())


def toml(value: Any) -> str:
    """A value of TOML on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)
