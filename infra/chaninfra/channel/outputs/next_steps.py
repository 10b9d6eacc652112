"""What a person must finish by hand, where the stack cannot: the stack output `next-steps`. Pure functions.

A step names what `chaninfra doctor` may look at afterwards. No step holds a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from shlex import quote
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from chaninfra.channel.conda.subdirs import NOARCH
from chaninfra.channel.policy.documents import KEY_POLICY
from chaninfra.channel.policy.kms import key_statements
from chaninfra.channel.providers.model import OidcWay
from chaninfra.channel.providers.templates import fill
from chaninfra.channel.spec.model import ChannelSpec, PrincipalSpec, StackSpec
from chaninfra.channel.spec.role_names import VERSITYGW_ACCOUNT, role_name
from chaninfra.channel.spec.token_claims import TokenClaims


class DoneWhen(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """How it can be seen later that a step was done."""

    kind: Annotated[
        Literal["public-read", "key", "token"],
        Meta(
            description="`public-read`: anybody can fetch `target`; `key`: the principal `target` has an access key "
            "and its rights; `token`: the principal `target` gets in with its token."
        ),
    ]
    target: Annotated[str, Meta(description="A URL, or ROLE/CHANNEL/NAME.", min_length=1)]


class NextStep(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """One thing to do by hand."""

    title: Annotated[str, Meta(description="What is done by it.", min_length=1)]
    why: Annotated[str, Meta(description="Why the stack does not do it.", min_length=1)]
    steps: Annotated[
        tuple[str, ...],
        Meta(
            description="Commands, or where to click, one after the other; words in capitals are yours.", min_length=1
        ),
    ]
    checks: Annotated[tuple[DoneWhen, ...], Meta(description="What shows that it was done.")] = ()


def next_steps(stack: StackSpec, *, stack_file: str) -> list[NextStep]:
    """What is to be done by hand, in order. `stack_file` is the stack's file, for commands that read it."""
    oidc = _OIDC.get(stack.bucket.provider.oidc.value, _nothing)
    return [*_public(stack), *_kms(stack, stack_file), *_keys(stack, stack_file), *oidc(stack, stack_file)]


def _public(stack: StackSpec) -> Iterator[NextStep]:
    provider = stack.bucket.provider
    if stack.visibility != "public" or provider.public.value != "by-hand":
        return
    values = _values(stack) | {"public-host": urlsplit(stack.channels[0].public_url or "").netloc}
    yield NextStep(
        title=f"Let everybody read the bucket {stack.bucket.name}",
        why=f"{provider.title} does not do it over the S3 API",
        steps=tuple(fill(step, values) for step in provider.by_hand.public),
        checks=tuple(
            DoneWhen(kind="public-read", target=f"{channel.public_url}/{NOARCH}/repodata.json")
            for channel in stack.channels
        ),
    )


def _kms(stack: StackSpec, stack_file: str) -> Iterator[NextStep]:
    if key_statements(stack):
        yield NextStep(
            title="Let the KMS key be used by those who are named by ARN or by organization, and by the CDN",
            why="the key is not this stack's",
            steps=(f"chaninfra policy {KEY_POLICY} --config {stack_file}", "add the statements to the key's policy"),
        )


def _keys(stack: StackSpec, stack_file: str) -> Iterator[NextStep]:
    provider = stack.bucket.provider
    if provider.keys.value != "by-hand":
        return
    for channel, principal in _principals(stack):
        if principal.key is None:
            continue
        steps = provider.by_hand.key.get(principal.role)
        if steps is None:
            how = f": {provider.keys.note}" if provider.keys.note else ""
            steps = (
                f"make an access key for {{user}} that has the rights below and no others{how}",
                "{rights}",
            )
        values = _values(stack) | {
            "user": role_name(stack.bucket.name, channel.prefix, principal),
            "rights": _rights(channel, principal, stack_file),
        }
        if channel.prefix:
            values["prefix"] = channel.prefix
        yield NextStep(
            title=f"Make the access key of the {principal.role} {principal.name} of {channel.name}",
            why=f"chaninfra cannot make keys of {provider.title}",
            steps=tuple(fill(step, values) for step in steps),
            checks=(DoneWhen(kind="key", target=_target(channel, principal)),),
        )


