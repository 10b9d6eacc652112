"""Our tables merged into a TOML file that people keep.

The values are computed on plain dicts (`merged`); tomlkit then edits the text, which `syntax` checks.
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
from tomlkit.items import AoT, Array, InlineTable

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.merge import channel_list, pixi_order
from chaninfra.manifest.merge.syntax import Syntax
from chaninfra.manifest.rendered import Document, Rendered
from chaninfra.manifest.text import toml

_OPTIONS = "s3-options"
_LISTS = ("channels", "default-channels")
# [project] is pixi's older name of [workspace], which it still reads.
_OLD_NAMES = {"workspace": "project"}


def merge(text: str, rendered: Rendered, channels: Sequence[ClientChannel], where: str) -> str:
    """`text` with the rendered tables. Raises ConfigurationError if it is not TOML, or cannot hold them."""
    before = _TOML.load(text, where)
    path = _path(before, rendered.document)
    after = merged(before, _moved(rendered.document, path), path, channels, where)
    return _TOML.edit(text, before, after, rendered, where)


def merged(
    before: Document, ours: Document, path: Sequence[str], channels: Sequence[ClientChannel], where: str
) -> Document:
    """The values that the file must have.

    `path` is the path of the table that lists the channels. A table that is there gets three things of ours: the
    channels, their s3-options, and requires-pixi if it is missing. s3-options of our bucket are removed if neither we
    nor another channel in the file needs them. In a pixi workspace, the lists of channels of its features and
    environments change too if ours would not come first there.
    """
    after = copy.deepcopy(before)
    theirs, wanted = _table(after, path, where), _table(ours, path, where)
    if not theirs:
        theirs |= wanted
    name = next(key for key in _LISTS if key in wanted)
    # pixi's configuration may have the older spelling default_channels.
    older = name.replace("-", "_")
    spelled = older if older in theirs and name not in theirs else name
    listed = theirs.get(spelled, [])
    if not isinstance(listed, list):
        raise ConfigurationError(
            "is not a list", where=where, key=(*path, spelled), remedy=f"write {spelled} = {toml.value(wanted[name])}"
        )
    theirs[spelled] = (
        channel_list.with_others(channel_list.merged(listed, channels), wanted[name]) if listed else wanted[name]
    )
    if path:
        tables = _table(after, path[:-1], where)
        pixi_order.Workspace(tables, path[-1], where, tuple(path[:-1])).put_right(channels)
    if "requires-pixi" in wanted:
        theirs.setdefault("requires-pixi", wanted["requires-pixi"])
    was_empty = theirs.get(_OPTIONS) == {}
    urls = {access.url for access in channels}
    options = _table(after, [*path, _OPTIONS], where)
    for bucket in {access.descriptor.bucket: None for access in channels}:
        if bucket in wanted.get(_OPTIONS, {}):
            options[bucket] = {**_table(after, [*path, _OPTIONS, bucket], where), **wanted[_OPTIONS][bucket]}
        elif bucket in options and not _mentions(after, bucket, urls):
            # With s3-options, pixi would look for the bucket's access key in its credential store.
            del options[bucket]
    if not options and not was_empty:
        del theirs[_OPTIONS]
    return after


def _path(before: Document, ours: Document) -> list[str]:
    """The path of the table that lists the channels; with the table's older name if the file has that."""
    path: list[str] = []
    while not any(name in ours for name in _LISTS):
        ((name, ours),) = ours.items()
        inner = before.get(name)
        old = _OLD_NAMES.get(name)
        if inner is None and old is not None and isinstance(before.get(old), dict):
            name, inner = old, before[old]
        path.append(name)
        before = inner if isinstance(inner, dict) else {}
    return path


def _moved(ours: Document, path: Sequence[str]) -> Document:
    """`ours` with its innermost table at `path`."""
    for _ in path:
        (ours,) = ours.values()
    for name in reversed(path):
        ours = {name: ours}
    return ours


def _table(values: Document, path: Sequence[str], where: str) -> Document:
    """The table at `path`, added if it is missing. Raises ConfigurationError for a value that is not a table."""
    for depth, name in enumerate(path, 1):
        values = values.setdefault(name, {})
        if not isinstance(values, dict):
            raise ConfigurationError(
                "is not a table", where=where, key=tuple(path[:depth]), remedy="correct it; nothing was written"
            )
    return values


def _mentions(value: Any, bucket: str, own_urls: Collection[str]) -> bool:
    """Whether any other channel in the file is in the bucket."""
    if isinstance(value, dict):
        return any(_mentions(item, bucket, own_urls) for item in value.values())
    if isinstance(value, list):
        return any(_mentions(item, bucket, own_urls) for item in value)
    return isinstance(value, str) and value not in own_urls and f"{value}/".startswith(f"s3://{bucket}/")


