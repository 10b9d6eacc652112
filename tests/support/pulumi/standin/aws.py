"""The provider's configuration, and its boto3 clients."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from os import environ
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from .errors import ProviderError, explained
from .values import Bag

_NO_REGION = "Missing region configuration: set it with `pulumi config set aws:region us-west-2` or AWS_REGION"


@dataclass(frozen=True)
class Partition:
    id: str
    dns_suffix: str

    @property
    def reverse_dns(self) -> str:
        return ".".join(reversed(self.dns_suffix.split(".")))


@dataclass(frozen=True)
class Aws:
    """An account and region, as a provider resource configures them."""

    session: boto3.Session
    region: str
    endpoints: Mapping[str, str]
    path_style: bool = False
    default_tags: Mapping[str, str] = field(default_factory=dict)
    account: str = ""
    """The account's number; "" if the provider is told not to ask for it."""
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def configured(cls, config: Bag) -> "Aws":
        """The account for the provider's configuration, with the real provider's checks."""
        session = boto3.Session(
            aws_access_key_id=config.get("accessKey"),
            aws_secret_access_key=config.get("secretKey"),
            aws_session_token=config.get("token"),
            profile_name=config.get("profile"),
            # boto3 does not read AWS_REGION itself.
            region_name=config.get("region") or environ.get("AWS_REGION"),
        )
        if not session.region_name:
            raise ProviderError(_NO_REGION)
        endpoints = {name: url for one in config.get("endpoints", []) for name, url in one.items() if url}
        tags = config.get("defaultTags", {}).get("tags", {})
        aws = cls(session, session.region_name, endpoints, bool(config.get("s3UsePathStyle")), tags)
        for role in config.get("assumeRoles", []):
            aws = aws._assumed(role)
        aws._check_account(config)
        return aws if config.get("skipRequestingAccountId") else replace(aws, account=aws._account())

    def client(self, service: str, region: str | None = None) -> Any:
        key = (service, region or self.region)
        # A boto3 session is not thread-safe.
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self.session.client(
                    service,
                    region_name=key[1],
                    # Without one, boto3 looks at AWS_ENDPOINT_URL_<SERVICE> and AWS_ENDPOINT_URL itself.
                    endpoint_url=self.endpoints.get(service),
                    config=Config(s3={"addressing_style": "path" if self.path_style else "auto"}),
                )
            return self._clients[key]

    def partition(self, region: str | None = None) -> Partition:
        return _partition(region or self.region)

    def caller(self) -> dict[str, str]:
        identity = self.client("sts").get_caller_identity()
        return {name: identity[name] for name in ("Account", "Arn", "UserId")}

    def _check_account(self, config: Bag) -> None:
        allowed, forbidden = config.get("allowedAccountIds", []), config.get("forbiddenAccountIds", [])
        if config.get("skipCredentialsValidation") and not allowed and not forbidden:
            return
        try:
            account = self.caller()["Account"]
        except ClientError as error:
            raise ProviderError(f"Invalid credentials configured: {explained(error, 'STS')}") from error
        except BotoCoreError as error:
            raise ProviderError(f"No valid credential sources found: {error}") from error
        if (allowed and account not in allowed) or account in forbidden:
            raise ProviderError(f"AWS account ID not allowed: {account}")

    def _account(self) -> str:
        try:
            return self.caller()["Account"]
        except (BotoCoreError, ClientError) as error:
            # awsbase asks STS, IAM and the metadata in turn, and says this in the end.
            raise ProviderError("Retrieving AWS account details: AWS account ID not previously found") from error

    def _assumed(self, role: Bag) -> "Aws":
        arguments = {
            "RoleArn": role["roleArn"],
            "RoleSessionName": role.get("sessionName", "pulumi-stand-in"),
            **({"ExternalId": role["externalId"]} if "externalId" in role else {}),
        }
        try:
            keys = self.client("sts").assume_role(**arguments)["Credentials"]
        except ClientError as error:
            raise ProviderError(f"Cannot assume IAM Role: {explained(error, 'STS')}") from error
        session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], self.region)
        return Aws(session, self.region, self.endpoints, self.path_style, self.default_tags)


@cache
def partitions() -> list[Bag]:
    """botocore's data on partitions and regions."""
    return Session().get_component("data_loader").load_data("partitions")["partitions"]  # type: ignore[no-any-return]


@cache
def _partition(region: str) -> Partition:
    name = Session().get_partition_for_region(region)
    return next(Partition(name, one["outputs"]["dnsSuffix"]) for one in partitions() if one["id"] == name)
