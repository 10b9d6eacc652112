"""Our settings merged into a YAML file that people keep.

The values are computed on plain dicts (`workflow`). The text is edited only at the places that ruamel.yaml's nodes
name: ruamel.yaml's own writer would change the spacing of the whole file. `syntax` checks the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from chaninfra.channel.text import yaml_problem
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.merge.syntax import Syntax
from chaninfra.manifest.merge.workflow import Merged
from chaninfra.manifest.merge.yaml_values import ERRORS, parse
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.text import yaml

TextEdit = tuple[int, int, str]
"""(start, end, new text): the characters from start to end are replaced."""


def merge(text: str, rendered: Rendered, channels: Sequence[ClientChannel], where: str, merged: Merged) -> str:
    """`text` with the rendered settings, as `merged` combines them with the file's values.

    Raises ConfigurationError if it is not YAML, or cannot hold them, and whatever `merged` raises.
    """
    before = _YAML.load(_with_line_end(text), where)
    if before is None:
        # Empty, or comments only.
        printed = yaml.document(rendered.notes, rendered.document)
        return f"{text.rstrip()}\n{printed}" if text.strip() else printed
    after = merged(before, rendered.document, channels, where)
    return _YAML.edit(text, before, after, rendered, where)


def _with_line_end(text: str) -> str:
    """The text with a line end, so that an addition does not continue its last line."""
    return text if text.endswith("\n") else text + "\n"


def _edited(text: str, before: Any, after: Any) -> str | None:
    """An `Edit`: all differences as text edits; None if there is no place for one of them."""
    edits: list[TextEdit] = []
    text = _with_line_end(text)
    try:
        _mapping(text, YAML(typ="safe", pure=True).compose(text), before, after, edits)
    except (YAMLError, LookupError, AssertionError):
        return None
    # From the end, so that the indexes stay valid. Of several insertions at one index, the inner ones come first in the
    # text; they were found first.
    order = sorted(range(len(edits)), key=lambda number: (*edits[number][:2], number), reverse=True)
    for start, end, new in map(edits.__getitem__, order):
        text = text[:start] + new + text[end:]
    return text


def _value(text: str, key: Node | None, node: Node, before: Any, after: Any, edits: list[TextEdit]) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        _mapping(text, node, before, after, edits)
    elif isinstance(before, list) and isinstance(after, list):
        _sequence(text, node, before, after, edits)
    elif before is None and isinstance(after, dict | list) and key is not None:
        if node.start_mark.index != node.end_mark.index:
            # `key: null`
            edits.append((node.start_mark.index, node.end_mark.index, yaml.flow(after)))
            return
        # `key:` without a value.
        lines = yaml.mapping(after) if isinstance(after, dict) else yaml.sequence(after)
        edits.append((*_line_end(text, key.end_mark.index), _indented(lines, key.start_mark.column + 2)))
    elif isinstance(after, dict) and key is not None and isinstance(node, ScalarNode):
        edits += _scalar_to_mapping(text, key, node, after)
    elif isinstance(after, list) and after[-1:] == [before] and key is not None:
        edits.append(_value_to_item(text, key, node, after[:-1]))
    elif isinstance(node, ScalarNode) and not isinstance(after, dict | list):
        end = node.end_mark.index
        tail = text[node.start_mark.index : end]
        edits.append((node.start_mark.index, end, yaml.scalar(after) + ("\n" if tail.endswith("\n") else "")))
    else:
        raise LookupError("the value has another type")


def _scalar_to_mapping(text: str, key: Node, node: Node, after: dict[str, Any]) -> list[TextEdit]:
    """The edits that replace a scalar on its key's line by a mapping in the lines below; a comment behind it stays."""
    start, end = key.end_mark.index + 1, node.end_mark.index
    if text[start:end].strip(" \t") != text[node.start_mark.index : end] or "\n" in text[start:end]:
        raise LookupError("the value is not behind its key")
    return [
        (start, end, ""),
        (*_line_end(text, end), _indented(yaml.mapping(after), key.start_mark.column + 2)),
    ]


def _value_to_item(text: str, key: Node, node: Node, items: Sequence[Any]) -> TextEdit:
    """The edit that makes a value behind its key the last item of a list, whose other items are new."""
    start, end = key.end_mark.index + 1, node.start_mark.index
    if text[start:end].strip(" \t"):
        raise LookupError("the value is not behind its key")
    column = key.start_mark.column + 2
    return start, end, f"\n{_indented(yaml.sequence(items), column)}{' ' * column}- "


def _mapping(text: str, node: Node, before: dict[str, Any], after: dict[str, Any], edits: list[TextEdit]) -> None:
    assert isinstance(node, MappingNode)  # noqa: S101
    nodes = {key.value: (key, value) for key, value in node.value}
    for name, value in after.items():
        if name in before and _differ(value, before[name]):
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


