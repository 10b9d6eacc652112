"""Our tables merged into a TOML file that people keep.

What is to stand there is found on plain values; tomlkit then changes the text, and the text is read again: one that
does not say what was meant is never written.
"""

from __future__ import annotations

import copy
import difflib
import re
import tomllib
from collections.abc import Collection, MutableMapping, Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array, InlineTable

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ChannelAccess
from chaninfra.manifest.merge import channel_list
from chaninfra.manifest.text import toml

_OPTIONS = "s3-options"
_LISTS = ("channels", "default-channels")
# pixi's older name of [workspace], which it still reads.
_OLD_NAMES = {"workspace": "project"}


def merge(text: str, rendered: str, clients: Sequence[ChannelAccess], where: str) -> str:
    """`text` with what `rendered` says. Raises ConfigurationError where it is no TOML, or cannot hold it."""
    before, ours = _load(text, where), tomllib.loads(rendered)
    home = _home(before, ours)
    after = merged(before, _moved(ours, home), home, clients, where)
    if after == before:
        return text
    for attempt in (_edited, _appended):
        found = attempt(text, before, after)
        if found is not None and _says(found, after):
            return found
    raise ConfigurationError(
        "the settings cannot be put in there without rewriting what is yours",
        where=where,
        remedy=f"put them in by hand:\n{rendered}",
    )


def merged(
    before: dict[str, Any], ours: dict[str, Any], home: Sequence[str], clients: Sequence[ChannelAccess], where: str
) -> dict[str, Any]:
    """What the file is to say: of ours only the channels, their s3-options and, where it is missing, requires-pixi."""
    after = copy.deepcopy(before)
    theirs, wanted = _table(after, home, where), _table(ours, home, where)
    if not theirs:
        theirs |= wanted
        return after
    name = next(each for each in _LISTS if each in wanted)
    listed = theirs.get(name, [])
    if not isinstance(listed, list):
        raise ConfigurationError(f"{name} is no list", where=where, remedy=f"write {name} = {toml.value(wanted[name])}")
    theirs[name] = channel_list.merged(listed, clients) if listed else wanted[name]
    if "requires-pixi" in wanted:
        theirs.setdefault("requires-pixi", wanted["requires-pixi"])
    empty = theirs.get(_OPTIONS) == {}
    own = {each.url for each in clients}
    options = _table(theirs, [_OPTIONS], where)
    for bucket in {each.descriptor.bucket: None for each in clients}:
        if bucket in wanted.get(_OPTIONS, {}):
            options[bucket] = {**_table(options, [bucket], where), **wanted[_OPTIONS][bucket]}
        elif bucket in options and not _mentions(after, bucket, own):
            # pixi would look for the bucket's key in its credential store.
            del options[bucket]
    if not options and not empty:
        del theirs[_OPTIONS]
    return after


