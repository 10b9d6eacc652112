"""The interface of an admin API."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from chaninfra.channel.errors import ChaninfraError, CredentialsError, DeniedError

Document = dict[str, Any]
"""An IAM policy document."""
BY_HAND = "or remove `key`, and make a key by hand with the rights that `chaninfra policy` prints"
"""What to do where the deployer may not make keys."""
# Random bytes, written in hex. MinIO accepts secrets of up to 40 characters everywhere.
_SECRET_BYTES = 20


def new_secret() -> str:
    """A new secret access key, for an API that takes it in the body of a request."""
    return secrets.token_hex(_SECRET_BYTES)


class UserAdmin(Protocol):
    """Users of a store, each with one access key and one policy; user and access key id have the same name.

    All methods raise StorageError, DeniedError, CredentialsError or UnreachableError. A policy is {} where users have
    none, because the bucket policy holds their permissions.
    """

    def create_user(self, name: str, policy: Document) -> str:
        """Creates the user with this policy; the secret of its key, which is in no URL, error or log."""

    def user_policy(self, name: str) -> Document | None:
        """The user's policy in the store; None if there is no such user."""

    def update_user(self, name: str, policy: Document) -> None:
        """Gives the user this policy and no other, and enables it."""

    def delete_user(self, name: str) -> None:
        """Deletes user, access key and policy; a missing one is no error."""


@contextmanager
def all_or_nothing(users: UserAdmin, name: str) -> Iterator[None]:
    """Deletes the user if the block fails: one without its policy or its key would be left that is in no state."""
    try:
        yield
    except ChaninfraError:
        with suppress(ChaninfraError):
            users.delete_user(name)
        raise


def with_admin_named(error: ChaninfraError) -> ChaninfraError:
    """The error of an admin API; one for a missing right says whose credentials have it."""
    if not isinstance(error, DeniedError) or isinstance(error, CredentialsError):
        return error
    return DeniedError(
        f"{error.message}: `key` makes users and keys, which only an administrator of the store may",
        where=error.where,
        remedy="deploy with an administrator's access key (MinIO, RustFS: a user with the policy consoleAdmin; "
        f"versitygw: one with the role admin; SeaweedFS: an identity with the action Admin); {BY_HAND}",
        code=error.code,
        status=error.status,
    )
