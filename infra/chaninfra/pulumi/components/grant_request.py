"""What the components Publisher and Reader are asked for: their arguments, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import pulumi

from chaninfra.channel.config.aws import RolesConfig
from chaninfra.channel.config.principals import PrincipalConfig
from chaninfra.channel.config.schema import STACK_CONFIG, validate
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import Descriptor, from_document
from chaninfra.channel.providers.model import AT_ADMIN_URL, BY_BUCKET_POLICY, Provider
from chaninfra.channel.roles import Role
from chaninfra.channel.spec.bucket_settings import check_tags
from chaninfra.channel.spec.locate import provider_row
from chaninfra.channel.spec.model import PrincipalSpec
from chaninfra.channel.spec.principals import check_kind, sub_only_verifier
from chaninfra.channel.spec.token_claims import claims_of, kind_of
from chaninfra.channel.spec.warnings import of_token
from chaninfra.pulumi.declaration import as_config
from chaninfra.pulumi.errors import user_errors
from chaninfra.pulumi.handlers.base import with_integers
from chaninfra.pulumi.user_admin import ADMIN_APIS

_KINDS = ("github", "gitlab", "oidc", "key")


@dataclass(frozen=True, kw_only=True)
class Request:
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


def read(role: Role, name: str, args: Mapping[str, Any]) -> Request:
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

    return Request(
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
    with_the_channel = f"add it to `{role}s` of the component that declares the channel"
    if principal.key is None:
        raise ConfigurationError(
            f"{title} accepts tokens by settings of the server, for the whole channel",
            where=where,
            remedy=f"{with_the_channel}, or give `key: {{}}`",
        )
    if way in BY_BUCKET_POLICY:
        raise ConfigurationError(
            f"users of {title} have no policies of their own: the channel's bucket policy names them",
            where=where,
            remedy=with_the_channel,
        )
    if provider.object_owner.value == "writer" and role != "reader":
        raise ConfigurationError(
            f"on {title} an object is its writer's: the owner of the bucket may read what this one publishes only if "
            "the bucket policy says so",
            where=where,
            remedy=with_the_channel,
        )
    if way in AT_ADMIN_URL:
        raise ConfigurationError(
            f"the admin API of {title} has a URL of its own, which the channel's stack knows",
            where=where,
            remedy=f"{with_the_channel}, and set `admin-url` there",
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
