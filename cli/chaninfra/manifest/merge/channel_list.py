"""Our channels merged into a list of channels that people keep: only what must differ changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.request import CONDA_FORGE

# How lists name conda-forge: by its name, or by the URL of a server that has it.
_CONDA_FORGE = (CONDA_FORGE, f"https://conda.anaconda.org/{CONDA_FORGE}", f"https://prefix.dev/{CONDA_FORGE}")


def merged(listed: Sequence[Any], channels: Sequence[ClientChannel]) -> list[Any]:
    """`listed` with our channels in their order, and before conda-forge.

    Another URL of the same channel is replaced where it stands. If our channels are in order already, no entry moves.
    conda-forge is not added, since somebody may have removed it on purpose.
    """
    ours = list(dict.fromkeys(access.url for access in channels))
    renamed = {other: access.url for access in channels for other in access.other_urls}
    entries: list[Any] = []
    for entry in listed:
        name = _name(entry)
        kept = _with_name(entry, renamed[name]) if name in renamed else entry
        # Our channels once each; all other entries as they are.
        if _name(kept) not in ours or _name(kept) not in map(_name, entries):
            entries.append(kept)
    names = [_name(entry) for entry in entries]
    conda_forge = min((names.index(name) for name in _CONDA_FORGE if name in names), default=len(names))
    in_order = [name for name in names if name in ours] == ours
    if in_order and all(names.index(name) < conda_forge for name in ours):
        return entries
    by_name = {_name(entry): entry for entry in entries}
    return [*(by_name.get(name, name) for name in ours), *(entry for entry in entries if _name(entry) not in ours)]


def _name(entry: Any) -> Any:
    """The channel of an entry, which is a string, or a table {channel = "...", priority = 1} of pixi."""
    name = entry.get("channel") if isinstance(entry, Mapping) else entry
    return name.rstrip("/") if isinstance(name, str) else repr(name)


def _with_name(entry: Any, name: str) -> Any:
    return {**entry, "channel": name} if isinstance(entry, Mapping) else name
