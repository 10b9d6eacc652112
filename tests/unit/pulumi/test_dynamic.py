"""The providers that states name: those of saved states are known, and one of a later version refuses every call."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock, create_autospec

import dill
import grpc
import pytest

from chaninfra.pulumi import dynamic
from chaninfra.pulumi.handlers import HANDLERS
from support.paths import DATA
from support.pulumi.later import of_later_version

PROVIDER_KEY = "__provider"
STATES = sorted((DATA / "states").glob("*.json"))


class AbortedError(Exception):
    """What a context raises when it ends a call."""


def resources(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["deployment"]["resources"]
    return [each for each in found if PROVIDER_KEY in each.get("inputs", {})]


@pytest.mark.parametrize("path", STATES, ids=lambda path: path.stem)
def test_the_resources_of_every_saved_state_are_known(path: Path) -> None:
    found = resources(path)
    assert len(found) > 5
    for each in found:
        provider = dill.loads(base64.b64decode(each["inputs"][PROVIDER_KEY]))  # noqa: S301 (a state of our own)
        assert provider.noun in HANDLERS, each["type"]
        assert type(provider) is vars(dynamic)[type(provider).__name__]
        # The state keeps the token of the class.
        kinds = [kind for kind in vars(dynamic).values() if getattr(kind, "provider", None) is type(provider)]
        assert [each["type"]] == [f"pulumi-python:dynamic/chaninfra:{kind.__name__}" for kind in kinds]


CALLS: dict[str, Callable[[Any, dict[str, Any]], object]] = {
    "check": lambda provider, props: provider.check(props, props),
    "diff": lambda provider, props: provider.diff("x", props, props),
    "create": lambda provider, props: provider.create(props),
    "read": lambda provider, props: provider.read("x", props),
    "update": lambda provider, props: provider.update("x", props, props),
    "delete": lambda provider, props: provider.delete("x", props),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_resource_of_a_later_version_says_to_upgrade(call: str) -> None:
    # Pulumi's server hands the call to its methods as `context`, see `told_plainly`.
    context = create_autospec(grpc.ServicerContext, instance=True)
    abort = context.abort
    abort.side_effect = AbortedError
    store = {"bucket": "b", "endpoint-url": "https://s3.example.com", "region": "r", "force-path-style": True}
    provider = dill.loads(base64.b64decode(of_later_version()))  # noqa: S301 (made above)
    provider.configure(Mock(config={}))
    with pytest.raises(AbortedError):
        CALLS[call](provider, {"store": store})
    assert {each.args[1] for each in abort.call_args_list} == {
        "the stack's state has a resource of a later version of chaninfra, which this one does not know; "
        "upgrade chaninfra"
    }


@pytest.mark.parametrize("name", ["provider", "Nothing", "__wrapped__", "aProvider", "Some_Provider"])
def test_other_names_are_not_there(name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(dynamic, name)
