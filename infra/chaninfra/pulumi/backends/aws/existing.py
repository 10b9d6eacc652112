"""The roles and OIDC providers that the account has already, for a stack that adopts a bucket whose state was lost.

Their names are fixed, so that to create them would fail: they are taken into the state instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env
from pulumi.runtime.proto.resource_pb2_grpc import ResourceMonitorStub
from pulumi.runtime.settings import get_monitor

from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.s3.boto import code_and_status
from chaninfra.channel.spec.model import StackSpec
from chaninfra.channel.spec.role_names import role_name
from chaninfra.pulumi.bucket_session import Session, StoreInput


@dataclass(frozen=True)
class Existing:
    """What there is of what a stack would create."""

    roles: frozenset[str] = frozenset()
    """Names of IAM roles."""
    providers: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    """Issuer without https:// → ARN and audiences of its IAM OIDC provider."""


def existing(stack: StackSpec, store: StoreInput) -> Existing:
    """What the account has, if the stack adopts its bucket. Empty if IAM cannot be asked, which a warning says: the AWS
    provider then creates them, or fails."""
    tokens = [
        (channel, principal, principal.token)
        for channel in stack.channels
        for principal in channel.principals
        if principal.token is not None
    ]
    # With Pulumi's mocks nothing is asked.
    if not (stack.bucket.adopt and tokens and isinstance(get_monitor(), ResourceMonitorStub)):
        return Existing()
    from botocore.exceptions import BotoCoreError, ClientError

    prefix = stack.bucket.aws.roles.name_prefix
    names = sorted(role_name(stack.bucket.name, channel.prefix, each, prefix) for channel, each, _ in tokens)
    issuers = {token.issuer for _, _, token in tokens}
    try:
        iam = Session(store, _StackConfig()).service("iam")
        return Existing(
            frozenset(name for name in names if _found(iam.get_role, RoleName=name)), dict(_providers(iam, issuers))
        )
    except (ChaninfraError, BotoCoreError, ClientError) as error:
        why = error.for_stack() if isinstance(error, ChaninfraError) else error
        pulumi.log.warn(f"whether the roles {', '.join(names)} exist could not be found out: {why}")
        return Existing()


def _providers(iam: Any, issuers: set[str]) -> list[tuple[str, tuple[str, tuple[str, ...]]]]:
    found = []
    for entry in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        arn = entry["Arn"]
        # The ARN ends with the issuer: arn:aws:iam::ACCOUNT:oidc-provider/ISSUER.
        for issuer in issuers:
            if arn.partition(":oidc-provider/")[2].rstrip("/") == issuer.rstrip("/"):
                provider = _found(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn)
                if provider:
                    found.append((issuer, (arn, tuple(provider.get("ClientIDList", ())))))
    return found


def _found(get: Callable[..., Any], **arguments: str) -> Any:
    """What `get` answers; None if IAM says that it is not there. Raises ClientError for any other answer."""
    from botocore.exceptions import ClientError

    try:
        return get(**arguments)
    except ClientError as error:
        if code_and_status(error)[0] == "NoSuchEntity":
            return None
        raise


class _StackConfig:
    """The config of the running stack, as a dynamic resource reads it."""

    def get(self, key: str, /) -> Any:
        """The value, decrypted; None if it is not set."""
        return {**get_config_env(), **CONFIG.get()}.get(key)
