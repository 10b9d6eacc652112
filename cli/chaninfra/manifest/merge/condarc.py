"""The values that a `.condarc` must have after a merge."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.merge import channel_list
from chaninfra.manifest.merge.syntax import MergeError, mapping
from chaninfra.manifest.rendered import Document


def condarc(before: Any, ours: Document, channels: Sequence[ClientChannel], where: str) -> Document:
    """The settings with our channels in their list.

    Raises ConfigurationError if the file is not a .condarc, and MergeError if it lets conda take a package from another
    channel than the first that has it.
    """
    after = mapping(before, where)
    # `channel` is conda's other name of the list.
    if "channel" in after and "channels" in after:
        raise ConfigurationError(
            "is there as `channel` too, which is the same key to conda, so conda refuses the file",
            where=where,
            key=("channels",),
            remedy="move the channels of `channel` into `channels`, and remove it; nothing was written",
        )
    name = "channel" if "channel" in after and "channels" not in after else "channels"
    listed = after.get(name) or []
    if not isinstance(listed, list):
        raise ConfigurationError("is not a list", where=where, key=(name,), remedy="correct it; nothing was written")
    after[name] = (
        channel_list.with_others(channel_list.merged(listed, channels), ours["channels"])
        if listed
        else ours["channels"]
    )
    mode = after.get("channel_priority")
    if mode is None:
        after["channel_priority"] = ours["channel_priority"]
    elif str(mode).lower() != ours["channel_priority"]:
        raise MergeError(
            f"with {mode!r} conda may install a package of another channel instead of the channel's",
            where=where,
            key=("channel_priority",),
            remedy=f"write channel_priority: {ours['channel_priority']}; nothing was written",
        )
    return after


def check_line_flags(text: str, where: str) -> None:
    """Raise MergeError for conda's line flags, comments that change the order of a list's items in a .condarc.

    conda's documentation, "Using the .condarc conda configuration file", section on `#!top`, `#!bottom` and `#!final`.
    """
    if found := re.search(r"#!\s*(top|bottom|final)\b", text):
        raise MergeError(
            f"the flag {found[0]} changes the order of the channels",
            where=where,
            remedy="remove the flag, and write the list in the order in which conda reads it; nothing was written",
        )
