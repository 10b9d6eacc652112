"""The stack output `next-steps`: instructions for what the stack cannot do itself. Pure functions.

A step also has checks, by which a program can see later that it was done. No step holds a secret. Every value in a
command is quoted for a shell.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from itertools import groupby
from shlex import quote
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct
from msgspec.structs import replace

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.subdirs import NOARCH
from chaninfra.channel.outputs.follow_steps import follow_steps, mirror_steps, place_words
from chaninfra.channel.policy.documents import KEY_POLICY
from chaninfra.channel.policy.kms import key_statements
from chaninfra.channel.providers.model import AT_ADMIN_URL, OidcWay
from chaninfra.channel.providers.templates import fill
from chaninfra.channel.spec.model import ChannelSpec, PrincipalSpec, StackSpec
from chaninfra.channel.spec.role_names import VERSITYGW_ACCOUNT, role_name
from chaninfra.channel.spec.token_claims import TokenClaims


class DoneWhen(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """A check that shows whether a step was done."""

    kind: Annotated[
        Literal["public-read", "key", "token"],
        Meta(
            description="`public-read`: everybody can fetch the URL `target`; `key`: the principal `target` has an "
            "access key with its permissions; `token`: the principal `target` gets access with its token."
        ),
    ]
    target: Annotated[str, Meta(description="A URL, or a principal as ROLE/CHANNEL/NAME.", min_length=1)]


class NextStep(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """One thing that a person must do."""

    title: Annotated[str, Meta(description="What to do.", min_length=1)]
    why: Annotated[str, Meta(description="Why the stack does not do it.", min_length=1)]
    steps: Annotated[
        tuple[str, ...],
        Meta(description="Commands to run or where to click, in order; replace the words in capitals.", min_length=1),
    ]
    checks: Annotated[tuple[DoneWhen, ...], Meta(description="Checks that show whether it was done.")] = ()


def next_steps(stack: StackSpec, *, stack_file: str) -> list[NextStep]:
    """The steps, in order. `stack_file` is the path of `Pulumi.<stack>.yaml` for the commands in them."""
    oidc = _OIDC.get(stack.bucket.provider.oidc.value, _nothing)
    return [
        *_prepared(stack, [*_public(stack), *_keys(stack, stack_file)]),
        *_kms(stack, stack_file),
        *oidc(stack, stack_file),
        *_follow(stack, stack_file),
        *_snapshots(stack),
        *_mirrors(stack),
    ]


def _prepared(stack: StackSpec, steps: list[NextStep]) -> list[NextStep]:
    """The steps, the first of them with what must be done to the bucket before any."""
    before = tuple(fill(step, _values(stack)) for step in stack.bucket.provider.by_hand.bucket)
    return [replace(step, steps=(*before, *step.steps)) if not number else step for number, step in enumerate(steps)]


def _public(stack: StackSpec) -> Iterator[NextStep]:
    provider = stack.bucket.provider
    if stack.visibility != "public" or provider.public.value != "by-hand":
        return
    values = _values(stack, **{"public-host": urlsplit(stack.channels[0].public_url or "").netloc})
    yield NextStep(
        title=f"Let everybody read the bucket {stack.bucket.name}",
        why=f"{provider.title} cannot do this over the S3 API",
        steps=tuple(fill(step, values) for step in provider.by_hand.public),
        checks=tuple(
            DoneWhen(kind="public-read", target=f"{channel.public_url}/{NOARCH}/{FILE_NAMES['shards']}")
            for channel in stack.channels
        ),
    )


def _kms(stack: StackSpec, stack_file: str) -> Iterator[NextStep]:
    if key_statements(stack):
        yield NextStep(
            title="Allow the principals given by ARN, the organization and the CDN to use the KMS key",
            why="the stack does not manage the KMS key",
            steps=(
                f"chaninfra policy {KEY_POLICY} --config {quote(stack_file)}",
                "add the printed statements to the key policy of the KMS key",
            ),
        )


def _keys(stack: StackSpec, stack_file: str) -> Iterator[NextStep]:
    provider = stack.bucket.provider
    if stack.bucket.key_way != "by-hand":
        return
    without = " without `admin-url` in the stack config" if provider.keys.value in AT_ADMIN_URL else ""
    for channel, principal in _principals(stack):
        if principal.key is None:
            continue
        steps = provider.by_hand.key.get(principal.role)
        if steps is None:
            how = f": {provider.keys.note}" if provider.keys.note else ""
            steps = (
                f"create an access key for {{user}} with only the permissions that this command prints{how}",
                "{rights}",
            )
        values = _values(
            stack,
            user=role_name(stack.bucket.name, channel.prefix, principal),
            **({"prefix": channel.prefix} if channel.prefix else {}),
        )
        values["rights"] = _print_permissions(channel, principal, stack_file)
        yield NextStep(
            title=f"Create an access key for the {principal.role} {principal.name} of the channel {channel.name}",
            why=f"chaninfra cannot create access keys on {provider.title}{without}",
            steps=(*(fill(step, values) for step in steps), *_sources(stack, principal)),
            checks=(DoneWhen(kind="key", target=_target(channel, principal)),),
        )


def _sources(stack: StackSpec, principal: PrincipalSpec) -> Iterator[str]:
    """What a promoter's key must read in other buckets, whose keys a store may give bucket by bucket."""
    others = [source.url for source in principal.sources if source.bucket != stack.bucket.name]
    if others:
        yield (
            f"the same key must be able to read {', '.join(others)}; if the store gives a key to one bucket only, give "
            "`copy` a reader's key of that channel with --from-access-key-id"
        )


