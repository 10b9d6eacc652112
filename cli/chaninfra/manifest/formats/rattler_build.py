"""Building with rattler-build, and publishing what it built (its reference: "build", "upload s3", "publish").

`rattler-build upload s3` does not index. `rattler-build publish` does, by indexing the whole channel anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from chaninfra.manifest.client_access import ChannelAccess
from chaninfra.manifest.formats.env import aws_variables, s3_variables
from chaninfra.manifest.request import CONDA_FORGE, PRINTED, ManifestRequest, options
from chaninfra.manifest.text import shell, toml

OUTPUT = "output"
PACKAGES = f"{OUTPUT}/*/*.conda"


def rattler_build(settings: ManifestRequest) -> str:
    """A script: variables, then build, upload and index."""
    client = settings.one()
    place = client.descriptor
    notes = [
        PRINTED,
        _keys(client),
        "chaninfra publish does what the last two commands do, in one, and without listing the channel. "
        "rattler-build publish does it too, but indexes the whole channel anew and brings back what was yanked.",
    ]
    lines = [
        *shell.exports({"S3_CHANNEL": place.url, **_variables(client)}),
        *(_AS_S3 if client.way == "aws" and client.kind != "aws" else ()),
        "",
        *build(client, "rattler.toml"),
        f"rattler-build upload s3 {PACKAGES}",
        f"chaninfra reindex {shell.command([place.url, *store_flags(client)])}",
    ]
    return shell.script(notes, lines)


# Told where the store is, `rattler-build upload s3` takes its keys from variables of its own alone.
_AS_S3 = ('export S3_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID"', 'export S3_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY"')


def _variables(client: ChannelAccess) -> dict[str, str]:
    # Without an endpoint it asks the tools of AWS for keys, a profile or a role for one.
    return aws_variables(client) if client.kind == client.way == "aws" else s3_variables(client)


def _keys(client: ChannelAccess) -> str:
    if client.kind == client.way == "aws":
        return "The keys are those of the AWS tools: environment, AWS_PROFILE, SSO or role."
    if client.way == "aws":
        return "The keys: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
    keys = "The keys: S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and, where there is one, S3_SESSION_TOKEN."
    login = f" To read the channel while building, those of rattler-build auth login {client.bucket_url}."
    return keys + (login if client.way == "pixi" else "")


def build(client: ChannelAccess, config: str, program: Sequence[str] = ("rattler-build",)) -> list[str]:
    """The lines that build the recipes; where a bucket needs s3-options, `config` (as a shell word) gets them first."""
    words = [*program, "build", "--recipe-dir", "recipes"]
    words += ["--channel", client.url, "--channel", CONDA_FORGE, "--output-dir", OUTPUT]
    wanted = options([client])
    if not wanted:
        return [shell.command(words)]
    return [
        f"cat > {config} <<'END'",
        *toml.document({"s3-options": wanted}).splitlines(),
        "END",
        f"{shell.command(words)} --config-file {config}",
    ]


def store_flags(client: ChannelAccess) -> list[str]:
    """The flags that say to a command of ours where the channel is."""
    place = client.descriptor
    if client.kind == "aws":
        return ["--region", place.region]
    flags = ["--provider", place.provider, "--endpoint-url", place.endpoint_url, "--region", place.region]
    return [*flags, "--addressing-style", client.addressing_style]
