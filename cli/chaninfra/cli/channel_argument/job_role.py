"""The role of a CI job, as the stack that made it says."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from chaninfra.channel.errors import ConfigurationError, EngineError
from chaninfra.cli.channel_argument.parse import VARIABLE, Stack, parse_channel
from chaninfra.cli.output import streams
from chaninfra.manifest import ChannelAccess, Format

# format → the CI, which is the kind of its principals, and the key of the access document that has them
_JOBS: dict[Format, tuple[str, str]] = {
    "github": ("github", "readers"),
    "github-publish": ("github", "publishers"),
    "gitlab": ("gitlab", "readers"),
    "gitlab-publish": ("gitlab", "publishers"),
}


def job_role(text: str | None, name: Format, clients: Sequence[ChannelAccess]) -> str | None:
    """The ARN of the one role that the stack made for such a job; None where it made none, or no stack is named.

    Raises ConfigurationError where there are several.
    """
    where = parse_channel(text or os.environ.get(VARIABLE) or "stack:")
    if name not in _JOBS or not isinstance(where, Stack) or any(each.store_kind != "aws" for each in clients):
        return None
    from chaninfra.channel.outputs.access import Access
    from chaninfra.engine.stacks import stack_output

    kind, key = _JOBS[name]
    try:
        access = msgspec.convert(stack_output(where.name, Path.cwd(), "access"), Access)
    except (EngineError, msgspec.ValidationError) as error:
        streams.note(f"the role is left open, since the stack does not say ({error})")
        return None
    found = {
        f"{each.descriptor.name}, {principal}": granted.role_arn
        for each in clients
        if each.descriptor.name in access
        for principal, granted in getattr(access[each.descriptor.name], key).items()
        if granted.kind == kind and granted.role_arn
    }
    roles = set(found.values())
    if len(roles) > 1:
        listed = "; ".join(f"{role} ({principal})" for principal, role in found.items())
        raise ConfigurationError(
            f"the stack has {len(roles)} roles for {key} on {kind}",
            where=str(where),
            remedy=f"add --role-arn: {listed}",
        )
    return next(iter(roles), None)