def _sequence(text: str, node: Node, before: list[Any], after: list[Any], edits: list[TextEdit]) -> None:
    assert isinstance(node, SequenceNode)  # noqa: S101
    differences = _differences(before, after)
    if node.flow_style and any(start != end for kind, start, end, *_ in differences if kind != "changed"):
        edits.append(_flow_sequence(text, node, after))
        return
    column = node.start_mark.column
    # The lines of the items that are removed: an item that moves keeps its quotes and its comment.
    removed: list[tuple[Any, str]] = []
    if not node.flow_style:
        for kind, start, end, *_ in differences:
            for value, item in zip(before[start:end], node.value[start:end], strict=True) if kind != "changed" else ():
                place, after_item = _line_start(text, item, column), _line_end(text, _last(text, item))[0]
                removed.append((value, text[place:after_item]))
                edits.append((place, after_item, ""))
    for kind, start, _, new_start, new_end in differences:
        if kind == "changed":
            _value(text, None, node.value[start], before[start], after[new_start], edits)
            continue
        new = after[new_start:new_end]
        if node.flow_style:
            _flow_items(node, start, new, edits)
        elif new:
            place = (
                _above_comments(text, _line_start(text, node.value[start], column))
                if start < len(node.value)
                else _line_end(text, _last(text, node))[0]
            )
            lines = [
                next((lines for value, lines in removed if not _differ(value, item)), None)
                or _indented(yaml.sequence([item]), column)
                for item in new
            ]
            edits.append((place, place, "".join(lines)))


def _flow_sequence(text: str, node: SequenceNode, after: Sequence[Any]) -> TextEdit:
    """A flow sequence written anew, since items of it are removed or moved; not if it has comments, anchors or tags."""
    start, end = node.start_mark.index, node.end_mark.index
    if set("#&*!") & set(text[start:end]):
        raise LookupError("items of a flow sequence are removed, and more than its items may be lost")
    return start, end, yaml.flow(after)


def _flow_items(node: SequenceNode, start: int, new: Sequence[Any], edits: list[TextEdit]) -> None:
    added = ", ".join(map(yaml.flow, new))
    if start < len(node.value):
        place = node.value[start].start_mark.index
        edits.append((place, place, f"{added}, "))
    else:
        place = node.end_mark.index - 1
        edits.append((place, place, f", {added}" if node.value else added))


def _differences(before: list[Any], after: list[Any]) -> list[tuple[str, int, int, int, int]]:
    """The differences of two lists, as difflib's opcodes: (kind, start, end, new start, new end).

    Items are compared by `_identity`. The kind "changed" is added to difflib's: one item whose value differs, but which
    stays in its place.
    """
    names, new_names = list(map(_identity, before)), list(map(_identity, after))
    differences: list[tuple[str, int, int, int, int]] = []
    for kind, start, end, new_start, new_end in SequenceMatcher(None, names, new_names, autojunk=False).get_opcodes():
        if kind != "equal":
            differences.append((kind, start, end, new_start, new_end))
            continue
        differences += [
            ("changed", start + step, start + step + 1, new_start + step, new_start + step + 1)
            for step in range(end - start)
            if _differ(before[start + step], after[new_start + step])
        ]
    return differences


def _differ(left: Any, right: Any) -> bool:
    # In lists, since they compare by identity first: NaN is not equal to itself, but a copied value keeps its NaN.
    return [left] != [right]


def _identity(item: Any) -> str:
    """What identifies a step of a workflow when its inputs change: its action, its name or its command."""
    if not isinstance(item, dict):
        return repr(item)
    return repr(item.get("uses") or item.get("name") or item.get("run") or item)


def _last(text: str, node: Node) -> int:
    """The index of the last character of a value."""
    while isinstance(node, MappingNode | SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        if isinstance(last, tuple):
            key, node = last
            # A key without a value: the key comes last.
            if isinstance(node, ScalarNode) and node.start_mark.index == node.end_mark.index:
                node = key
        else:
            node = last
    end = int(node.end_mark.index)
    return int(node.start_mark.index) + max(len(text[node.start_mark.index : end].rstrip()) - 1, 0)


def _line_end(text: str, index: int) -> tuple[int, int]:
    """The start of the line after `index`, as the start and end of an insertion."""
    place = text.index("\n", index) + 1
    return place, place


def _line_start(text: str, item: Node, column: int) -> int:
    """The index where the line with the item's dash starts, in a block sequence whose dashes are in `column`."""
    start = text.rfind("\n", 0, item.start_mark.index) + 1
    while text[start + column : start + column + 1] != "-":
        if start == 0:
            raise LookupError("the item has no dash")
        start = text.rfind("\n", 0, start - 1) + 1
    # `- - item`, or a list that starts on the line of its key.
    if text[start : start + column].strip():
        raise LookupError("the dash is not the first character of its line")
    return start


def _above_comments(text: str, start: int) -> int:
    """The index where the comment lines directly above the line at `start` begin; they belong to that line."""
    while start > 0:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].lstrip().startswith("#"):
            break
        start = above
    return start


def _indented(lines: Sequence[str], column: int) -> str:
    return "".join(f"{' ' * column}{line}\n" if line else "\n" for line in lines)


_YAML = Syntax(
    name="YAML",
    parse=parse,
    errors=ERRORS,
    problem=yaml_problem,
    edits=(_edited,),
    write=yaml.document,
)
