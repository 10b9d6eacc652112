"""Building with rattler-build and publishing the result (its reference: "build", "upload s3", "publish").

`rattler-build upload s3` does not index. `rattler-build publish` does, but it re-indexes the whole channel.
"""

from __future__ import annotations

from collections.abc import Sequence

from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats.env import NEED_ENTRY, aws_variables, s3_variables
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import PRINTED_BY, ManifestRequest, shared_s3_options
from chaninfra.manifest.text import shell, toml

OUTPUT = "output"
PACKAGES = f"{OUTPUT}/*/*.conda"


def rattler_build(request: ManifestRequest) -> Rendered:
    """A script: variables, then build, upload and index."""
    access = request.only_channel()
    url = access.descriptor.url
    notes = (
        f"{PRINTED_BY} To run it: bash FILE",
        _credentials_note(access),
        "chaninfra publish replaces the last two commands, and does not list the channel. rattler-build publish also "
        "replaces them, but re-indexes the whole channel, which adds yanked packages to the index again.",
        *([] if access.store_kind == access.method == "aws" else [NEED_ENTRY]),
    )
    lines = [
        # Other shells, such as dash, have no pipefail.
        "#!/usr/bin/env bash",
        # Nothing is uploaded or indexed after a build that failed.
        "set -euo pipefail",
        *shell.exports({"S3_CHANNEL": url, **_variables(access)}),
        *(_AWS_TO_S3 if access.method == "aws" and access.store_kind != "aws" else ()),
        "",
        *build(access, request.others, "rattler.toml", _without_keys(access)),
        f"rattler-build upload s3 {PACKAGES}",
        f"chaninfra reindex {shell.command([url, *store_flags(access)])}",
    ]
    return Rendered(notes, shell.script(lines))


# With an endpoint, `rattler-build upload s3` reads its access key from S3_* only.
_AWS_TO_S3 = ('export S3_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID"', 'export S3_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY"')


# What the AWS tools, pixi and rattler-build take credentials from (AWS SDKs and Tools Reference Guide, "Environment
# variables"; rattler-build's reference, "upload s3").
_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "S3_ACCESS_KEY_ID",
    "S3_SECRET_ACCESS_KEY",
    "S3_SESSION_TOKEN",
)
_READER_PROFILE = "READER_PROFILE"


def _without_keys(access: ClientChannel) -> str:
    """The words before the build: recipes run any command, so it gets no credentials of a publisher."""
    unset = "env " + " ".join(f"-u {name}" for name in _CREDENTIALS)
    profile = f'${{{_READER_PROFILE}:+"AWS_PROFILE=${_READER_PROFILE}"}} ' if access.method == "aws" else ""
    return f"{unset} {profile}rattler-build"


def _variables(access: ClientChannel) -> dict[str, str]:
    # Without an endpoint, `rattler-build upload s3` uses the credentials of the AWS tools: keys, a profile or a role.
    return aws_variables(access) if access.store_kind == access.method == "aws" else s3_variables(access)


_READS_BY_PROFILE = (
    f"The build does not get them; it reads the channel with the AWS profile that {_READER_PROFILE} names, or "
    "with the default profile."
)


def _credentials_note(access: ClientChannel) -> str:
    if access.store_kind == access.method == "aws":
        return f"The keys are those of the AWS tools: environment, AWS_PROFILE, SSO or role. {_READS_BY_PROFILE}"
    if access.method == "aws":
        return f"The keys: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. {_READS_BY_PROFILE}"
    note = "The keys: S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and, if set, S3_SESSION_TOKEN."
    if access.method != "pixi":
        return note
    keys = f"rattler-build auth login {access.s3_bucket_url}" if access.has_login else "the file of RATTLER_AUTH_FILE"
    return f"{note} The build does not get them; it reads with the keys of: {keys}."


def build(access: ClientChannel, others: Sequence[str], config: str, program: str) -> list[str]:
    """The lines that build the recipes with packages of the channel, then of the others. `program` is the beginning of
    the command line, as a shell reads it.

    If the bucket needs s3-options, the first lines write them to the file `config`, given as a shell word.
    """
    words = ["build", "--recipe-dir", "recipes"]
    words += [word for channel in (access.url, *others) for word in ("--channel", channel)]
    words += ["--output-dir", OUTPUT]
    command = f"{program} {shell.command(words)}"
    options = shared_s3_options([access])
    if not options:
        return [command]
    return [
        f"cat > {config} <<'END'",
        *toml.tables({"s3-options": options}).splitlines(),
        "END",
        f"{command} --config-file {config}",
    ]


def store_flags(access: ClientChannel) -> list[str]:
    """The flags that tell a chaninfra command where the store is."""
    descriptor = access.descriptor
    if access.store_kind == "aws":
        return ["--region", descriptor.region]
    flags = [
        "--provider",
        descriptor.provider,
        "--endpoint-url",
        descriptor.endpoint_url,
        "--region",
        descriptor.region,
    ]
    return [*flags, "--addressing-style", access.addressing_style]