def _minio(stack: StackSpec, _: str) -> Iterator[NextStep]:
    """OpenID settings of MinIO, one per issuer and audience; the policies they name have conditions on the claims."""
    for claims, members in _by_issuer(stack):
        names = ",".join(role_name(stack.bucket.name, channel.prefix, principal) for channel, principal in members)
        yield NextStep(
            title=f"Let MinIO accept tokens of {claims.issuer} for {claims.audience}",
            why="issuers are configured on the server",
            steps=(
                f"mc idp openid add ALIAS {_slug(claims)} {quote(f'config_url={_discovery(claims)}')} "
                # Only logins to MinIO's console use the secret, but the setting is required.
                f"{quote(f'client_id={claims.audience}')} client_secret=unused {quote(f'role_policy={names}')}",
                "or, if the server already has settings with this client_id (mc idp openid list ALIAS), append these "
                "policies to its role_policy: mc idp openid update ALIAS NAME role_policy=…",
                "mc admin service restart ALIAS",
            ),
            checks=tuple(DoneWhen(kind="token", target=_target(*member)) for member in members),
        )


def _versitygw(stack: StackSpec, stack_file: str) -> Iterator[NextStep]:
    """IAM of versitygw: the issuers, and a role per principal. Its `iam` command must run beside the gateway."""
    aws = "aws iam --endpoint-url IAM_URL"
    for claims, members in _by_issuer(stack):
        steps = [
            f"{aws} create-open-id-connect-provider --url {quote(f'https://{claims.issuer}')} "
            f"--client-id-list {quote(claims.audience)}"
        ]
        for channel, principal in members:
            name = quote(role_name(stack.bucket.name, channel.prefix, principal))
            trust = quote(f"{_target(channel, principal)}/trust")
            steps += [
                f"chaninfra policy {trust} --config {quote(stack_file)} --account {VERSITYGW_ACCOUNT} > trust.json",
                f"{aws} create-role --role-name {name} --assume-role-policy-document file://trust.json",
                f"{_print_permissions(channel, principal, stack_file)} > rights.json",
                f"{aws} put-role-policy --role-name {name} --policy-name channel --policy-document file://rights.json",
            ]
        yield NextStep(
            title=f"Let versitygw accept tokens of {claims.issuer} for {claims.audience}",
            why="its `iam` command manages issuers and roles; it runs beside the gateway (--iam-standalone-endpoint)",
            steps=tuple(steps),
            checks=tuple(DoneWhen(kind="token", target=_target(*member)) for member in members),
        )


