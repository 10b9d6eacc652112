"""What the jobs of our GitHub workflows share: their steps, and how a job that writes to the channel logs in.

On AWS a step logs in by OIDC. On other stores the access key is in secrets of an environment of the repository; if a
role is known and the store has an STS, the job logs in there by OIDC: not by configure-aws-credentials, which takes no
role of MinIO's form, and then asks who it is, which MinIO does not answer (6.2.3, run).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chaninfra.channel.providers.aws_partitions import dns_suffix, partition
from chaninfra.manifest import release
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats.login import check_login
from chaninfra.manifest.formats.store_sts import (
    ROLE_VARIABLE,
    STS_NOTE,
    STS_VARIABLE,
    TOKEN_VARIABLE,
    logs_in_there,
    sts_url,
)
from chaninfra.manifest.formats.versions import CHECKOUT, CONFIGURE_AWS, SETUP_PIXI
from chaninfra.manifest.formats.writers import Writer
from chaninfra.manifest.request import ManifestRequest

Step = dict[str, Any]
TOKEN_STEP = "Get an ID token"  # noqa: S105 (the name of a step)
READER_KEY = "S3_READER_"
_WRITER_KEY = "S3_"
"""How the names of the secrets begin."""

# setup-pixi's inputs, without "auth-s3-" → the end of the secret's name.
_KEY = {"access-key-id": "ACCESS_KEY_ID", "secret-access-key": "SECRET_ACCESS_KEY"}


@dataclass(frozen=True, kw_only=True)
class Login:
    """How a job that writes to the channel logs in."""

    job: dict[str, Any]
    """The keys of the job that it needs: `permissions` or `environment`."""
    steps: tuple[Step, ...] = ()
    """The steps before those that write."""
    env: dict[str, str]
    """The variables of the steps that write, and of no other."""
    notes: tuple[str, ...] = ()
    """The secrets and variables that it reads, for people."""


def login_of(writer: Writer, access: ClientChannel, request: ManifestRequest, *, key: str = "AWS_") -> Login:
    """The login of the job, by the role of the request if there is one.

    `key` is how the variables begin that hold an access key: those of the AWS tools, or S3_ for rattler-build.
    """
    if access.store_kind == "aws":
        note = f"Variable of the repository: {writer.role_variable}, the role of a {writer.role}."
        return Login(
            job={"permissions": {"id-token": "write"}},
            steps=(log_in(access, role(writer.role_variable, request.role_arn)),),
            env={},
            notes=() if request.role_arn else (note,),
        )
    if logs_in_there(access, request):
        url = sts_url(access)
        return Login(
            job={"permissions": {"id-token": "write"}},
            steps=({"name": TOKEN_STEP, "run": script(_TOKEN_LINES)},),
            env={
                ROLE_VARIABLE: str(request.role_arn),
                TOKEN_VARIABLE: "${{ runner.temp }}/id-token",
                STS_VARIABLE: literal(url) if url else f"${{{{ vars.{STS_VARIABLE} }}}}",
                "AWS_REGION": literal(access.descriptor.region),
            },
            notes=() if url else (f"Variable of the repository: {STS_NOTE}",),
        )
    place = f"Secrets of the environment `{writer.environment}`"
    return Login(
        # Secrets of an environment are kept from pull requests, once it is limited to a branch.
        job={"environment": writer.environment},
        env=variables(_WRITER_KEY, key),
        notes=(f"{place}: {secrets(_WRITER_KEY)}, the key of a {writer.role}.",),
    )


# As in "OpenID Connect reference", "Requesting the JWT using environment variables". The shell of a step does not see
# that a command before a pipe fails. The audience is that of `github` in the stack config.
_TOKEN_LINES = [
    "umask 077",
    'answer="$(curl -sSf -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" '
    '"$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com")"',
    'jq -er .value <<< "$answer" > "$RUNNER_TEMP/id-token"',
]


def checkout() -> Step:
    """The files of the repository, without its token."""
    return {"name": "Check out repository", "uses": CHECKOUT, "with": {"persist-credentials": False}}


def install() -> Step:
    """chaninfra, in `.venv`."""
    step: Step = {"name": "Install chaninfra"}
    if release.RELEASE.source is None:
        step["env"] = {release.VARIABLE: f"${{{{ vars.{release.VARIABLE} }}}}"}
    return {**step, "run": script(release.install())}


def source_notes() -> list[str]:
    """The variable that says where chaninfra comes from, as long as it is not released."""
    return [f"Variable of the repository: {release.VARIABLE}, {release.FORMS}."] if release.check() else []


def role(variable: str, given: str | None = None) -> str:
    """The role that is given, or the variable that names it."""
    return given or f"${{{{ vars.{variable} }}}}"


def log_in(access: ClientChannel, role: str, *, pixi: bool = False) -> Step:
    """The login by OIDC. `pixi`: the credentials are for pixi, which may take them from its credential store."""
    region = access.descriptor.region
    inputs: dict[str, Any] = {"role-to-assume": role, "aws-region": literal(region)}
    if partition(region) == "aws-cn":
        inputs["audience"] = f"sts.{dns_suffix(region)}"
    if pixi and access.method == "pixi":
        # Without it the step sets no outputs, which setup-pixi needs.
        inputs["output-credentials"] = True
    return {"name": "Log in to AWS", "id": "aws", "uses": CONFIGURE_AWS, "with": inputs}


def setup_pixi(access: ClientChannel, inputs: dict[str, Any] | None = None) -> Step:
    """pixi with the key of a reader, if it takes it from its credential store."""
    values = {**(inputs or {})}
    if access.method == "pixi":
        check_login(access)
        values["auth-host"] = literal(access.s3_bucket_url)
        if access.store_kind == "aws":
            names = (*_KEY, "session-token")
            values |= {f"auth-s3-{name}": f"${{{{ steps.aws.outputs.aws-{name} }}}}" for name in names}
        else:
            values |= {f"auth-s3-{name}": f"${{{{ secrets.{READER_KEY}{end} }}}}" for name, end in _KEY.items()}
        # It is false by default, and the key would stay on a runner of one's own.
        values["post-cleanup"] = True
    return {"name": "Set up pixi", "uses": SETUP_PIXI, **({"with": values} if values else {})}


def variables(beginning: str, tools: str = "AWS_") -> dict[str, str]:
    """The variables of the tools, from the secrets whose names begin with `beginning`."""
    return {f"{tools}{end}": f"${{{{ secrets.{beginning}{end} }}}}" for end in _KEY.values()}


def secrets(beginning: str) -> str:
    """The names of the secrets of a key, for people."""
    return ", ".join(f"{beginning}{end}" for end in _KEY.values())


def script(lines: list[str]) -> str:
    """The value of `run`."""
    return "\n".join(lines) + ("\n" if len(lines) > 1 else "")


def literal(text: str) -> str:
    """The text with `${{` escaped: a descriptor, which may come from anywhere, must not add expressions."""
    return text.replace("${{", "${{ '${{' }}")
