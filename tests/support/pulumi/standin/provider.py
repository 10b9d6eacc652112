"""The provider's operations, without the protocol."""

from collections.abc import Iterator
from dataclasses import dataclass

from .arguments import Failure, check, from_json
from .aws import Aws
from .classes import named
from .diff import Change, changes
from .errors import ProviderError
from .functions import FUNCTIONS
from .properties import Kind
from .resources import RESOURCES
from .resources.resource import Resource, failures, refreshed_inputs
from .values import UNKNOWN, Bag

# The engine's own keys in a provider's configuration.
_ENGINES = {"version", "pluginDownloadURL", "__internal"}


def _arguments() -> type:
    return named("pulumi_aws.ProviderArgs")


@dataclass(frozen=True)
class Found:
    """The result of a read."""

    state: Bag
    inputs: Bag


def resource(token: str) -> Resource:
    if token not in RESOURCES:
        raise ProviderError(f"the stand-in has no resource type {token}; it has {', '.join(RESOURCES)}")
    return RESOURCES[token]


def configuration_failures(config: Bag) -> Iterator[Failure]:
    given = {name: value for name, value in config.items() if name not in _ENGINES}
    return check(_arguments(), from_json(_arguments(), given))


def configured(config: Bag) -> Aws:
    return Aws.configured(from_json(_arguments(), config))


def checked(token: str, name: str, inputs: Bag, old: Bag) -> tuple[Bag, list[Failure]]:
    """The checked inputs, which the other calls get, and the errors in them."""
    kind = resource(token)
    given = {key: value for key, value in inputs.items() if key != "__defaults"}
    return kind.prepared(given, old, name), list(failures(kind, given))


def diff(aws: Aws, token: str, state: Bag, inputs: Bag) -> list[Change]:
    kind = resource(token)
    return changes(kind.table, state, _wanted(kind, aws, inputs))


def replaces_before_create(token: str, state: Bag, inputs: Bag) -> bool:
    """True if the old resource must be deleted before its replacement, since both would have the same name.

    (pulumi-terraform-bridge, nameRequiresDeleteBeforeReplace.)
    """
    name = resource(token).named_by
    return name in inputs and name not in inputs.get("__defaults", []) and inputs[name] == state.get(name)


def create(aws: Aws, token: str, inputs: Bag) -> tuple[str, Bag]:
    kind = resource(token)
    id_ = kind.create(aws, inputs)
    state = kind.read(aws, id_, inputs)
    if state is None:
        raise ProviderError(f"waiting for {token} ({id_}) create: couldn't find resource")
    return id_, state


def planned(aws: Aws, token: str, state: Bag, inputs: Bag) -> Bag:
    """The outputs in a preview; those that a program cannot set are as in `state`, or unknown."""
    kind = resource(token)
    kept = {
        name: state.get(name, UNKNOWN)
        for name, entry in kind.table.items()
        if "." not in name and entry.forwarded and (entry.kind is Kind.COMPUTED or entry.keeps)
    }
    return {**kept, **_wanted(kind, aws, inputs)}


def read(aws: Aws, token: str, id_: str, state: Bag, inputs: Bag) -> Found | None:
    kind = resource(token)
    found = kind.read(aws, id_, state)
    if found is None:
        return None
    fresh = refreshed_inputs(kind.table, inputs, found, aws.region)
    return Found(found, {**fresh, **{key: inputs[key] for key in ("__defaults",) if key in inputs}})


def update(aws: Aws, token: str, id_: str, state: Bag, inputs: Bag) -> Bag:
    kind = resource(token)
    kind.update(aws, id_, state, inputs)
    # Properties that AWS does not store are as the program sets them now.
    now = kind.read(aws, id_, {**inputs, **{name: state[name] for name in ("region",) if name in state}})
    if now is None:
        raise ProviderError(f"reading {token} ({id_}): couldn't find resource")
    return now


def delete(aws: Aws, token: str, id_: str, state: Bag) -> None:
    resource(token).delete(aws, id_, state)


def invoke(aws: Aws, token: str, arguments: Bag) -> Bag:
    if token not in FUNCTIONS:
        raise ProviderError(f"the stand-in has no function {token}; it has {', '.join(FUNCTIONS)}")
    return FUNCTIONS[token](aws, arguments)


def _wanted(kind: Resource, aws: Aws, inputs: Bag) -> Bag:
    # A global service has no regions.
    region = {"region": aws.region} if "region" in kind.table else {}
    wanted = kind.planned(aws, {**region, **inputs})
    return {name: value for name, value in wanted.items() if name != "__defaults"}