def _edited(text: str, before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """An `Edit`: the text edited in place by tomlkit."""
    try:
        # With a line end, so that an addition does not continue the last line.
        document = tomlkit.parse(text if text.endswith("\n") or not text else text + "\n")
        _apply(document, before, after)
        edited = _spaced(text, tomlkit.dumps(document))
    except (TOMLKitError, KeyError, ValueError, TypeError, AttributeError, IndexError):
        return None
    same_end = not text.endswith("\n") and edited.splitlines()[-1:] == text.splitlines()[-1:]
    return edited.removesuffix("\n") if same_end else edited


def _appended(text: str, before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """An `Edit`: the text edited in place, with new tables appended at its end."""
    added: dict[str, Any] = {}
    kept = _without_new_tables(before, after, added)
    edited = text if kept == before else _edited(text, before, kept)
    if edited is None or not added:
        return None
    gap = "" if not edited or edited.endswith("\n\n") else "\n" if edited.endswith("\n") else "\n\n"
    return edited + gap + toml.tables(added)


def _without_new_tables(before: dict[str, Any], after: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """`after` without the tables that `before` lacks; these are put into `added`, at the same paths."""
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


def _spaced(text: str, edited: str) -> str:
    """`edited` with the added lines where a person would put them.

    `text` is the text before the edit. An addition goes above the comments that belong to the next table, and an empty
    line separates it from that table.
    """
    old, lines = text.split("\n"), edited.split("\n")
    for kind, _, end, start, stop in reversed(difflib.SequenceMatcher(None, old, lines, autojunk=False).get_opcodes()):
        follows = old[end] if end < len(old) else ""
        if kind != "insert" or (follows and not follows.startswith("[")):
            continue
        added = "\n".join(lines[start:stop]).strip("\n").split("\n")
        place = _above(lines, start)
        if place < start:
            gap = [""] if added[0].startswith("[") else []
            lines[place:stop] = [*gap, *added, *lines[place:start]]
        elif follows and lines[stop - 1].strip():
            lines.insert(stop, "")
    return "\n".join(lines)


def _above(lines: Sequence[str], start: int) -> int:
    """The index of the empty line above the comments that end at `start`; `start` if there are no such comments."""
    first = start
    while first > 0 and (not lines[first - 1].strip() or lines[first - 1].startswith("#")):
        first -= 1
    empty = next((place for place in range(first, start) if not lines[place].strip()), start)
    return empty if any(lines[empty:start]) else start


def _apply(node: MutableMapping[str, Any], before: dict[str, Any], after: dict[str, Any]) -> None:
    """Change a table of tomlkit, which has the values `before`, so that it has `after`."""
    for name in before:
        if name not in after:
            del node[name]
    for name, value in after.items():
        if name not in before:
            node[name] = _item(value, inline=isinstance(node, InlineTable))
        elif repr(value) == repr(before[name]):
            # By repr, since NaN is not equal to itself.
            continue
        elif isinstance(value, dict) and isinstance(before[name], dict):
            _apply(node[name], before[name], value)
        elif isinstance(value, list) and isinstance(node[name], Array):
            node[name] = _array(node[name], before[name], value)
        elif isinstance(node[name], AoT) and "#" in node[name].as_string():
            raise ValueError("tables that are written anew have comments")
        else:
            node[name] = value


def _array(node: Array, before: list[Any], after: list[Any]) -> Array:
    """The array with new items at its head, where our channels go; the formatting of the other items stays.

    Items that only change, and do not move, are replaced in place.
    """
    changed = [place for place, item in enumerate(after) if place >= len(before) or item != before[place]]
    if len(before) == len(after) and not any(after[place] in before for place in changed):
        for place in changed:
            node[place] = _item(after[place], inline=True)
        return node
    # How many items of `after` are new: the fewest after which the rest is in `before`, in order.
    new, kept = next((new, kept) for new in range(len(after) + 1) if (kept := _places(before, after[new:])) is not None)
    removed = [place for place in range(len(before)) if place not in kept]
    comments = {channel_list.name_of(before[place]): _comment(node, place) for place in removed}
    for place in reversed(removed):
        del node[place]
    if new == 0:
        return node
    text = node.as_string()
    # Each new item, and the comment that the same channel had where it was.
    added = [
        (tomlkit.item(_item(item, inline=True), _parent=node).as_string(), comments.get(channel_list.name_of(item), ""))
        for item in after[:new]
    ]
    head = re.match(r"\[[ \t]*(?:#[^\n]*)?\n([ \t]*)", text)
    if head:
        # One item per line, as in the rest of the array.
        lines = [f"{head[1]}{item},{comment and ' '}{comment}\n" for item, comment in added]
        text = text.replace("\n", "\n" + "".join(lines), 1)
    else:
        items = "".join(f"{item}, {comment}{comment and chr(10)}" for item, comment in added)
        text = f"[{items}{text[1:].lstrip(' ')}"
    if len(node) == 0 and text.endswith(", ]"):
        text = f"{text[:-3]}]"
    array = tomlkit.parse(f"a = {text}\n")["a"]
    assert isinstance(array, Array)  # noqa: S101
    # The spaces around the array, and the comment after it. tomlkit has no public access to them.
    array._trivia = node._trivia
    return array


def _comment(node: Array, place: int) -> str:
    """The comment behind an item. tomlkit has no public access to it."""
    comment = node._value[node._index_map[place]].comment
    return comment.as_string().strip() if comment is not None else ""


def _places(listed: list[Any], wanted: list[Any]) -> list[int] | None:
    """The indexes in `listed` of the items of `wanted`, in this order; None if it does not have them all."""
    places: list[int] = []
    for place, item in enumerate(listed):
        if len(places) < len(wanted) and item == wanted[len(places)]:
            places.append(place)
    return places if len(places) == len(wanted) else None


def _item(value: Any, *, inline: bool) -> Any:
    """The value for tomlkit; a dict becomes a table, inline or with a header."""
    if not isinstance(value, dict):
        return value
    if inline:
        table: Any = tomlkit.inline_table()
    else:
        table = tomlkit.table(is_super_table=all(isinstance(item, dict) for item in value.values()))
    for name, item in value.items():
        table[name] = _item(item, inline=inline)
    return table


_TOML = Syntax(
    name="TOML",
    parse=tomllib.loads,
    errors=(tomllib.TOMLDecodeError, RecursionError),
    edits=(_edited, _appended),
    write=toml.document,
)
