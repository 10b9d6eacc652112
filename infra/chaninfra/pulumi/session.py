"""How a dynamic resource reaches its bucket: from its inputs and the stack's config, never from the state."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import Config

from chaninfra.channel.control import s3_client
from chaninfra.channel.credentials import Credentials, assume_role, resolve
from chaninfra.channel.location import Location
from chaninfra.channel.spec import BucketSpec
from chaninfra.channel.store import S3Store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def store_input(bucket: BucketSpec, namespace: str) -> dict[str, Any]:
    """The input `store` of every dynamic resource: where the bucket is, and how credentials for it are found.

    Those who come by way of AWS take the profile and the roles that the AWS provider of the same stack takes.
    """
    location = bucket.location
    found: dict[str, Any] = {
        "bucket": location.bucket,
        "endpoint-url": location.endpoint_url,
        "region": location.region,
        "force-path-style": location.force_path_style,
        "profile": bucket.profile,
        "namespace": namespace,
    }
    # Only where there are some: the inputs of stacks without them stay as they were.
    if bucket.assume_roles:
        found["assume-roles"] = [dict(role) for role in bucket.assume_roles]
    return found


class Session:
    """A bucket and the credentials that reach it; they are looked for when they are first needed."""

    def __init__(self, store: dict[str, Any], config: Config) -> None:
        """The session for the input `store`; a key in the config, kept encrypted there, comes first."""
        self._store = store
        self._config = config
        self.location = Location(
            bucket=store["bucket"],
            endpoint_url=store["endpoint-url"],
            region=store["region"],
            force_path_style=store["force-path-style"],
        )

    def at(self, store: dict[str, Any]) -> Session:
        """The session for another `store`, the one in the state for one."""
        return Session(store, self._config)

    @cached_property
    def credentials(self) -> Credentials:
        """The credentials. Raises CredentialsError."""

        def given(key: str) -> str | None:
            value = self._config.get(f"{self._store['namespace']}:{key}")
            return str(value) if value else None

        found = resolve(
            access_key_id=given("access-key-id"),
            secret_access_key=given("secret-access-key"),
            session_token=given("session-token"),
            profile=self._store.get("profile"),
        )
        for role in self._store.get("assume-roles", ()):
            found = assume_role(role, found, self.location.region)
        return found

    @cached_property
    def objects(self) -> S3Store:
        """The objects of the bucket."""
        return S3Store(self.location, self.credentials)

    @cached_property
    def client(self) -> S3Client:
        """The bucket itself."""
        return s3_client(self.location, self.credentials)