def _nothing(_stack: StackSpec, _stack_file: str) -> Iterator[NextStep]:
    return iter(())


_OIDC: dict[OidcWay, Callable[[StackSpec, str], Iterator[NextStep]]] = {
    "minio-openid": _minio,
    "versitygw-iam": _versitygw,
}


def _follow(stack: StackSpec, stack_file: str) -> Iterator[NextStep]:
    for channel, steps in follow_steps(stack, stack_file):
        yield NextStep(
            title=f"Run a follower of the channel {channel.name}",
            why="it is a process of your own, which Pulumi does not run",
            steps=steps,
        )


def _snapshots(stack: StackSpec) -> Iterator[NextStep]:
    for channel in stack.channels:
        if not channel.has_schedule or channel in stack.following:
            continue
        command = shlex.join(["chaninfra", "snapshot", "create", "--scheduled", "-c", *place_words(stack, channel)])
        job = f"chaninfra manifest {quote(f'stack:#{channel.name}')}"
        yield NextStep(
            title=f"Let something make the snapshots of the channel {channel.name}",
            why="without `index.follow` nothing does so by itself",
            steps=(
                "choose one of these, with the role or the key of a maintainer:",
                f"{job} --format github-reindex --into .github/workflows/reindex.yml",
                f"{job} --format gitlab-reindex --into .gitlab-ci.yml",
                f"let a scheduler run this each hour: {command}",
                "or declare `index.follow`, and run `pulumi up` again: what follows the channel makes them too",
            ),
        )


def _mirrors(stack: StackSpec) -> Iterator[NextStep]:
    for channel, steps in mirror_steps(stack):
        yield NextStep(
            title=f"Let something run the mirrors of the channel {channel.name}",
            why="nothing runs them by itself",
            steps=steps,
        )


def _principals(stack: StackSpec) -> Iterator[tuple[ChannelSpec, PrincipalSpec]]:
    return ((channel, principal) for channel in stack.channels for principal in channel.principals)


def _by_issuer(stack: StackSpec) -> Iterator[tuple[TokenClaims, list[tuple[ChannelSpec, PrincipalSpec]]]]:
    """The principals with a token, grouped by issuer and audience, each group with the claims of its first member."""
    with_token = [
        (principal.token, (channel, principal))
        for channel, principal in _principals(stack)
        if principal.token is not None
    ]

    def issuer_and_audience(item: tuple[TokenClaims, object]) -> tuple[str, str]:
        return (item[0].issuer, item[0].audience)

    for _, items in groupby(sorted(with_token, key=issuer_and_audience), issuer_and_audience):
        group = [*items]
        yield group[0][0], [member for _, member in group]


def _values(stack: StackSpec, **more: str) -> dict[str, str]:
    """The values for templates of instructions, see `ByHand`, each quoted for a shell."""
    location = stack.bucket.location
    values = {"bucket": location.bucket, "endpoint-url": location.endpoint_url, "region": location.region, **more}
    return {name: quote(value) for name, value in values.items()}


def _print_permissions(channel: ChannelSpec, principal: PrincipalSpec, stack_file: str) -> str:
    """The command that prints the policy of the principal."""
    return f"chaninfra policy {quote(f'{_target(channel, principal)}/rights')} --config {quote(stack_file)}"


def _target(channel: ChannelSpec, principal: PrincipalSpec) -> str:
    return f"{principal.role}/{channel.name}/{principal.name}"


def _discovery(claims: TokenClaims) -> str:
    """The URL of the issuer's discovery document (OpenID Connect Discovery 1.0, section 4)."""
    return f"https://{claims.issuer.rstrip('/')}/.well-known/openid-configuration"


def _slug(claims: TokenClaims) -> str:
    """A name for the settings of an issuer in MinIO: lower-case letters, digits and underscores."""
    return re.sub(r"[^a-z0-9]+", "_", f"{claims.issuer}_{claims.audience}".lower()).strip("_")
