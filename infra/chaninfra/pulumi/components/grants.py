"""The components Publisher and Reader: a further principal of an existing channel, of this program or another.

No `from __future__ import annotations` here, see `components.bucket`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import pulumi

from chaninfra.channel import patterns
from chaninfra.channel.config.aws import RolesConfig
from chaninfra.channel.config.principals import PrincipalConfig
from chaninfra.channel.config.schema import STACK_CONFIG, validate
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import Descriptor, from_document
from chaninfra.channel.policy.cdn import distribution_arn
from chaninfra.channel.policy.permissions import identity_policy
from chaninfra.channel.policy.trust import trust_policy
from chaninfra.channel.providers.aws_partitions import partition
from chaninfra.channel.providers.model import AT_ADMIN_URL, BY_BUCKET_POLICY, Provider
from chaninfra.channel.roles import Role
from chaninfra.channel.spec.bucket_settings import check_tags
from chaninfra.channel.spec.locate import provider_row
from chaninfra.channel.spec.model import PrincipalSpec
from chaninfra.channel.spec.principals import check_kind, sub_only_verifier
from chaninfra.channel.spec.role_names import role_name
from chaninfra.channel.spec.token_claims import claims_of, kind_of
from chaninfra.channel.spec.warnings import of_token
from chaninfra.pulumi.backends.s3.principals import user_name
from chaninfra.pulumi.bucket_session import store_at
from chaninfra.pulumi.components.args import PublisherArgs, ReaderArgs
from chaninfra.pulumi.declaration import as_config, check_packages
from chaninfra.pulumi.dynamic import AccessKey
from chaninfra.pulumi.errors import user_errors
from chaninfra.pulumi.handlers.base import with_integers
from chaninfra.pulumi.user_admin import ADMIN_APIS

_KINDS = ("github", "gitlab", "oidc", "key")


@dataclass(frozen=True, kw_only=True)
class _Request:
    """The checked arguments: which principal gets which role in which channel."""

    name: str
    where: str
    role: Role
    provider: Provider
    principal: PrincipalConfig
    roles: RolesConfig
    args: Mapping[str, Any]
    channel: pulumi.Output[Descriptor]

    def principal_spec(self, channel: Descriptor) -> PrincipalSpec:
        """The principal, with its token claims in the form that the channel's store verifies."""
        return PrincipalSpec(
            name=self.name,
            role=self.role,
            kind=kind_of(self.principal, self.where),
            token=claims_of(
                self.principal,
                where=self.where,
                sub_only_verifier=sub_only_verifier(self.provider, channel.region),
            ),
            key=self.principal.key,
        )


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
            request = _read(role, name, args)
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


def _read(role: Role, name: str, args: Mapping[str, Any]) -> _Request:
    """Checks the arguments. Raises ConfigurationError."""
    where = f"{role.capitalize()} {name!r}"
    document = args.get("channel")
    if document is None:
        raise ConfigurationError(
            "`channel` is missing", where=where, remedy="give the output `descriptor` of a CondaChannel"
        )
    given = args.get("provider") or (document.get("provider") if isinstance(document, Mapping) else None)
    provider = provider_row("aws" if isinstance(given, pulumi.Output) else given, None, where, ("provider",))
    principal = _convert({kind: args.get(kind) for kind in _KINDS}, "principal", PrincipalConfig, where)
    kind = kind_of(principal, where)
    check_kind(kind, provider, where, (kind,))
    # Checked here already, so that an error does not wait until the channel is known.
    claims = claims_of(principal, where=where)
    for problem in of_token(claims, where=where) if claims is not None else ():
        pulumi.log.warn(str(problem))
    if isinstance(tags := args.get("tags"), Mapping):
        check_tags({key: value for key, value in tags.items() if isinstance(value, str)}, where)
    if provider.backend != "aws":
        _check_store(provider, principal, role, where)

    def parsed(document: Any) -> Descriptor:
        with user_errors():
            channel = from_document(with_integers(document), where=f"{where}, key channel")
            if channel.provider != provider.name:
                raise ConfigurationError(
                    f"the channel is at {channel.provider}, not at {provider.name}",
                    where=where,
                    key=("provider",),
                    remedy=f"set `provider` to {channel.provider}",
                )
        return channel

    return _Request(
        name=name,
        where=where,
        role=role,
        provider=provider,
        principal=principal,
        roles=_convert(args.get("roles") or {}, "roles", RolesConfig, where),
        args=args,
        channel=pulumi.Output.from_input(document).apply(parsed),
    )


def _check_store(provider: Provider, principal: PrincipalConfig, role: Role, where: str) -> None:
    """Raises ConfigurationError if the store cannot have principals that are declared apart from the channel."""
    title, way = provider.title, provider.keys.value
    if principal.key is None:
        raise ConfigurationError(
            f"{title} accepts tokens by settings of the server, for the whole channel",
            where=where,
            remedy=f"add it to `{role}s` of the component that declares the channel, or give `key: {{}}`",
        )
    if way in BY_BUCKET_POLICY:
        raise ConfigurationError(
            f"users of {title} have no policies of their own: the channel's bucket policy names them",
            where=where,
            remedy=f"add it to `{role}s` of the component that declares the channel",
        )
    if way in AT_ADMIN_URL:
        raise ConfigurationError(
            f"the admin API of {title} has a URL of its own, which the channel's stack knows",
            where=where,
            remedy=f"add it to `{role}s` of the component that declares the channel, and set `admin-url` there",
        )
    if way not in ADMIN_APIS:
        raise ConfigurationError(
            f"{title} has no API that makes access keys with few permissions",
            where=where,
            remedy=f"add it to `{role}s` of a chaninfra stack, whose output `next-steps` tells how to make the key by "
            "hand",
        )


def _convert(args: Mapping[str, Any], definition: str, model: type[Any], where: str) -> Any:
    """The arguments as `model`, the msgspec class of that definition in the schema. Raises ConfigurationError."""
    config = as_config(args, definition, where)
    try:
        return msgspec.convert(config, model)
    except msgspec.ValidationError as error:
        # The schema's validator has the better message.
        validate(config, STACK_CONFIG, where=where, part=definition)
        raise ConfigurationError(str(error), where=where) from error


def _on_aws(request: _Request, opts: pulumi.ResourceOptions) -> dict[str, Any]:
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


def _on_store(request: _Request, opts: pulumi.ResourceOptions) -> dict[str, Any]:
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


_BACKENDS: dict[str, Callable[[_Request, pulumi.ResourceOptions], dict[str, Any]]] = {"aws": _on_aws, "s3": _on_store}
