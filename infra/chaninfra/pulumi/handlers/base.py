"""What every kind of dynamic resource can do, and what most of them do alike."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from chaninfra.pulumi.bucket_session import Session

Props = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """Whether an update is needed, and the inputs that force a replacement."""

    changes: bool
    replaces: tuple[str, ...] = ()


class Operations:
    """The life of one kind of resource; a subclass says what differs."""

    # Inputs that name the thing itself: with another value it is another thing.
    identity: tuple[str, ...] = ()

    def __init__(self, session: Session) -> None:
        self.session = session

    def check(self, olds: Props, news: Props) -> tuple[str, str] | None:
        """(input, reason) where the inputs cannot work; called in preview too, before anything is made."""
        return None

    def diff(self, olds: Props, news: Props) -> Difference:
        """What differs between the state and the inputs."""
        replaces = [name for name in self.identity if name in olds and olds[name] != news[name]]
        if "bucket" in olds["store"] and olds["store"]["bucket"] != news["store"]["bucket"]:
            replaces.append("store")
        changed = any(olds.get(name) != value for name, value in news.items() if not name.startswith("__"))
        return Difference(changed or bool(replaces), tuple(replaces))

    def create(self, props: Props) -> tuple[str, Props]:
        """Makes it; the id, and the outputs."""
        return self.session.location.bucket, props

    def read(self, props: Props) -> Props | None:
        """The outputs as they are now; None: it is gone."""
        return props

    def update(self, olds: Props, news: Props) -> Props:
        """Changes it in place; the new outputs."""
        return news

    def delete(self, props: Props) -> None:
        """Deletes it."""


def warn(message: str) -> None:
    """Say something to whoever runs the engine, which shows what a provider writes there."""
    print(f"warning: {message}", file=sys.stderr, flush=True)
