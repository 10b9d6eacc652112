"""Uploading with rattler-build alone to a channel that indexes what is uploaded (docs/follow.md).

With an endpoint, `rattler-build upload s3` takes its key from S3_* only, and where it has none, the AWS SDK's own
endpoint and virtual-host addressing (rattler_s3 0.4), which reaches neither buckets in China nor most other stores. So
every store is named by options, and the key is given in S3_*: that of a secret, of the login to AWS, or of a session
that the shell asks the STS for (AWS STS API Reference, "AssumeRoleWithWebIdentity"; MinIO and versitygw have the same).
"""

from __future__ import annotations

from msgspec import UnsetType

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats.rattler_build import PACKAGES
from chaninfra.manifest.formats.store_sts import ROLE_VARIABLE, STS_VARIABLE, TOKEN_VARIABLE
from chaninfra.manifest.formats.versions import CURL, RATTLER_BUILD
from chaninfra.manifest.names import Format
from chaninfra.manifest.text import shell

INDEXED_BY = "The job does not index what it uploads: `chaninfra follow`, or its function on AWS, does."
PIXI_CURL = f"pixi exec --spec curl=={CURL} curl"
"""The command line for an image that has pixi and no curl."""

# Variable of rattler-build → (variable of the AWS tools, element of the STS's answer).
_KEY = {
    "S3_ACCESS_KEY_ID": ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
    "S3_SECRET_ACCESS_KEY": ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
    "S3_SESSION_TOKEN": ("AWS_SESSION_TOKEN", "SessionToken"),
}


def check_follows(access: ClientChannel, *, instead: Format) -> None:
    """Raise ConfigurationError unless the channel's descriptor says that it follows uploads."""
    if not isinstance(access.descriptor.index.follow, UnsetType):
        return
    if not access.subdirs_known:
        raise ConfigurationError(
            "its channel.json was not read, so whether the channel follows uploads is not known, and nobody may index "
            "what the job uploads",
            where=access.descriptor.url,
            remedy=f"give its channel.json, or leave out --offline; or use --format {instead}, which indexes",
        )
    raise ConfigurationError(
        "the channel does not follow uploads, so nobody would index what the job uploads",
        where=access.descriptor.url,
        key=("index", "follow"),
        remedy=f"use --format {instead}, which indexes; or set `follow: {{}}` below `index` in its stack config, run "
        "`pulumi up`, and start `chaninfra follow` (docs/follow.md)",
    )


def command(access: ClientChannel) -> str:
    """The command line that uploads the packages. It replaces none: a package that is there is an error."""
    descriptor = access.descriptor
    words = ["pixi", "exec", "--spec", f"rattler-build=={RATTLER_BUILD}", "rattler-build", "upload", "s3"]
    words += ["--channel", descriptor.url, "--endpoint-url", descriptor.endpoint_url, "--region", descriptor.region]
    words += ["--addressing-style", access.addressing_style]
    return f"{shell.command(words)} {PACKAGES}"


def exports(*, session: bool) -> list[str]:
    """The lines that give rattler-build the key of the AWS tools. `session`: the key is one of a session."""
    keys = [(name, tools) for name, (tools, _) in _KEY.items() if session or name != "S3_SESSION_TOKEN"]
    return [f'export {name}="${tools}"' for name, tools in keys]


def session_of_token(curl: str) -> list[str]:
    """The lines that exchange the token of a job for a session of its role. `curl` is the beginning of a command line.

    The answer is XML, from which the three values are taken. Nothing is shown of it.
    """
    refused = (
        f"the STS at ${STS_VARIABLE} gave no session: check the role that {ROLE_VARIABLE} names, and whom it trusts"
    )
    asked = [
        f'answer="$({curl} -sSf "${STS_VARIABLE}" -d Action=AssumeRoleWithWebIdentity -d Version=2011-06-15',
        f'-d RoleSessionName=upload --data-urlencode "RoleArn=${ROLE_VARIABLE}"',
        f'--data-urlencode "WebIdentityToken@${TOKEN_VARIABLE}")" || {{ echo "{refused}" >&2; exit 1; }}',
    ]
    return [
        " ".join(asked),
        *(f'{name}="$({_value_of(element)})"' for name, (_, element) in _KEY.items()),
        f"export {' '.join(_KEY)}",
        " ".join([":", *(f'"${{{name}:?is not in the answer of the STS}}"' for name in _KEY)]),
    ]


def _value_of(element: str) -> str:
    """The command that prints the text of an element of the answer, if it is one that a key can have."""
    pattern = rf"s:.*<{element}>\([A-Za-z0-9+/=._-]*\)</{element}>.*:\1:p"
    return f"""printf %s "$answer" | sed -n '{pattern}'"""
