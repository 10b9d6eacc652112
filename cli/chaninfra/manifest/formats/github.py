"""GitHub Actions workflows: one that installs from the channel, and one that publishes to it.

The steps are those of pixi's page "S3". On AWS a step logs in by OIDC: pixi reads the variables that it sets, or its
outputs go into pixi's credential store. On other stores the access key is in secrets of the repository. If a role is
known and the store has an STS, the job that publishes logs in there by OIDC: not by configure-aws-credentials, which
takes no role of MinIO's form, and then asks who it is, which MinIO does not answer (6.2.3, run).

Recipes run any command, so what builds them is a job without the publisher's role or key; another job takes the
packages from it and publishes them. What builds or tests reads the channel as a reader. A job of an environment has
tokens whose `sub` names the environment ("OpenID Connect reference"), so the build, which could request any token of
its own, gets none that the publisher's role takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaninfra.channel.providers.aws_partitions import dns_suffix, partition
from chaninfra.manifest import release
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats import rattler_build
from chaninfra.manifest.formats.login import check_login
from chaninfra.manifest.formats.store_sts import (
    ROLE_VARIABLE,
    STS_NOTE,
    STS_VARIABLE,
    TOKEN_VARIABLE,
    logs_in_there,
    sts_url,
)
from chaninfra.manifest.formats.versions import (
    CHECKOUT,
    CONFIGURE_AWS,
    DOWNLOAD_ARTIFACT,
    SETUP_PIXI,
    UPLOAD_ARTIFACT,
)
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import PRINTED_BY, ManifestRequest
from chaninfra.manifest.text import shell

READER_ROLE_VARIABLE = "AWS_READER_ROLE_ARN"
BUILD_JOB = "build-packages"
BUILD_ENVIRONMENT = "build"
PUBLISH_ENVIRONMENT = "publish"
ARTIFACT = "packages"
TOKEN_STEP = "Get an ID token"  # noqa: S105 (the name of a step)

# setup-pixi's inputs, without "auth-s3-" → the end of the secret's name.
_KEY = {"access-key-id": "ACCESS_KEY_ID", "secret-access-key": "SECRET_ACCESS_KEY"}
_PUBLISHER, _READER = "S3_", "S3_READER_"
"""How the names of the secrets begin."""
Step = dict[str, Any]


def consumer(request: ManifestRequest) -> Rendered:
    """A workflow that installs the workspace and tests it."""
    access = request.in_only_bucket()
    job: dict[str, Any] = {"runs-on": "ubuntu-latest"}
    if access.store_kind != "aws" and access.method == "aws":
        job["env"] = _variables(_READER)
    login = [_log_in(access, _role(READER_ROLE_VARIABLE, request.role_arn), pixi=True)] if _by_role(access) else []
    job["steps"] = [_checkout(), *login, _setup_pixi(access), {"name": "Test", "run": "pixi run test"}]
    workflow = {
        "name": "test",
        "on": {"push": {"branches": ["main"]}, "pull_request": {"branches": ["main"]}},
        "permissions": {**({"id-token": "write"} if login else {}), "contents": "read"},
        "concurrency": {"group": "${{ github.workflow }}-${{ github.ref }}", "cancel-in-progress": True},
        "jobs": {"test": job},
    }
    return Rendered((PRINTED_BY, *_reader_notes(access, given=request.role_arn)), workflow)


def publisher(request: ManifestRequest) -> Rendered:
    """A workflow that builds the recipes in `recipes/`, uploads the packages and indexes them."""
    access = request.only_channel()
    descriptor = access.descriptor
    workflow = {
        "name": "publish",
        "on": {"push": {"branches": ["main"]}, "workflow_dispatch": None},
        "permissions": {"contents": "read"},
        # One run at a time, and no run is cancelled between upload and index.
        "concurrency": {
            "group": _literal(f"publish-{descriptor.bucket}-{descriptor.prefix}"),
            "cancel-in-progress": False,
        },
        "jobs": {BUILD_JOB: _build(access, request.others), "publish": _publish(request, access)},
    }
    notes = [PRINTED_BY]
    if logs_in_there(access, request):
        if sts_url(access) is None:
            notes.append(f"Variable of the repository: {STS_NOTE}")
    elif access.store_kind != "aws":
        notes.append(
            f"Secrets of the environment `{PUBLISH_ENVIRONMENT}`: {_secrets(_PUBLISHER)}, the key of a publisher."
        )
    elif not request.role_arn:
        notes.append(f"Variable of the repository: {ROLE_VARIABLE}, the role of a publisher.")
    notes += _reader_notes(access, environment=BUILD_ENVIRONMENT)
    if release.RELEASE.source is None:
        notes.append(f"Variable of the repository: {release.VARIABLE}, {release.FORMS}.")
    return Rendered(tuple(notes), workflow)


def _build(access: ClientChannel, others: Sequence[str]) -> dict[str, Any]:
    """The job that builds, as a reader of the channel; it has no credentials if the channel is public."""
    lines = rattler_build.build(access, others, '"$RUNNER_TEMP/rattler.toml"', "pixi exec rattler-build")
    build: Step = {"name": "Build"}
    if access.store_kind != "aws" and access.method == "aws":
        build["env"] = _variables(_READER)
    build["run"] = _literal(_script(lines))
    job: dict[str, Any] = {"runs-on": "ubuntu-latest"}
    login = []
    if _by_role(access):
        job |= {"environment": BUILD_ENVIRONMENT, "permissions": {"id-token": "write", "contents": "read"}}
        login = [_log_in(access, _role(READER_ROLE_VARIABLE), pixi=True)]
    files = {"name": ARTIFACT, "path": rattler_build.PACKAGES, "if-no-files-found": "error"}
    job["steps"] = [
        _checkout(),
        *login,
        _setup_pixi(access, {"run-install": False}),
        build,
        {"name": "Hand on the packages", "uses": UPLOAD_ARTIFACT, "with": files},
    ]
    return job


def _publish(request: ManifestRequest, access: ClientChannel) -> dict[str, Any]:
    """The job that publishes: it runs nothing of the repository, and the step before it is the login."""
    words = [".venv/bin/chaninfra", "publish", "--channel", access.descriptor.url, *rattler_build.store_flags(access)]
    install: Step = {"name": "Install chaninfra"}
    if release.RELEASE.source is None:
        install["env"] = {release.VARIABLE: f"${{{{ vars.{release.VARIABLE} }}}}"}
    install["run"] = _script(release.install())
    publish: Step = {"name": "Publish"}
    job: dict[str, Any] = {"needs": BUILD_JOB, "runs-on": "ubuntu-latest"}
    login: list[Step] = []
    if access.store_kind == "aws":
        job["permissions"] = {"id-token": "write"}
        login = [_log_in(access, _role(ROLE_VARIABLE, request.role_arn))]
    elif logs_in_there(access, request):
        job["permissions"] = {"id-token": "write"}
        login = [{"name": TOKEN_STEP, "run": _script(_TOKEN_LINES)}]
        publish["env"] = {
            ROLE_VARIABLE: request.role_arn,
            TOKEN_VARIABLE: "${{ runner.temp }}/id-token",
            STS_VARIABLE: _literal(url) if (url := sts_url(access)) else f"${{{{ vars.{STS_VARIABLE} }}}}",
            "AWS_REGION": _literal(access.descriptor.region),
        }
    else:
        # Secrets of an environment are kept from pull requests, once it is limited to a branch.
        job["environment"] = PUBLISH_ENVIRONMENT
        publish["env"] = _variables(_PUBLISHER)
    publish["run"] = f"{_literal(shell.command(words))} {rattler_build.PACKAGES}"
    files = {"name": ARTIFACT, "path": rattler_build.OUTPUT}
    take: Step = {"name": "Take the packages", "uses": DOWNLOAD_ARTIFACT, "with": files}
    job["steps"] = [take, install, *login, publish]
    return job


def _by_role(access: ClientChannel) -> bool:
    """Whether a reader of the channel logs in by OIDC."""
    return access.store_kind == "aws" and access.method != "public"


# As in "OpenID Connect reference", "Requesting the JWT using environment variables". The shell of a step does not see
# that a command before a pipe fails. The audience is that of `github` in the stack config.
_TOKEN_LINES = [
    "umask 077",
    'answer="$(curl -sSf -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" '
    '"$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com")"',
    'jq -er .value <<< "$answer" > "$RUNNER_TEMP/id-token"',
]


def _checkout() -> Step:
    return {"name": "Check out repository", "uses": CHECKOUT, "with": {"persist-credentials": False}}


def _role(variable: str, given: str | None = None) -> str:
    return given or f"${{{{ vars.{variable} }}}}"


def _log_in(access: ClientChannel, role: str, *, pixi: bool = False) -> Step:
    """The login by OIDC. `pixi`: the credentials are for pixi, which may take them from its credential store."""
    region = access.descriptor.region
    inputs: dict[str, Any] = {"role-to-assume": role, "aws-region": _literal(region)}
    if partition(region) == "aws-cn":
        inputs["audience"] = f"sts.{dns_suffix(region)}"
    if pixi and access.method == "pixi":
        # Without it the step sets no outputs, which setup-pixi needs.
        inputs["output-credentials"] = True
    return {"name": "Log in to AWS", "id": "aws", "uses": CONFIGURE_AWS, "with": inputs}


def _setup_pixi(access: ClientChannel, inputs: dict[str, Any] | None = None) -> Step:
    """pixi with the key of a reader, if it takes it from its credential store."""
    values = {**(inputs or {})}
    if access.method == "pixi":
        check_login(access)
        values["auth-host"] = _literal(access.s3_bucket_url)
        if access.store_kind == "aws":
            names = (*_KEY, "session-token")
            values |= {f"auth-s3-{name}": f"${{{{ steps.aws.outputs.aws-{name} }}}}" for name in names}
        else:
            values |= {f"auth-s3-{name}": f"${{{{ secrets.{_READER}{end} }}}}" for name, end in _KEY.items()}
        # It is false by default, and the key would stay on a runner of one's own.
        values["post-cleanup"] = True
    return {"name": "Set up pixi", "uses": SETUP_PIXI, **({"with": values} if values else {})}


def _variables(secrets: str) -> dict[str, str]:
    """The AWS tools' variables, from the secrets whose names begin with `secrets`."""
    return {f"AWS_{end}": f"${{{{ secrets.{secrets}{end} }}}}" for end in _KEY.values()}


def _secrets(beginning: str) -> str:
    return ", ".join(f"{beginning}{end}" for end in _KEY.values())


def _reader_notes(access: ClientChannel, *, given: str | None = None, environment: str | None = None) -> list[str]:
    """The secrets or variables with which a job reads the channel; none for a public channel or a given role."""
    if access.method == "public" or (access.store_kind == "aws" and given):
        return []
    if access.store_kind != "aws":
        return [f"Secrets of the repository: {_secrets(_READER)}, the key of a reader."]
    trusts = f" that trusts the environment `{environment}` of the repository" if environment else ""
    return [f"Variable of the repository: {READER_ROLE_VARIABLE}, the role of a reader{trusts}."]


def _script(lines: list[str]) -> str:
    return "\n".join(lines) + ("\n" if len(lines) > 1 else "")


def _literal(text: str) -> str:
    """The text with `${{` escaped: a descriptor, which may come from anywhere, must not add expressions."""
    return text.replace("${{", "${{ '${{' }}")
