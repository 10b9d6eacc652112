"""The values of a YAML file. What a tag stands for is not known, so a value with one is kept as `Tagged`.

GitLab has `!reference`, and other programs have tags of their own. No tag makes an object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode


@dataclass(frozen=True)
class Tagged:
    """A value with a tag that YAML itself does not define."""

    tag: str
    value: Any
    """What the value would be without the tag."""


class _Constructor(SafeConstructor):
    """ruamel.yaml's safe constructor, which makes texts, numbers, dates, lists and mappings, and `Tagged`."""


def _tagged(constructor: SafeConstructor, node: Node) -> Tagged:
    if isinstance(node, SequenceNode):
        value: Any = constructor.construct_sequence(node, deep=True)
    elif isinstance(node, MappingNode):
        value = constructor.construct_mapping(node, deep=True)
    else:
        value = constructor.construct_scalar(node)
    return Tagged(str(node.tag), value)


_Constructor.add_constructor(None, _tagged)


def parse(text: str) -> Any:
    """The values of the text. Raises one of `ERRORS` if it is not one YAML document."""
    reader = YAML(typ="safe", pure=True)
    reader.Constructor = _Constructor
    return reader.load(text)


# ruamel.yaml raises the others too for some texts that are not YAML.
ERRORS = (YAMLError, ValueError, TypeError, AttributeError, RecursionError)
