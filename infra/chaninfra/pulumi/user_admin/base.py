"""What a way of making access keys can do."""

from __future__ import annotations

from typing import Any, Protocol

Document = dict[str, Any]


class UserAdmin(Protocol):
    """Users of a store, each with one access key and one policy, all three of the same name.

    The policy is empty where users have none: what they may do is then in the bucket's.
    """

    def make(self, name: str, secret: str, policy: Document) -> None:
        """Makes the user. Raises StorageError, DeniedError, CredentialsError, UnreachableError."""

    def policy(self, name: str) -> Document | None:
        """What the user may do, as the store has it; None: there is no such user. Raises as `make`."""

    def mend(self, name: str, policy: Document) -> None:
        """Gives the user this policy and no other, and lets it in. Raises as `make`."""

    def remove(self, name: str) -> None:
        """Removes user, key and policy, whichever are there. Raises as `make`."""
