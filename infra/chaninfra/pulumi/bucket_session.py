"""How a dynamic resource reaches its bucket: from its inputs and the stack's config, never from the state."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import Config

from chaninfra.channel.location import Location
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.s3.boto import s3_client
from chaninfra.channel.s3.credentials import Credentials, assume_role, resolve
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.channel.spec.model import BucketSpec

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


_KEYS = ("access-key-id", "secret-access-key", "session-token")
_AWS_KEYS = ("accessKey", "secretKey", "token")


def store_input(bucket: BucketSpec, namespace: str) -> dict[str, Any]:
    """The input `store` of every dynamic resource: where the bucket is, and how credentials for it are found."""
    return store_at(bucket.location, bucket.provider, bucket.profile, namespace)


def store_at(location: Location, provider: Provider, profile: str | None, namespace: str) -> dict[str, Any]:
    """The same for a bucket of which no more is known.

    `chain` "aws": as the AWS provider of the same stack finds them, its keys and roles in the config among them.
    """
    return {
        "bucket": location.bucket,
        "endpoint-url": location.endpoint_url,
        "region": location.region,
        "force-path-style": location.force_path_style,
        "profile": profile,
        "namespace": namespace,
        "chain": "aws" if provider.backend == "aws" else "any",
    }


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

        aws = self._store.get("chain") == "aws"
        names = _AWS_KEYS if aws else _KEYS

        def given(key: str) -> str | None:
            value = self._config.get(f"{'aws' if aws else self._store['namespace']}:{key}")
            return str(value) if value else None

        found = resolve(
            access_key_id=given(names[0]),
            secret_access_key=given(names[1]),
            session_token=given(names[2]),
            profile=self._store.get("profile"),
            chain="aws" if aws else "any",
        )
        # Read here and not an input: what they hold may be secret.
        for role in json.loads(self._config.get("aws:assumeRoles") or "[]") if aws else ():
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
