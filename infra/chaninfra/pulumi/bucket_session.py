"""How a handler reaches its bucket: the location from its input `store`, the credentials from the stack's config or
the environment. Credentials are never in the state."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Protocol, TypedDict

from chaninfra.channel.location import Location
from chaninfra.channel.providers.model import Backend, Provider
from chaninfra.channel.s3.boto import s3_client
from chaninfra.channel.s3.credentials import Credentials, assume_role, resolve
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.channel.s3.trust import ca_bundle
from chaninfra.channel.spec.model import BucketSpec

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Config keys of the access key: in the stack's own namespace, and in the namespace `aws` of the AWS provider.
_KEYS = ("access-key-id", "secret-access-key", "session-token")
_AWS_KEYS = ("accessKey", "secretKey", "token")

StoreInput = TypedDict(
    "StoreInput",
    {
        "bucket": str,
        "endpoint-url": str,
        "region": str,
        "force-path-style": bool,
        # Profile of the AWS configuration files.
        "profile": NotRequired[str | None],
        # Config namespace of the stack's access key, the project's name.
        "namespace": str,
        # "aws": the credentials that the AWS provider of the stack uses, config `aws:` included. Missing in old
        # states: "any".
        "chain": NotRequired[Literal["aws", "any"]],
        # URL of the store's admin API, of access keys alone, and only where it is not at the endpoint.
        "admin-url": NotRequired[str],
    },
)
"""The input `store` of every dynamic resource, as it is in the state."""


def backend_of(store: StoreInput) -> Backend | None:
    """The backend that made the bucket; None if the state is too old to say."""
    chain = store.get("chain")
    return None if chain is None else "aws" if chain == "aws" else "s3"


class Config(Protocol):
    """Reads the stack's config by `namespace:key`. `pulumi.dynamic.Config` in the engine, a dict in tests."""

    def get(self, key: str, /) -> Any:
        """The value, decrypted; None if it is not set."""


def store_input(bucket: BucketSpec, namespace: str) -> StoreInput:
    """The input `store` for the bucket of a stack whose config is in `namespace`."""
    return store_at(bucket.location, bucket.provider, bucket.profile, namespace)


def store_at(location: Location, provider: Provider, profile: str | None, namespace: str) -> StoreInput:
    """The input `store` for a bucket of which only the location is known, for example from a channel descriptor."""
    return {
        "bucket": location.bucket,
        "endpoint-url": location.endpoint_url,
        "region": location.region,
        "force-path-style": location.force_path_style,
        "profile": profile,
        "namespace": namespace,
        "chain": "aws" if provider.backend == "aws" else "any",
    }


def at_admin_url(store: StoreInput, bucket: BucketSpec) -> StoreInput:
    """The input `store` of an access key: with the admin API of the store too, where that has its own URL."""
    return store if bucket.admin_url is None else {**store, "admin-url": bucket.admin_url}


class Session:
    """A bucket and the credentials that reach it. Credentials are resolved at first use."""

    def __init__(self, store: StoreInput, config: Config) -> None:
        """An access key in `config` takes precedence over the profile and the environment."""
        self._store = store
        self._config = config
        self.location = Location(
            bucket=store["bucket"],
            endpoint_url=store["endpoint-url"],
            region=store["region"],
            force_path_style=store["force-path-style"],
        )

    def at(self, store: StoreInput) -> Session:
        """A session for another `store` with the same config, for example for the bucket in the old state."""
        return Session(store, self._config)

    @cached_property
    def credentials(self) -> Credentials:
        """The credentials. Raises CredentialsError."""

        aws = self._store.get("chain") == "aws"
        names = _AWS_KEYS if aws else _KEYS

        def from_config(key: str) -> str | None:
            value = self._config.get(f"{'aws' if aws else self._store['namespace']}:{key}")
            return str(value) if value else None

        credentials = resolve(
            access_key_id=from_config(names[0]),
            secret_access_key=from_config(names[1]),
            session_token=from_config(names[2]),
            profile=self._store.get("profile"),
            chain="aws" if aws else "any",
        )
        # Read here instead of being inputs, since a role's settings (`externalId`) may be secret.
        for role in json.loads(self._config.get("aws:assumeRoles") or "[]") if aws else ():
            credentials = assume_role(role, credentials, self.location.region)
        return credentials

    @property
    def admin_url(self) -> str:
        """The URL of the store's admin API, without a slash at the end."""
        return self._store.get("admin-url", self.location.endpoint_url)

    @property
    def admin_token(self) -> str | None:
        """The token of the admin API in the stack's config; None if it has none."""
        return self._config.get(f"{self._store['namespace']}:admin-token") or None

    @cached_property
    def account(self) -> str | None:
        """The AWS account of the credentials. None on other stores, and if STS cannot be asked: a private network may
        have an endpoint for S3 alone, and then the AWS provider is told so (`aws:skipRequestingAccountId`)."""
        if self._store.get("chain") != "aws" or self._config.get("aws:skipRequestingAccountId") == "true":
            return None
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            account: str = self.service("sts").get_caller_identity()["Account"]
        except (BotoCoreError, ClientError):
            return None
        return account

    def service(self, name: Literal["sts", "iam"]) -> Any:
        """boto3's client of another service of AWS, at the endpoint that the AWS provider is told (`aws:endpoints`)."""
        import boto3
        from botocore.config import Config as ClientConfig

        endpoints = json.loads(self._config.get("aws:endpoints") or "[]")
        return boto3.session.Session().client(
            name,
            endpoint_url=next((one[name] for one in endpoints if one.get(name)), None),
            region_name=self.location.region,
            aws_access_key_id=self.credentials.access_key_id,
            aws_secret_access_key=self.credentials.secret_access_key,
            aws_session_token=self.credentials.session_token,
            config=ClientConfig(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "max_attempts": 2}),
            verify=ca_bundle(),
        )

    @cached_property
    def objects(self) -> S3Store:
        """The objects in the bucket."""
        return S3Store(self.location, self.credentials)

    @cached_property
    def client(self) -> S3Client:
        """boto3's client for the bucket's settings, policy and object versions."""
        return s3_client(self.location, self.credentials)
