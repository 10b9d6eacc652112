"""A policy of MinIO without a user, for those who come with a token: MinIO's OpenID settings name it."""

from __future__ import annotations

from chaninfra.channel.errors import RefusedError
from chaninfra.pulumi.handlers.access_key import same_policy
from chaninfra.pulumi.handlers.base import Difference, Operations, Props
from chaninfra.pulumi.user_admin.minio import MinioUserAdmin


class AccessPolicyOperations(Operations):
    """Inputs: store, name, policy."""

    identity = ("name",)

    def diff(self, olds: Props, news: Props) -> Difference:
        """Policies are compared by what they mean."""
        plain = super().diff({**olds, "policy": None}, {**news, "policy": None})
        return Difference(plain.changes or not same_policy(olds["policy"], news["policy"]), plain.replaces)

    def create(self, props: Props) -> tuple[str, Props]:
        """Writes it, unless it is somebody else's."""
        there = self._admin.get_policy(props["name"])
        if there is not None and not same_policy(there, props["policy"]):
            raise RefusedError(
                f"the server has a policy {props['name']!r} that is not in this stack's state",
                where=self.session.location.endpoint_url,
                remedy="rename the principal, or remove that policy",
            )
        return props["name"], self.update({}, props)

    def read(self, props: Props) -> Props | None:
        """It as the server has it."""
        there = self._admin.get_policy(props["name"])
        if there is None:
            return None
        return props if same_policy(there, props["policy"]) else {**props, "policy": there}

    def update(self, olds: Props, news: Props) -> Props:
        """Writes the new one."""
        self._admin.put_policy(news["name"], news["policy"])
        return news

    def delete(self, props: Props) -> None:
        """Removes it."""
        self._admin.remove_policy(props["name"])

    @property
    def _admin(self) -> MinioUserAdmin:
        return MinioUserAdmin(self.session)
