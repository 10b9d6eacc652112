"""The notice that tells users of yanked packages, and that goes when these are back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from chaninfra.channel.conda.object_names import NOTICES_JSON, YANKED_JSON
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.text import count, one_line
from chaninfra.index.channel import Channel
from chaninfra.index.commit.yanked_json import read_yanked
from chaninfra.index.notices import MAX_MESSAGE, add, check_message, new_notice, read_notices, update_notices
from chaninfra.index.times import time_of

DAYS = 90
"""Days for which the notice holds: an environment is solved anew more seldom than news are read."""
_MAX_REASON = MAX_MESSAGE // 2
_MAX_NAMES = 400
"""Characters of the names of packages, before the others are only counted."""


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """What became of the notices about packages that are back in the index."""

    removed: tuple[str, ...] = ()
    """The ids of those that were removed."""
    standing: tuple[str, ...] = ()
    """The ids of those that stay, as other packages that they are about are still yanked."""


def check(channel: Channel, reason: str | None, text: str | None) -> None:
    """Raise ConfigurationError for a text that no notice may have, and StorageError for a damaged notices.json: before
    something is yanked.
    """
    if text is not None:
        check_message(text, "--notice-text")
    elif reason and not reason.isspace():
        check_message(reason.strip(), "--reason", _MAX_REASON)
    read_notices(channel.writer, channel.descriptor.key(NOTICES_JSON))


def tell(channel: Channel, packages: Collection[str], reason: str | None, text: str | None) -> str:
    """Add a notice about the yanked packages (`<subdir>/<file>`); its id. Nothing is written if there is one already
    that says the same of the same packages, and holds.

    Raises as `update_notices`.
    """
    about = tuple(sorted(packages))
    message = text if text is not None else message_about(about, reason)
    now = channel.runtime.now_ms()
    there = read_notices(channel.writer, channel.descriptor.key(NOTICES_JSON))[0]
    for each in there.entries:
        if each.message == message and each.yanked == about and not each.is_expired(now):
            return each.id
    time = time_of(now)
    notice = new_notice(message, "warning", now=time, until=time + timedelta(days=DAYS))
    add(channel, msgspec.structs.replace(notice, chaninfra_yanked=about))
    return notice.id


def take_back(channel: Channel, back: Collection[str]) -> TakenBack:
    """Remove the notices about packages of which none is yanked any more; `back` (`<subdir>/<file>`) were brought back.

    Raises as `update_notices`.
    """
    key = channel.descriptor.key(NOTICES_JSON)
    there = read_notices(channel.writer, key)[0]
    ours = [each for each in there.entries if each.has_plain_id]
    about = {each.id: {*each.yanked} for each in ours if not {*each.yanked}.isdisjoint(back)}
    if not about:
        return TakenBack()
    yanked = read_yanked(channel.writer, channel.descriptor.key(YANKED_JSON))[0].packages.keys()
    over = [id_ for id_, packages in about.items() if packages.isdisjoint(yanked)]
    if over:
        update_notices(channel.writer, channel.runtime, key, lambda old: old.without(over))
    return TakenBack(removed=tuple(over), standing=tuple(id_ for id_ in about if id_ not in over))


def untold(error: ChaninfraError) -> ChaninfraError:
    """The error of `tell`, which says that the packages are yanked."""
    return type(error)(
        f"the packages are yanked, but no notice says so: {error.message}",
        where=error.where,
        remedy=f"{error.remedy}; then run the same command again" if error.remedy else "run the same command again",
    )


def message_about(packages: Collection[str], reason: str | None) -> str:
    """What users read about these packages (`<subdir>/<file>`)."""
    files = list(dict.fromkeys(one_line(path.partition("/")[2]) for path in sorted(packages)))
    shown: list[str] = []
    for file in files:
        if shown and len(", ".join([*shown, file])) > _MAX_NAMES:
            break
        shown.append(file)
    left = len(files) - len(shown)
    more = f" and {count(left, 'more package')}" if left else ""
    said = (reason or "").strip()
    why = f" Reason: {said}{'' if said[-1] in '.!?' else '.'}" if said else ""
    return (
        f"Yanked: {', '.join(shown)}{more}.{why} Update environments that have {'it' if len(files) == 1 else 'them'}."
    )
