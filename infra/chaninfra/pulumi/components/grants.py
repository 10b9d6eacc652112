"""One more publisher or reader of a channel that is there already, in this program or elsewhere.

No `from __future__ import annotations` here, see `components`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import pulumi

from chaninfra.channel.config.aws import RolesConfig
from chaninfra.channel.config.principals import PrincipalConfig
from chaninfra.channel.config.schema import STACK_CONFIG, validate
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import Descriptor, from_document
from chaninfra.channel.policy.cdn import distribution_arn
from chaninfra.channel.policy.permissions import identity_policy
from chaninfra.channel.policy.trust import trust_policy
from chaninfra.channel.providers.aws_partitions import partition
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.roles import Role
from chaninfra.channel.spec.build import provider_row
from chaninfra.channel.spec.model import PrincipalSpec
from chaninfra.channel.spec.principals import check_kind, sub_only_verifier
from chaninfra.channel.spec.role_names import role_name
from chaninfra.channel.spec.token_claims import claims_of, kind_of
from chaninfra.pulumi.backends.s3.principals import user_name
from chaninfra.pulumi.bucket_session import store_at
from chaninfra.pulumi.components.args import PublisherArgs, ReaderArgs
from chaninfra.pulumi.declaration import as_keys, whole
from chaninfra.pulumi.dynamic import AccessKey
from chaninfra.pulumi.errors import users_mistakes
from chaninfra.pulumi.user_admin import ADMIN_APIS, BY_BUCKET_POLICY

_KINDS = ("github", "gitlab", "oidc", "key")


@dataclass(frozen=True, kw_only=True)
class _Request:
    """What is asked for: who gets which role in which channel."""

    name: str
    where: str
    role: Role
    provider: Provider
    principal: PrincipalConfig
    roles: RolesConfig
    args: Mapping[str, Any]
    channel: pulumi.Output[Descriptor]

    def who(self, channel: Descriptor) -> PrincipalSpec:
        """The principal, as the store of the channel judges its tokens."""
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
    """A publisher or reader: what they have in common."""

    access: pulumi.Output[dict[str, Any]]
    """What it is known by: kind, and role-arn or access-key-id."""

    role_arn: pulumi.Output[str | None]
    """On AWS the role that it assumes with its token."""

    access_key_id: pulumi.Output[str | None]
    """On another store its access key."""

    secret_access_key: pulumi.Output[str | None]
    """The secret of the access key; a secret."""

    def _grant(self, role: Role, name: str, args: Mapping[str, Any]) -> None:
        with users_mistakes():
            grant = _read(role, name, args)
            make = _BACKENDS[grant.provider.backend]
            made = make(grant, pulumi.ResourceOptions(parent=self))
        self.role_arn = pulumi.Output.from_input(made.get("role-arn"))
        self.access_key_id = pulumi.Output.from_input(made.get("access-key-id"))
        self.secret_access_key = pulumi.Output.secret(made.pop("secret-access-key", None))
        self.access = pulumi.Output.from_input({"kind": kind_of(grant.principal, grant.where), **made})
        self.register_outputs(
            {
                "access": self.access,
                "roleArn": self.role_arn,
                "accessKeyId": self.access_key_id,
                "secretAccessKey": self.secret_access_key,
            }
        )


class Publisher(_PrincipalComponent):
    """One more who may add packages to a channel: on AWS a role for the token of a CI job, on MinIO an access key."""

    def __init__(self, name: str, args: PublisherArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("chaninfra:index:Publisher", name, None, opts)
        self._grant("publisher", name, args)


class Reader(_PrincipalComponent):
    """One more who may fetch packages of a channel: on AWS a role for the token of a CI job, on MinIO an access key."""

    def __init__(self, name: str, args: ReaderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("chaninfra:index:Reader", name, None, opts)
        self._grant("reader", name, args)


def _read(role: Role, name: str, args: Mapping[str, Any]) -> _Request:
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
    # Refused now and not once the channel is known.
    claims_of(principal, where=where)
    if provider.backend != "aws":
        _check_store(provider, principal, role, where)

    def described(found: Any) -> Descriptor:
        with users_mistakes():
            channel = from_document(whole(found), where=f"{where}, key channel")
            if channel.provider != provider.name:
                raise ConfigurationError(
                    f"the channel is at {channel.provider}, and not at {provider.name}",
                    where=f"{where}, key provider",
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
        channel=pulumi.Output.from_input(document).apply(described),
    )


def _check_store(provider: Provider, principal: PrincipalConfig, role: Role, where: str) -> None:
    """Raise ConfigurationError where a store has no principals that stand apart from the channel."""
    title, way = provider.title, provider.keys.value
    if principal.key is None:
        raise ConfigurationError(
            f"at {title} tokens are let in by settings that are the whole channel's",
            where=where,
            remedy=f"name it among `{role}s` of the component that declares the channel, or give `key: {{}}`",
        )
    if way in BY_BUCKET_POLICY:
        raise ConfigurationError(
            f"users of {title} have no policies of their own: the bucket's one policy names them, and it is the "
            "channel's",
            where=where,
            remedy=f"name it among `{role}s` of the component that declares the channel",
        )
    if way not in ADMIN_APIS:
        raise ConfigurationError(
            f"{title} has no API by which a key with few rights is made",
            where=where,
            remedy=f"name it among `{role}s` of a stack of chaninfra, whose output `next-steps` says how it is "
            "made by hand",
        )


def _convert(args: Mapping[str, Any], definition: str, model: type[Any], where: str) -> Any:
    keys = as_keys(args, definition, where)
    try:
        return msgspec.convert(keys, model)
    except msgspec.ValidationError as error:
        validate(keys, STACK_CONFIG, where=where, part=definition)
        raise ConfigurationError(str(error), where=where) from error


def _on_aws(grant: _Request, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """A role that trusts the token, with the rights of its kind on the channel."""
    from pulumi_aws import iam

    issuer = claims_of(grant.principal, where=grant.where)
    assert issuer is not None  # noqa: S101 - no other kind is left on AWS
    provider_arn = grant.args.get("oidc_provider_arn")
    if provider_arn is None:
        lookup = pulumi.InvokeOptions(parent=opts.parent)
        provider_arn = iam.get_open_id_connect_provider_output(url=f"https://{issuer.issuer}", opts=lookup).arn

    def trusted(channel: Descriptor, arn: str) -> str:
        with users_mistakes():
            claims = grant.who(channel).token
        assert claims is not None  # noqa: S101
        return json.dumps(trust_policy(claims, arn), sort_keys=True)

    def rights(channel: Descriptor, role_arn: str, kms_key_arn: str | None) -> str:
        account = role_arn.split(":")[4]
        policy = identity_policy(
            grant.role,
            bucket=channel.bucket,
            prefix=channel.prefix,
            subdirs=channel.subdirs,
            partition=partition(channel.region),
            kms_key_arn=kms_key_arn,
            distribution=distribution_arn(account, channel.cdn.id) if channel.cdn else None,
        )
        return json.dumps(policy, sort_keys=True)

    keys = grant.roles
    role = iam.Role(
        f"{grant.name}-role",
        name=grant.channel.apply(
            lambda channel: role_name(channel.bucket, channel.prefix, grant.who(channel), keys.name_prefix)
        ),
        description=grant.channel.apply(
            lambda channel: f"{grant.role} of the conda channel {channel.name} in {channel.bucket}"
        ),
        assume_role_policy=pulumi.Output.all(grant.channel, provider_arn).apply(lambda known: trusted(*known)),
        max_session_duration=keys.max_session_duration,
        path=keys.path,
        permissions_boundary=keys.permissions_boundary,
        tags=dict(grant.args.get("tags") or {}) or None,
        # Its name is fixed, so another cannot be made while it is there.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(delete_before_replace=True)),
    )
    policy = pulumi.Output.all(grant.channel, role.arn, grant.args.get("kms_key_arn")).apply(
        lambda known: rights(*known)
    )
    iam.RolePolicy(f"{grant.name}-rights", name="conda-channel", role=role.name, policy=policy, opts=opts)
    return {"role-arn": role.arn}


def _on_store(grant: _Request, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """A user of its own with an access key."""
    namespace, profile = pulumi.Config().name, grant.args.get("profile")

    def policy(channel: Descriptor) -> dict[str, Any]:
        about = {"bucket": channel.bucket, "prefix": channel.prefix, "subdirs": channel.subdirs}
        return identity_policy(grant.role, **about)

    key = AccessKey(
        f"{grant.name}-key",
        {
            "store": grant.channel.apply(
                lambda channel: store_at(channel.location, grant.provider, profile, namespace)
            ),
            "way": grant.provider.keys.value,
            "user": grant.channel.apply(lambda channel: user_name(channel.prefix, channel.bucket, grant.who(channel))),
            "policy": grant.channel.apply(policy),
            "rotate": str(grant.principal.key.rotate if grant.principal.key else ""),
        },
        opts,
    )
    return {"access-key-id": key.access_key_id, "secret-access-key": key.secret_access_key}


_BACKENDS: dict[str, Callable[[_Request, pulumi.ResourceOptions], dict[str, Any]]] = {"aws": _on_aws, "s3": _on_store}
