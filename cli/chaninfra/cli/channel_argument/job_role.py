"""The role of a CI job, from the output `access` of the stack that created it."""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from chaninfra.channel.errors import ConfigurationError, EngineError
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
    "gitlab": ("gitlab", "readers"),
    "gitlab-publish": ("gitlab", "publishers"),
    "gitlab-upload": ("gitlab", "publishers"),
    "gitlab-reindex": ("gitlab", "maintainers"),
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
    from chaninfra.channel.outputs.access import Access
    from chaninfra.engine.stacks import stack_output

    kind, key = _PRINCIPALS_BY_FORMAT[format_name]
    try:
        access = msgspec.convert(stack_output(reference.name, current_folder(), "access"), Access)
    except (EngineError, msgspec.ValidationError) as error:
        reason = error.summary if isinstance(error, EngineError) else error
        streams.note(f"the stack's output `access` could not be read, so the role is not filled in ({reason})")
        return None
    role_arns = {
        f"{client.descriptor.name}, {principal}": granted.role_arn
        for client in clients
        if client.descriptor.name in access
        for principal, granted in getattr(access[client.descriptor.name], key).items()
        if granted.kind == kind and granted.role_arn
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


def _takes_roles(client: ClientChannel, format_name: Format) -> bool:
    """Whether the job logs in by a role: on AWS any, at the STS of another store one that writes."""
    if client.store_kind == "aws":
        return True
    from chaninfra.manifest.formats.store_sts import has_sts

    return _PRINCIPALS_BY_FORMAT[format_name][1] != "readers" and has_sts(client)
