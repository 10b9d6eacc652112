"""The role of a CI job and the source of a promotion, from the output `access` of the stack."""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from chaninfra.channel.errors import ConfigurationError, EngineError
from chaninfra.channel.outputs.access import Access, PrincipalAccess, PromoterAccess
from chaninfra.cli.channel_argument.parse import VARIABLE, Stack, current_folder, parse_channel
from chaninfra.cli.output import streams
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.names import Format

# manifest format → (kind of the principal, key of the `access` document that lists such principals)
_PRINCIPALS_BY_FORMAT: dict[Format, tuple[str, str]] = {
    "github": ("github", "readers"),
    "github-publish": ("github", "publishers"),
    "github-upload": ("github", "publishers"),
    "github-reindex": ("github", "maintainers"),
    "github-promote": ("github", "promoters"),
    "gitlab": ("gitlab", "readers"),
    "gitlab-publish": ("gitlab", "publishers"),
    "gitlab-upload": ("gitlab", "publishers"),
    "gitlab-reindex": ("gitlab", "maintainers"),
    "gitlab-promote": ("gitlab", "promoters"),
}


def job_role(text: str | None, format_name: Format, clients: Sequence[ClientChannel]) -> str | None:
    """The ARN of the role that the stack created for a CI job of this format.

    `text` is the CHANNEL argument. None if CHANNEL is not a stack, no such job logs in by a role at the store of a
    channel, or the stack has no role for such a job. Raises ConfigurationError if the stack has several.
    """
    reference = parse_channel(text or os.environ.get(VARIABLE) or "stack:")
    if format_name not in _PRINCIPALS_BY_FORMAT or not isinstance(reference, Stack):
        return None
    if not all(_takes_roles(client, format_name) for client in clients):
        return None
    kind, key = _PRINCIPALS_BY_FORMAT[format_name]
    principals = _principals(reference, key, clients, "the role")
    role_arns = {
        name: granted.role_arn for name, granted in principals.items() if granted.kind == kind and granted.role_arn
    }
    roles = set(role_arns.values())
    if len(roles) > 1:
        listed = "; ".join(f"{role} ({principal})" for principal, role in role_arns.items())
        raise ConfigurationError(
            f"the stack has {len(roles)} roles for {kind} {key}",
            where=str(reference),
            remedy=f"choose one with --role-arn: {listed}",
        )
    return next(iter(roles), None)


def job_source(
    text: str | None, format_name: Format, clients: Sequence[ClientChannel], role_arn: str | None
) -> str | None:
    """The s3:// URL of the channel that a promotion copies from: the source of the promoter whose role the job has.

    `text` is the CHANNEL argument, `role_arn` the job's role. Where it has none, all promoters count that it can be:
    those of its CI system, and those that are given by a key or an ARN. None if the format is for no promotion,
    CHANNEL is not a stack, or no such promoter has a source. Raises ConfigurationError if there are several.
    """
    reference = parse_channel(text or os.environ.get(VARIABLE) or "stack:")
    if _PRINCIPALS_BY_FORMAT.get(format_name, ("", ""))[1] != "promoters" or not isinstance(reference, Stack):
        return None
    found = _principals(reference, "promoters", clients, "the source").values()
    kinds = (_PRINCIPALS_BY_FORMAT[format_name][0], "key", "arn")
    promoters = [
        each
        for each in found
        if isinstance(each, PromoterAccess)
        and (each.kind in kinds if role_arn is None else role_arn in (each.role_arn, each.arn))
    ]
    sources = sorted({url for each in promoters for url in each.sources})
    if len(sources) > 1:
        raise ConfigurationError(
            f"its promoters promote from {len(sources)} channels ({', '.join(sources)}), and a job copies from one",
            where=str(reference),
            remedy="give the channel's s3:// URL in place of the stack: the job then reads the source from a variable",
        )
    return next(iter(sources), None)


def _principals(reference: Stack, key: str, clients: Sequence[ClientChannel], what: str) -> dict[str, PrincipalAccess]:
    """`CHANNEL, PRINCIPAL` → the principal, for those with this key of `access`; `what` is filled in with it.

    Empty if the output cannot be read; a note says so.
    """
    from chaninfra.engine.stacks import stack_output

    try:
        access = msgspec.convert(stack_output(reference.name, current_folder(), "access"), Access)
    except (EngineError, msgspec.ValidationError) as error:
        reason = error.summary if isinstance(error, EngineError) else error
        streams.note(f"the stack's output `access` could not be read, so {what} is not filled in ({reason})")
        return {}
    return {
        f"{client.descriptor.name}, {principal}": granted
        for client in clients
        if client.descriptor.name in access
        for principal, granted in getattr(access[client.descriptor.name], key).items()
    }


def _takes_roles(client: ClientChannel, format_name: Format) -> bool:
    """Whether the job logs in by a role: on AWS any, at the STS of another store one that writes."""
    if client.store_kind == "aws":
        return True
    from chaninfra.manifest.formats.store_sts import has_sts

    return _PRINCIPALS_BY_FORMAT[format_name][1] != "readers" and has_sts(client)