def _load(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(
            f"is not TOML: {error}", where=where, remedy="correct it; nothing was written"
        ) from None


def _home(before: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    """The table that has the channels: ours, or the one by its older name that is there."""
    names: list[str] = []
    while not any(name in ours for name in _LISTS):
        ((name, ours),) = ours.items()
        inner = before.get(name)
        old = _OLD_NAMES.get(name)
        if inner is None and old is not None and isinstance(before.get(old), dict):
            name, inner = old, before[old]
        names.append(name)
        before = inner if isinstance(inner, dict) else {}
    return names


def _moved(ours: dict[str, Any], home: Sequence[str]) -> dict[str, Any]:
    """`ours` with its innermost table at `home`."""
    for _ in home:
        (ours,) = ours.values()
    for name in reversed(home):
        ours = {name: ours}
    return ours


def _table(data: dict[str, Any], names: Sequence[str], where: str) -> dict[str, Any]:
    """The table at `names`, made where there is none. Raises ConfigurationError where something else is there."""
    for name in names:
        data = data.setdefault(name, {})
        if not isinstance(data, dict):
            raise ConfigurationError(f"{name} is no table", where=where, remedy="correct it; nothing was written")
    return data


def _mentions(value: Any, bucket: str, own: Collection[str]) -> bool:
    """Whether any channel in the file but our own lies in the bucket."""
    if isinstance(value, dict):
        return any(_mentions(each, bucket, own) for each in value.values())
    if isinstance(value, list):
        return any(_mentions(each, bucket, own) for each in value)
    return isinstance(value, str) and value not in own and f"{value}/".startswith(f"s3://{bucket}/")


def _says(text: str, meant: dict[str, Any]) -> bool:
    try:
        # As text: NaN is not equal to itself.
        return repr(_sorted(tomllib.loads(text))) == repr(_sorted(meant))
    except tomllib.TOMLDecodeError:
        return False


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _edited(text: str, before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """The text changed in place; None where tomlkit cannot."""
    try:
        # What is added must not go on in the last line.
        document = tomlkit.parse(text if text.endswith("\n") or not text else text + "\n")
        _apply(document, before, after)
        found = _spaced(text, tomlkit.dumps(document))
    except (TOMLKitError, KeyError, ValueError, TypeError, AttributeError, IndexError):
        return None
    same_end = not text.endswith("\n") and found.splitlines()[-1:] == text.splitlines()[-1:]
    return found.removesuffix("\n") if same_end else found


def _appended(text: str, before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """The text changed in place but for new tables, which follow at its end; None where that is not all."""
    added: dict[str, Any] = {}
    kept = _without_new_tables(before, after, added)
    found = text if kept == before else _edited(text, before, kept)
    if found is None or not added:
        return None
    gap = "" if not found or found.endswith("\n\n") else "\n" if found.endswith("\n") else "\n\n"
    return found + gap + toml.document(added)


def _without_new_tables(before: dict[str, Any], after: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in after.items():
        if isinstance(value, dict) and isinstance(before.get(name), dict):
            inner: dict[str, Any] = {}
            kept[name] = _without_new_tables(before[name], value, inner)
            if inner:
                added[name] = inner
        elif isinstance(value, dict) and name not in before:
            added[name] = value
        else:
            kept[name] = value
    return kept


def _spaced(text: str, found: str) -> str:
    """`found` with what was added where a person would put it: above a comment that belongs to the table that follows,
    and with an empty line before that."""
    old, lines = text.split("\n"), found.split("\n")
    for kind, _, end, start, stop in reversed(difflib.SequenceMatcher(None, old, lines, autojunk=False).get_opcodes()):
        follows = old[end] if end < len(old) else ""
        if kind != "insert" or (follows and not follows.startswith("[")):
            continue
        added = "\n".join(lines[start:stop]).strip("\n").split("\n")
        place = _above(lines, start)
        gap = [""] if added[0].startswith("[") else []
        if place < start:
            lines[place:stop] = [*gap, *added, *lines[place:start]]
        elif follows and lines[stop - 1].strip():
            lines.insert(stop, "")
    return "\n".join(lines)


def _above(lines: Sequence[str], start: int) -> int:
    """The empty line above the comments that end at `start`, which belong to what follows; `start` where none do."""
    first = start
    while first > 0 and (not lines[first - 1].strip() or lines[first - 1].startswith("#")):
        first -= 1
    empty = next((place for place in range(first, start) if not lines[place].strip()), start)
    return empty if any(lines[empty:start]) else start


def _apply(node: MutableMapping[str, Any], before: dict[str, Any], after: dict[str, Any]) -> None:
    for name in before:
        if name not in after:
            del node[name]
    for name, value in after.items():
        if name not in before:
            node[name] = _item(value, inline=isinstance(node, InlineTable))
        elif repr(value) == repr(before[name]):
            # As text: NaN is not equal to itself.
            continue
        elif isinstance(value, dict) and isinstance(before[name], dict):
            _apply(node[name], before[name], value)
        elif isinstance(value, list) and isinstance(node[name], Array):
            node[name] = _array(node[name], before[name], value)
        else:
            node[name] = value


def _array(node: Array, before: list[Any], after: list[Any]) -> Array:
    """The array with what is new at its head, where our channels go, and the rest as it was."""
    if len(before) == len(after) and sum(old != each for old, each in zip(before, after, strict=True)) == 1:
        (place,) = (place for place, each in enumerate(after) if each != before[place])
        node[place] = _item(after[place], inline=True)
        return node
    new, kept = next((new, kept) for new in range(len(after) + 1) if (kept := _found(before, after[new:])) is not None)
    for place in reversed(range(len(before))):
        if place not in kept:
            del node[place]
    if new == 0:
        return node
    text = node.as_string()
    added = [tomlkit.item(each, _parent=node).as_string() for each in after[:new]]
    head = re.match(r"\[[ \t]*(?:#[^\n]*)?\n([ \t]*)", text)
    if len(node) == 0:
        text = f"[{', '.join(added)}]"
    elif head:
        # A line each, as the others have it.
        text = text.replace("\n", "\n" + "".join(f"{head[1]}{each},\n" for each in added), 1)
    else:
        text = f"[{', '.join(added)}, {text[1:].lstrip(' ')}"
    found = tomlkit.parse(f"a = {text}\n")["a"]
    assert isinstance(found, Array)  # noqa: S101
    # What stands around it: a comment behind it, for one.
    found._trivia = node._trivia
    return found


def _found(listed: list[Any], wanted: list[Any]) -> list[int] | None:
    """The places in `listed` of all that is wanted, in order; None where it is not all there."""
    places: list[int] = []
    for place, each in enumerate(listed):
        if len(places) < len(wanted) and each == wanted[len(places)]:
            places.append(place)
    return places if len(places) == len(wanted) else None


def _item(value: Any, *, inline: bool) -> Any:
    if not isinstance(value, dict):
        return value
    if inline:
        table: Any = tomlkit.inline_table()
    else:
        table = tomlkit.table(is_super_table=all(isinstance(each, dict) for each in value.values()))
    for name, each in value.items():
        table[name] = _item(each, inline=inline)
    return table
