"""The base class of the handlers, and what they share."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from chaninfra.channel.text import printable
from chaninfra.pulumi.bucket_session import Session

InputsT = TypeVar("InputsT", bound=Mapping[str, Any])
OutputsT = TypeVar("OutputsT", bound=Mapping[str, Any])


@dataclass(frozen=True)
class Difference:
    """Whether an update is needed, and the names of the inputs that force a replacement."""

    changes: bool
    replaces: tuple[str, ...] = ()


class Handler(Generic[InputsT, OutputsT]):
    """Checks, creates, reads, updates and deletes one kind of resource.

    `InputsT` are its inputs, `OutputsT` the props in the state: the inputs and what `create` adds. The methods are
    those of `pulumi.dynamic.ResourceProvider` with plain values; they raise ChaninfraError. The defaults suit a
    resource that has nothing in the store.
    """

    # Inputs that identify the resource: a change replaces it.
    identity: tuple[str, ...] = ()

    def __init__(self, session: Session) -> None:
        self.session = session

    def check(self, olds: OutputsT, news: InputsT) -> tuple[str, str] | None:
        """(input, reason) if the inputs cannot work; called in a preview too. `olds` is empty for a new resource."""
        return None

    def diff(self, olds: OutputsT, news: InputsT) -> Difference:
        """What differs between the state and the inputs."""
        return self.difference(olds, news)

    def difference(self, olds: Mapping[str, Any], news: Mapping[str, Any], ignore: Collection[str] = ()) -> Difference:
        """What differs, apart from the inputs in `ignore`; another bucket is always a replacement."""
        replaces = [name for name in self.identity if name in olds and olds[name] != news[name]]
        if "bucket" in olds["store"] and olds["store"]["bucket"] != news["store"]["bucket"]:
            replaces.append("store")
        return Difference(bool(replaces) or differ(olds, news, ignore), tuple(replaces))

    def create(self, props: InputsT) -> tuple[str, OutputsT]:
        """Creates the resource; returns its id and its outputs."""
        return self.session.location.bucket, self._as_outputs(props)

    def read(self, props: OutputsT) -> OutputsT | None:
        """The outputs as they are in the store now; None if the resource is missing."""
        return props

    def update(self, olds: OutputsT, news: InputsT) -> OutputsT:
        """Updates the resource in place; returns the new outputs."""
        return self._as_outputs(news)

    def delete(self, props: OutputsT) -> None:
        """Deletes the resource."""

    def _as_outputs(self, props: InputsT) -> OutputsT:
        return cast("OutputsT", props)


def differ(olds: Mapping[str, Any], news: Mapping[str, Any], ignore: Collection[str] = ()) -> bool:
    """Whether an input differs from the state, apart from those in `ignore` and Pulumi's own (`__provider`)."""
    return any(
        olds.get(name) != value for name, value in news.items() if not name.startswith("__") and name not in ignore
    )


def with_integers(value: Any) -> Any:
    """The value with integers instead of whole floats: Pulumi's engine passes all numbers as floats.

    A float from 2**53 on stays one, since the digits that were written are lost.
    """
    if isinstance(value, Mapping):
        return {name: with_integers(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_integers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def warn(message: str) -> None:
    """Shows a warning to whoever runs Pulumi: the engine shows what a provider writes to stderr."""
    print(f"warning: {printable(message)}", file=sys.stderr, flush=True)
