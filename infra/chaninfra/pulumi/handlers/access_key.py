"""An access key of a principal, with its user and its policy, on a store whose admin API makes them.

The access key id is also the name of the user, and on MinIO that of the policy. It is new for each key, so that on a
rotation Pulumi creates the new key before it deletes the old one.
"""

from __future__ import annotations

import re
import secrets
from typing import TypedDict

from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.policy.merging import equivalent
from chaninfra.channel.providers.model import ALPHANUMERIC, KeyWay
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.handlers.base import Difference, Handler
from chaninfra.pulumi.user_admin import ADMIN_APIS, Document, UserAdmin

# Random bytes, written in hex.
_ID_BYTES = 6


class AccessKeyInputs(TypedDict):
    """`user` is the prefix of the access key id; `policy` is {} where the bucket policy grants the permissions;
    another `rotate` makes another key."""

    store: StoreInput
    way: KeyWay
    user: str
    policy: Document
    rotate: str


class AccessKeyOutputs(AccessKeyInputs):
    """`secret_access_key` is encrypted in the state."""

    access_key_id: str
    secret_access_key: str


class AccessKeyHandler(Handler[AccessKeyInputs, AccessKeyOutputs]):
    """Makes a user of the store with one access key and one policy."""

    identity = ("way", "user", "rotate")

    def check(self, olds: AccessKeyOutputs, news: AccessKeyInputs) -> tuple[str, str] | None:
        """The error if the admin API does not answer these credentials; found in a preview, before any change."""
        try:
            if not olds:
                self._admin(news).user_policy(news["user"])
        except ChaninfraError as error:
            return "", error.for_stack()
        return None

    def diff(self, olds: AccessKeyOutputs, news: AccessKeyInputs) -> Difference:
        """Policies are compared by their meaning, since stores rewrite them."""
        plain = self.difference(olds, news, ignore=("policy",))
        return Difference(plain.changes or not same_policy(olds["policy"], news["policy"]), plain.replaces)

    def create(self, props: AccessKeyInputs) -> tuple[str, AccessKeyOutputs]:
        """Makes the key under a new random id."""
        key_id = f"{props['user']}-{secrets.token_hex(_ID_BYTES)}"
        if props["way"] in ALPHANUMERIC:
            key_id = re.sub(r"[^A-Za-z0-9]", "", key_id)
        secret = self._admin(props).create_user(key_id, props["policy"])
        return key_id, {**props, "access_key_id": key_id, "secret_access_key": secret}

    def read(self, props: AccessKeyOutputs) -> AccessKeyOutputs | None:
        """The key with the policy that the store has for it; None if there is no such user."""
        actual = self._admin(props).user_policy(props["access_key_id"])
        if actual is None:
            return None
        return props if same_policy(actual, props["policy"]) else {**props, "policy": actual}

    def update(self, olds: AccessKeyOutputs, news: AccessKeyInputs) -> AccessKeyOutputs:
        """Replaces the policy; id and secret stay."""
        self._admin(news).update_user(olds["access_key_id"], news["policy"])
        return {
            **news,
            "access_key_id": olds["access_key_id"],
            "secret_access_key": olds["secret_access_key"],
        }

    def delete(self, props: AccessKeyOutputs) -> None:
        """Deletes key, user and policy."""
        self._admin(props).delete_user(props["access_key_id"])

    def _admin(self, props: AccessKeyInputs) -> UserAdmin:
        return ADMIN_APIS[props["way"]](self.session)


def same_policy(one: Document, other: Document) -> bool:
    """Whether two policies have the same meaning; an empty document is a policy without statements."""
    return equivalent(one.get("Statement", []), other.get("Statement", []))
