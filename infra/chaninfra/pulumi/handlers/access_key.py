"""The access key of a principal, with its user and its policy, on a store whose admin API makes them.

Key, user and policy have one name, new for each key: when a key is replaced, the new one is there before the old one is
deleted.
"""

from __future__ import annotations

import secrets

from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.policy.merging import equivalent
from chaninfra.pulumi.handlers.base import Difference, Operations, Props
from chaninfra.pulumi.user_admin import ADMIN_APIS, Document, UserAdmin

_ID, _SECRET = "access_key_id", "secret_access_key"
# Each a random number of so many bytes, in hex. MinIO takes secrets of up to 40 characters everywhere.
_ID_BYTES, _SECRET_BYTES = 6, 20


class AccessKeyOperations(Operations):
    """Inputs: store, way (of ADMIN_APIS), user, policy, rotate. Outputs besides: access_key_id, secret_access_key."""

    identity = ("way", "user", "rotate")

    def check(self, olds: Props, news: Props) -> tuple[str, str] | None:
        """Why no key can be made, if so; found out before anything is made, and in a preview."""
        try:
            if not olds:
                self._principals(news).policy(news["user"])
        except ChaninfraError as error:
            return "", str(error)
        return None

    def diff(self, olds: Props, news: Props) -> Difference:
        """Policies are compared by what they mean."""
        plain = super().diff({**olds, "policy": None}, {**news, "policy": None})
        return Difference(plain.changes or not same_policy(olds["policy"], news["policy"]), plain.replaces)

    def create(self, props: Props) -> tuple[str, Props]:
        """Makes the key; nothing has its name yet."""
        name = f"{props['user']}-{secrets.token_hex(_ID_BYTES)}"
        secret = secrets.token_hex(_SECRET_BYTES)
        self._principals(props).make(name, secret, props["policy"])
        return name, {**props, _ID: name, _SECRET: secret}

    def read(self, props: Props) -> Props | None:
        """The key with the policy that it has; None where it is gone."""
        there = self._principals(props).policy(props[_ID])
        if there is None:
            return None
        return props if same_policy(there, props["policy"]) else {**props, "policy": there}

    def update(self, olds: Props, news: Props) -> Props:
        """Gives it its policy; the key stays."""
        self._principals(news).mend(olds[_ID], news["policy"])
        return {**news, _ID: olds[_ID], _SECRET: olds[_SECRET]}

    def delete(self, props: Props) -> None:
        """Deletes key, user and policy."""
        self._principals(props).remove(props[_ID])

    def _principals(self, props: Props) -> UserAdmin:
        return ADMIN_APIS[props["way"]](self.session)


def same_policy(one: Document, other: Document) -> bool:
    """Whether two policies mean the same, where there is one."""
    return equivalent(one.get("Statement", []), other.get("Statement", []))
