"""Config keys with a namespace that is nearly that of the project: Pulumi gives them to nobody, without a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from chaninfra.channel.config.schema import STACK_CONFIG, load
from chaninfra.channel.errors import ConfigurationError

# The namespace of the project in the clone, which the docs write. A project from a template has one of its own.
_OF_THE_DOCS = "chaninfra"
# Never a project's.
_OTHERS = ("aws", "pulumi")
_NEAR = 0.8


def meant(names: Iterable[str], namespace: str) -> dict[str, str]:
    """Name of a config key with another namespace (`chaninfa:bucket`) → the one of the project that it was probably
    meant for. Only keys that there are in a stack config; what another program reads has other names.
    """
    known = load(STACK_CONFIG)["$defs"]["config"]["properties"]
    found = {}
    for name in names:
        space, _, key = name.rpartition(":")
        if space in ("", namespace, *_OTHERS) or key.partition(".")[0].partition("[")[0] not in known:
            continue
        if space == _OF_THE_DOCS or get_close_matches(space, [namespace], cutoff=_NEAR):
            found[name] = f"{namespace}:{key}"
    return found


def ignored(names: Iterable[str], namespace: str, *, where: str) -> Iterator[ConfigurationError]:
    """A warning for each of them; `where` names the stack file."""
    for written, probable in meant(names, namespace).items():
        yield ConfigurationError(
            "is ignored: its namespace is not that of the project",
            where=where,
            key=(written,),
            remedy=f"did you mean `{probable}`? Write it so",
        )