def _minio(stack: StackSpec, _: str) -> Iterator[NextStep]:
    """OpenID settings of MinIO, one for an audience; the policies that they name say whose token may do what."""
    for trust, found in _by_issuer(stack):
        names = ",".join(role_name(stack.bucket.name, channel.prefix, principal) for channel, principal in found)
        yield NextStep(
            title=f"Let MinIO take tokens of {trust.issuer} for {trust.audience}",
            why="an issuer is a setting of the server",
            steps=(
                f"mc idp openid add ALIAS {_slug(trust)} {quote(f'config_url={_discovery(trust)}')} "
                # The secret is of its console's logins; MinIO wants one all the same.
                f"{quote(f'client_id={trust.audience}')} client_secret=unused {quote(f'role_policy={names}')}",
                "or, where the server has settings of this client_id already (mc idp openid list ALIAS): "
                "mc idp openid update ALIAS NAME role_policy=…, these policies after those that it has",
                "mc admin service restart ALIAS",
            ),
            checks=tuple(DoneWhen(kind="token", target=_target(*one)) for one in found),
        )


def _versitygw(stack: StackSpec, stack_file: str) -> Iterator[NextStep]:
    """The IAM of versitygw: issuers, and a role for each principal. Its `iam` command must run beside the gateway."""
    aws = "aws iam --endpoint-url IAM_URL"
    for trust, found in _by_issuer(stack):
        steps = [
            f"{aws} create-open-id-connect-provider --url https://{trust.issuer} "
            f"--client-id-list {quote(trust.audience)}"
        ]
        for channel, principal in found:
            name = role_name(stack.bucket.name, channel.prefix, principal)
            document = f"chaninfra policy {_target(channel, principal)}"
            steps += [
                f"{document}/trust --config {stack_file} --account {VERSITYGW_ACCOUNT} > trust.json",
                f"{aws} create-role --role-name {name} --assume-role-policy-document file://trust.json",
                f"{_rights(channel, principal, stack_file)} > rights.json",
                f"{aws} put-role-policy --role-name {name} --policy-name channel --policy-document file://rights.json",
            ]
        yield NextStep(
            title=f"Let versitygw take tokens of {trust.issuer} for {trust.audience}",
            why="issuers and roles are kept by its `iam` command, which runs beside the gateway "
            "(--iam-standalone-endpoint)",
            steps=tuple(steps),
            checks=tuple(DoneWhen(kind="token", target=_target(*one)) for one in found),
        )


def _nothing(_stack: StackSpec, _stack_file: str) -> Iterator[NextStep]:
    return iter(())


_OIDC: dict[OidcWay, Callable[[StackSpec, str], Iterator[NextStep]]] = {
    "minio-openid": _minio,
    "versitygw-iam": _versitygw,
}


def _principals(stack: StackSpec) -> Iterator[tuple[ChannelSpec, PrincipalSpec]]:
    return ((channel, principal) for channel in stack.channels for principal in channel.principals)


def _by_issuer(stack: StackSpec) -> Iterator[tuple[TokenClaims, list[tuple[ChannelSpec, PrincipalSpec]]]]:
    """The principals with a token, by issuer and audience."""
    found = [(one.token, (channel, one)) for channel, one in _principals(stack) if one.token is not None]

    def place(item: tuple[TokenClaims, object]) -> tuple[str, str]:
        return (item[0].issuer, item[0].audience)

    for _, group in groupby(sorted(found, key=place), place):
        members = [*group]
        yield members[0][0], [member for _, member in members]


def _values(stack: StackSpec) -> dict[str, str]:
    location = stack.bucket.location
    return {"bucket": location.bucket, "endpoint-url": location.endpoint_url, "region": location.region}


def _rights(channel: ChannelSpec, principal: PrincipalSpec, stack_file: str) -> str:
    return f"chaninfra policy {_target(channel, principal)}/rights --config {stack_file}"


def _target(channel: ChannelSpec, principal: PrincipalSpec) -> str:
    return f"{principal.role}/{channel.name}/{principal.name}"


def _discovery(trust: TokenClaims) -> str:
    """The URL of the issuer's discovery document (OpenID Connect Discovery 1.0, section 4)."""
    return f"https://{trust.issuer.rstrip('/')}/.well-known/openid-configuration"


def _slug(trust: TokenClaims) -> str:
    """A name for the settings of an issuer, of the letters that MinIO takes."""
    return re.sub(r"[^a-z0-9]+", "_", f"{trust.issuer}_{trust.audience}".lower()).strip("_")
