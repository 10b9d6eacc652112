"""What the jobs that promote share on all CI systems: their command, and what people must set up.

A job copies what a lock file of the repository names from the channel that the stack's promoter reads, staging say,
into ours. It runs when somebody starts it and a reviewer of its environment approves; nothing else has the promoter's
role or key.
"""

from __future__ import annotations

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats.rattler_build import store_flags
from chaninfra.manifest.request import ManifestRequest
from chaninfra.manifest.text import shell

LOCK = "pixi.lock"
SOURCE_VARIABLE = "CHANINFRA_FROM"
"""The variable of the CI system that names the source, where no stack says it."""
SOURCE_KEY = ("FROM_S3_ACCESS_KEY_ID", "FROM_S3_SECRET_ACCESS_KEY")
"""The variables, and secrets, that hold the key of the source, if it has one of its own."""
MINUTES = 180
"""How long a run may take; the next one goes on where it was."""


def check_writers(access: ClientChannel) -> None:
    """Raise ConfigurationError if the follower is the only writer of the index, beside which no other may run."""
    if access.descriptor.index.only_a_follower_commits:
        raise ConfigurationError(
            "the index has one writer at a time (`writers: single`), and that is the follower, beside which no job may "
            "write",
            where=access.descriptor.url,
            key=("index", "writers"),
            remedy="take `follow` out of its stack config and run `pulumi up`; a promotion indexes what it copies",
        )


def command(access: ClientChannel, source: str | None) -> str:
    """The command line of the copy. The source is in the same store, which is the default of --from-endpoint-url."""
    words = [".venv/bin/chaninfra", "copy", "--lock", LOCK, "--to", access.descriptor.url, *store_flags(access)]
    # The shell stops at a variable that is not set or empty, and names it.
    named = shell.word(source) if source else f'"${{{SOURCE_VARIABLE}:?}}"'
    return f"{shell.command(words)} --from {named}"


def may_need_key(access: ClientChannel, request: ManifestRequest) -> bool:
    """Whether the promoter may be one that cannot read the source. Where the stack names the source, it lets its
    promoter read it; a role of AWS needs no key.
    """
    return access.store_kind != "aws" and not request.source


def source_notes(access: ClientChannel, request: ManifestRequest, variable: str, secret: str) -> list[str]:
    """The variable that names the source, if no stack did, and those of its key; `variable` and `secret` say what they
    are of.
    """
    if request.source:
        return []
    named = f"{variable}: {SOURCE_VARIABLE}, the channel to promote from, for example s3://my-staging/main."
    if not may_need_key(access, request):
        return [named]
    keys = ", ".join(SOURCE_KEY)
    return [named, f"{secret}: {keys}, the key of a reader of that channel, where the promoter's may not read it."]


def notes(access: ClientChannel) -> list[str]:
    """What else people must know."""
    if access.descriptor.index.writers == "many":
        return []
    return ["The index has one writer at a time (`writers: single`): do not publish while this job runs."]
