"""A MinIO policy without a user, for principals with a token: MinIO's OpenID settings name it (`role_policy`)."""

from __future__ import annotations

from typing import TypedDict

from chaninfra.channel.errors import RefusedError
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.handlers.access_key import same_policy
from chaninfra.pulumi.handlers.base import Difference, Handler
from chaninfra.pulumi.user_admin import Document
from chaninfra.pulumi.user_admin.minio import MinioUserAdmin


class AccessPolicyInputs(TypedDict):
    """`name` is the policy's name on the server."""

    store: StoreInput
    name: str
    policy: Document


class AccessPolicyHandler(Handler[AccessPolicyInputs, AccessPolicyInputs]):
    """Writes a policy of a MinIO server."""

    identity = ("name",)

    def diff(self, olds: AccessPolicyInputs, news: AccessPolicyInputs) -> Difference:
        """Policies are compared by their meaning, since stores rewrite them."""
        plain = self.difference(olds, news, ignore=("policy",))
        return Difference(plain.changes or not same_policy(olds["policy"], news["policy"]), plain.replaces)

    def create(self, props: AccessPolicyInputs) -> tuple[str, AccessPolicyInputs]:
        """Writes the policy. Raises RefusedError if the server has another one of this name."""
        existing = self._admin.get_policy(props["name"])
        if existing is not None and not same_policy(existing, props["policy"]):
            raise RefusedError(
                f"the server has a policy {props['name']!r} that is not in this stack's state",
                where=self.session.location.endpoint_url,
                remedy="rename the principal, or delete that policy",
            )
        self._admin.put_policy(props["name"], props["policy"])
        return props["name"], props

    def read(self, props: AccessPolicyInputs) -> AccessPolicyInputs | None:
        """The policy that the server has; None if it is missing."""
        actual = self._admin.get_policy(props["name"])
        if actual is None:
            return None
        return props if same_policy(actual, props["policy"]) else {**props, "policy": actual}

    def update(self, olds: AccessPolicyInputs, news: AccessPolicyInputs) -> AccessPolicyInputs:
        """Replaces the policy."""
        self._admin.put_policy(news["name"], news["policy"])
        return news

    def delete(self, props: AccessPolicyInputs) -> None:
        """Deletes the policy."""
        self._admin.delete_policy(props["name"])

    @property
    def _admin(self) -> MinioUserAdmin:
        return MinioUserAdmin(self.session)
