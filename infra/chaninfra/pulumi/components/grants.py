"""The components Publisher and Reader: a further principal of an existing channel, of this program or another.

No `from __future__ import annotations` here, see `components.bucket`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from chaninfra.channel import patterns
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.policy.cdn import distribution_arn
from chaninfra.channel.policy.permissions import identity_policy
from chaninfra.channel.policy.trust import trust_policy
from chaninfra.channel.providers.aws_partitions import partition
from chaninfra.channel.roles import Role
from chaninfra.channel.spec.role_names import role_name
from chaninfra.channel.spec.token_claims import claims_of, kind_of
from chaninfra.pulumi.backends.s3.principals import user_name
from chaninfra.pulumi.bucket_session import store_at
from chaninfra.pulumi.components.args import PublisherArgs, ReaderArgs
from chaninfra.pulumi.components.grant_request import Request, read
from chaninfra.pulumi.declaration import check_packages
from chaninfra.pulumi.dynamic import AccessKey
from chaninfra.pulumi.errors import user_errors


class _PrincipalComponent(pulumi.ComponentResource):
    """What Publisher and Reader have in common."""

    access: pulumi.Output[dict[str, Any]]
    """The kind of principal, and its role-arn or access-key-id."""

    role_arn: pulumi.Output[str | None]
    """On AWS: the ARN of the role that the principal assumes with its token."""

    access_key_id: pulumi.Output[str | None]
    """On other stores: the access key id."""

    secret_access_key: pulumi.Output[str | None]
    """On other stores: the secret access key. A secret."""

    def _grant(self, role: Role, name: str, args: Mapping[str, Any]) -> None:
        with user_errors():
            request = read(role, name, args)
            check_packages(request.provider)
            outputs = _BACKENDS[request.provider.backend](request, pulumi.ResourceOptions(parent=self))
        self.role_arn = pulumi.Output.from_input(outputs.get("role-arn"))
        self.access_key_id = pulumi.Output.from_input(outputs.get("access-key-id"))
        self.secret_access_key = pulumi.Output.secret(outputs.pop("secret-access-key", None))
        self.access = pulumi.Output.from_input({"kind": kind_of(request.principal, request.where), **outputs})
        self.register_outputs(
            {
                "access": self.access,
                "roleArn": self.role_arn,
                "accessKeyId": self.access_key_id,
                "secretAccessKey": self.secret_access_key,
            }
        )


class Publisher(_PrincipalComponent):
    """A further publisher of a channel, who may add packages. On AWS a role for CI tokens, on MinIO an access key."""

    def __init__(self, name: str, args: PublisherArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("chaninfra:index:Publisher", name, None, opts)
        self._grant("publisher", name, args)


class Reader(_PrincipalComponent):
    """A further reader of a channel, who may download packages. On AWS a role for CI tokens, on MinIO an access key."""

    def __init__(self, name: str, args: ReaderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("chaninfra:index:Reader", name, None, opts)
        self._grant("reader", name, args)


def _on_aws(request: Request, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """An IAM role for the token, with the permissions of its role in the channel."""
    from pulumi_aws import iam

    claims = claims_of(request.principal, where=request.where)
    assert claims is not None  # noqa: S101 - a principal on AWS that is declared apart always has a token
    provider_arn = request.args.get("oidc_provider_arn")
    if provider_arn is None:
        lookup = pulumi.InvokeOptions(parent=opts.parent)
        provider_arn = iam.get_open_id_connect_provider_output(url=f"https://{claims.issuer}", opts=lookup).arn

    def trust(channel: Descriptor, arn: str) -> str:
        with user_errors():
            patterns.check(
                arn,
                patterns.OIDC_PROVIDER,
                where=request.where,
                key=("oidc-provider-arn",),
                remedy="give the ARN of the account's OIDC provider for the issuer",
            )
            claims = request.principal_spec(channel).token
        assert claims is not None  # noqa: S101
        return json.dumps(trust_policy(claims, arn), sort_keys=True)

    def permissions(channel: Descriptor, role_arn: str, kms_key_arn: str | None) -> str:
        account = role_arn.split(":")[4]
        if kms_key_arn is not None:
            with user_errors():
                remedy = "give the ARN of one key, arn:aws:kms:REGION:ACCOUNT:key/ID"
                patterns.check(kms_key_arn, patterns.KMS_KEY, where=request.where, key=("kms-key-arn",), remedy=remedy)
        policy = identity_policy(
            request.role,
            bucket=channel.bucket,
            prefix=channel.prefix,
            subdirs=channel.subdirs,
            partition=partition(channel.region),
            kms_key_arn=kms_key_arn,
            distribution=distribution_arn(account, channel.cdn.id) if channel.cdn else None,
            channeldata=channel.index.has_channeldata,
        )
        return json.dumps(policy, sort_keys=True)

    def name(channel: Descriptor) -> str:
        return role_name(channel.bucket, channel.prefix, request.principal_spec(channel), request.roles.name_prefix)

    role = iam.Role(
        f"{request.name}-role",
        name=request.channel.apply(name),
        description=request.channel.apply(
            lambda channel: f"{request.role} of the conda channel {channel.name} in {channel.bucket}"
        ),
        assume_role_policy=pulumi.Output.all(request.channel, provider_arn).apply(lambda args: trust(*args)),
        max_session_duration=request.roles.max_session_duration,
        path=request.roles.path,
        permissions_boundary=request.roles.permissions_boundary,
        tags=dict(request.args.get("tags") or {}) or None,
        # The name is fixed, so a replacement cannot be created before the old role is deleted.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
    )
    policy = pulumi.Output.all(request.channel, role.arn, request.args.get("kms_key_arn")).apply(
        lambda args: permissions(*args)
    )
    iam.RolePolicy(f"{request.name}-rights", name="conda-channel", role=role.name, policy=policy, opts=opts)
    return {"role-arn": role.arn}


def _on_store(request: Request, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """A user of the store with an access key."""
    namespace, profile = pulumi.Config().name, request.args.get("profile")

    def policy(channel: Descriptor) -> dict[str, Any]:
        return identity_policy(
            request.role,
            bucket=channel.bucket,
            prefix=channel.prefix,
            subdirs=channel.subdirs,
            version_rights=request.provider.version_rights.value,
            channeldata=channel.index.has_channeldata,
        )

    def user(channel: Descriptor) -> str:
        return user_name(channel.prefix, channel.bucket, request.principal_spec(channel))

    key = AccessKey(
        f"{request.name}-key",
        {
            "store": request.channel.apply(lambda each: store_at(each.location, request.provider, profile, namespace)),
            "way": request.provider.keys.value,
            "user": request.channel.apply(user),
            "policy": request.channel.apply(policy),
            "rotate": str(request.principal.key.rotate if request.principal.key else ""),
        },
        opts,
    )
    return {"access-key-id": key.access_key_id, "secret-access-key": key.secret_access_key}


_BACKENDS: dict[str, Callable[[Request, pulumi.ResourceOptions], dict[str, Any]]] = {"aws": _on_aws, "s3": _on_store}
