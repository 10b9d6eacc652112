"""Our settings merged into a YAML file that people keep.

What is to stand there is found on plain values (`workflow`). The text is then edited at the places that ruamel.yaml's
nodes name, and at no other, since what it writes itself would be spaced in one style throughout; and it is read again:
one that does not say what was meant is never written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ChannelAccess
from chaninfra.manifest.text import yaml

Merged = Callable[[Any, dict[str, Any], Sequence[ChannelAccess], str], dict[str, Any]]
Edit = tuple[int, int, str]
"""From where to where in the text, and what is to stand there."""


def merge(text: str, rendered: str, clients: Sequence[ChannelAccess], where: str, merged: Merged) -> str:
    """`text` with what `rendered` says. Raises ConfigurationError where it is no YAML, or cannot hold it, and what
    `merged` does."""
    # What is added must not go on in the last line.
    whole = text if text.endswith("\n") else text + "\n"
    before = _plain(whole, where)
    if before is None:
        return f"{text.rstrip()}\n{rendered}" if text.strip() else rendered
    after = merged(before, _plain(rendered, where), clients, where)
    if after == before:
        return text
    found = _edited(whole, before, after)
    if found is not None and _says(found, after):
        return found
    raise ConfigurationError(
        "the settings cannot be put in there without rewriting what is yours",
        where=where,
        remedy=f"put them in by hand:\n{rendered}",
    )


def _plain(text: str, where: str) -> Any:
    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, TypeError, AttributeError, RecursionError) as error:
        problem = next(iter(str(error).splitlines()), type(error).__name__)
        raise ConfigurationError(
            f"is not YAML: {problem}", where=where, remedy="correct it; nothing was written"
        ) from None


def _says(text: str, meant: dict[str, Any]) -> bool:
    try:
        return bool(YAML(typ="safe", pure=True).load(text) == meant)
    except (YAMLError, ValueError, TypeError, AttributeError):
        return False


def _edited(text: str, before: Any, after: Any) -> str | None:
    """The text with the difference in it; None where a place for it was not found."""
    edits: list[Edit] = []
    try:
        _mapping(text, YAML(typ="safe", pure=True).compose(text), before, after, edits)
    except (YAMLError, LookupError, AssertionError):
        return None
    # From the end; of those at one place the inner ones, which were found first, stand first.
    order = sorted(range(len(edits)), key=lambda number: (*edits[number][:2], number), reverse=True)
    for start, end, new in map(edits.__getitem__, order):
        text = text[:start] + new + text[end:]
    return text


def _value(text: str, key: Node | None, node: Node, before: Any, after: Any, edits: list[Edit]) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        _mapping(text, node, before, after, edits)
    elif isinstance(before, list) and isinstance(after, list):
        _sequence(text, node, before, after, edits)
    elif before is None and isinstance(after, dict) and key is not None:
        # `key:` with nothing behind it.
        lines = _indented(yaml.mapping(after), key.start_mark.column + 2)
        edits.append((*_line_end(text, key.end_mark.index), lines))
    elif isinstance(node, ScalarNode) and not isinstance(after, dict | list):
        end = node.end_mark.index
        tail = text[node.start_mark.index : end]
        edits.append((node.start_mark.index, end, yaml.scalar(after) + ("\n" if tail.endswith("\n") else "")))
    else:
        raise LookupError("another type")


def _mapping(text: str, node: Node, before: dict[str, Any], after: dict[str, Any], edits: list[Edit]) -> None:
    assert isinstance(node, MappingNode)  # noqa: S101
    nodes = {key.value: (key, value) for key, value in node.value}
    for name, value in after.items():
        if name in before and value != before[name]:
            _value(text, *nodes[name], before[name], value, edits)
    new = {name: value for name, value in after.items() if name not in before}
    if not new:
        return
    if node.flow_style:
        added = ", ".join(f"{yaml.scalar(name)}: {yaml.flow(value)}" for name, value in new.items())
        place = node.end_mark.index - 1
        edits.append((place, place, f", {added}" if nodes else added))
    else:
        column = node.value[0][0].start_mark.column
        edits.append((*_line_end(text, _last(text, node)), _indented(yaml.mapping(new), column)))


def _sequence(text: str, node: Node, before: list[Any], after: list[Any], edits: list[Edit]) -> None:
    assert isinstance(node, SequenceNode)  # noqa: S101
    pairs = _pairs(before, after)
    for kind, start, end, new_start, new_end in pairs:
        if kind == "changed":
            _value(text, None, node.value[start], before[start], after[new_start], edits)
            continue
        new = after[new_start:new_end]
        if node.flow_style:
            _flow_items(node, start, end, new, edits)
            continue
        column = node.start_mark.column
        for item in node.value[start:end]:
            edits.append((_line_start(text, item, column), _line_end(text, _last(text, item))[0], ""))
        if new:
            place = (
                _above_comments(text, _line_start(text, node.value[start], column))
                if start < len(node.value)
                else _line_end(text, _last(text, node))[0]
            )
            edits.append((place, place, _indented(yaml.sequence(new), column)))


def _flow_items(node: SequenceNode, start: int, end: int, new: Sequence[Any], edits: list[Edit]) -> None:
    if start != end:
        raise LookupError("items taken from a flow sequence")
    added = ", ".join(map(yaml.flow, new))
    if start < len(node.value):
        place = node.value[start].start_mark.index
        edits.append((place, place, f"{added}, "))
    else:
        place = node.end_mark.index - 1
        edits.append((place, place, f", {added}" if node.value else added))


def _pairs(before: list[Any], after: list[Any]) -> list[tuple[str, int, int, int, int]]:
    """What became of which items: "changed" for one alone, which stays in its place, else old ones and new ones."""
    names, new_names = list(map(_identity, before)), list(map(_identity, after))
    found: list[tuple[str, int, int, int, int]] = []
    for kind, start, end, new_start, new_end in SequenceMatcher(None, names, new_names, autojunk=False).get_opcodes():
        if kind != "equal":
            found.append((kind, start, end, new_start, new_end))
            continue
        found += [
            ("changed", start + step, start + step + 1, new_start + step, new_start + step + 1)
            for step in range(end - start)
            if before[start + step] != after[new_start + step]
        ]
    return found


def _identity(item: Any) -> str:
    """What tells a step from others though its inputs change."""
    if not isinstance(item, dict):
        return repr(item)
    return repr(item.get("uses") or item.get("name") or item.get("run") or item)


def _last(text: str, node: Node) -> int:
    """The index of the last character of a value."""
    while isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        if isinstance(last, tuple):
            key, node = last
            # Nothing behind the key: the key is the last there is.
            if isinstance(node, ScalarNode) and node.start_mark.index == node.end_mark.index:
                node = key
        else:
            node = last
    end = int(node.end_mark.index)
    return int(node.start_mark.index) + max(len(text[node.start_mark.index : end].rstrip()) - 1, 0)


def _line_end(text: str, index: int) -> tuple[int, int]:
    """The place behind the line of `index`, as an edit that takes nothing away."""
    place = text.index("\n", index) + 1
    return place, place


def _line_start(text: str, item: Node, column: int) -> int:
    """The start of the line with the dash of a block sequence's item."""
    start = text.rfind("\n", 0, item.start_mark.index) + 1
    while text[start + column : start + column + 1] != "-":
        if start == 0:
            raise LookupError("no dash")
        start = text.rfind("\n", 0, start - 1) + 1
    # `- - item`, or a list that begins behind its key.
    if text[start : start + column].strip():
        raise LookupError("not a line of its own")
    return start


def _above_comments(text: str, start: int) -> int:
    """The start of the comment lines right above the line at `start`, which belong to it."""
    while start > 0:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].lstrip().startswith("#"):
            break
        start = above
    return start


def _indented(lines: Sequence[str], column: int) -> str:
    return "".join(f"{' ' * column}{line}\n" if line else "\n" for line in lines)
