"""A list of channels that people keep, with ours in it: what must differ, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chaninfra.manifest.client_access import ChannelAccess
from chaninfra.manifest.request import CONDA_FORGE

# As lists name it: by its name, or by the URLs of those that serve it.
_CONDA_FORGE = (CONDA_FORGE, f"https://conda.anaconda.org/{CONDA_FORGE}", f"https://prefix.dev/{CONDA_FORGE}")


def merged(listed: Sequence[Any], clients: Sequence[ChannelAccess]) -> list[Any]:
    """`listed` with the channels of `clients` in their order and before conda-forge.

    The other names of the same channels are replaced where they stand. What is in order already stays as it is;
    conda-forge is not added, as somebody may have left it out on purpose.
    """
    wanted = list(dict.fromkeys(each.url for each in clients))
    renamed = {other: each.url for each in clients for other in each.other_urls}
    found: list[Any] = []
    for entry in listed:
        name = _name(entry)
        kept = _with_name(entry, renamed[name]) if name in renamed else entry
        if _name(kept) not in wanted or _name(kept) not in map(_name, found):
            found.append(kept)
    names = [_name(entry) for entry in found]
    ours = [name for name in names if name in wanted]
    forge = min((names.index(name) for name in _CONDA_FORGE if name in names), default=len(names))
    if ours == wanted and all(names.index(name) < forge for name in wanted):
        return found
    entries = {_name(entry): entry for entry in found}
    return [*(entries.get(name, name) for name in wanted), *(entry for entry in found if _name(entry) not in wanted)]


def _name(entry: Any) -> Any:
    """The channel of an entry: a string, or pixi's table with a priority."""
    name = entry.get("channel") if isinstance(entry, Mapping) else entry
    return name.rstrip("/") if isinstance(name, str) else repr(name)


def _with_name(entry: Any, name: str) -> Any:
    return {**entry, "channel": name} if isinstance(entry, Mapping) else name
