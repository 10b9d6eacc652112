"""The text of a TOML file edited in place by tomlkit: comments, order, quotes and spaces stay.

tomlkit reads TOML 1.1: inline tables over several lines.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import MutableMapping, Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, InlineTable, Whitespace

from chaninfra.manifest.merge import channel_list
from chaninfra.manifest.text import toml


def edited(text: str, before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """An `Edit`: the text edited in place by tomlkit."""
    try:
        # With a line end, so that an addition does not continue the last line.
        document = tomlkit.parse(text if text.endswith("\n") or not text else text + "\n")
        _apply(document, before, after)
        new = _spaced(text, tomlkit.dumps(document))
    except (TOMLKitError, KeyError, ValueError, TypeError, AttributeError, IndexError):
        return None
    same_end = not text.endswith("\n") and new.splitlines()[-1:] == text.splitlines()[-1:]
    return new.removesuffix("\n") if same_end else new


def appended(text: str, before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """An `Edit`: the text edited in place, with new tables appended at its end."""
    added: dict[str, Any] = {}
    kept = _without_new_tables(before, after, added)
    new = text if kept == before else edited(text, before, kept)
    if new is None or not added:
        return None
    gap = "" if not new or new.endswith("\n\n") else "\n" if new.endswith("\n") else "\n\n"
    return new + gap + toml.tables(added)


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
        if name not in before and isinstance(node, InlineTable):
            _add_inline(node, name, _item(value, inline=True))
        elif name not in before:
            node[name] = _item(value, inline=False)
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


def _add_inline(node: InlineTable, name: str, value: Any) -> None:
    """Add to an inline table: on a line of its own if the brace at its end has one."""
    body = node.value.body
    spaces = [item.s for key, item in body if key is None and isinstance(item, Whitespace) and "\n" in item.s]
    if len(spaces) < 2 or not isinstance(body[-1][1], Whitespace) or "\n" not in body[-1][1].s:
        node[name] = value
        return
    _, end = body.pop()
    last = max((place for place, (key, _) in enumerate(body) if key is not None), default=None)
    if last is not None and not any(isinstance(item, Whitespace) and "," in item.s for _, item in body[last:]):
        body.insert(last + 1, (None, tomlkit.ws(",")))
    node.append(None, tomlkit.ws(spaces[0]))
    node.append(name, value)
    # tomlkit puts a space before it.
    body[-1][1].trivia.indent = ""
    node.append(None, tomlkit.ws(","))
    node.append(None, end)


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
