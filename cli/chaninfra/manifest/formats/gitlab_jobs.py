"""What our jobs of GitLab share: ID tokens, environments, and how a job that writes to the channel logs in."""

from __future__ import annotations

from typing import Any

from chaninfra.manifest import release
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats import login
from chaninfra.manifest.formats.store_sts import (
    ROLE_VARIABLE,
    STS_NOTE,
    STS_VARIABLE,
    TOKEN_VARIABLE,
    logs_in_there,
    sts_url,
)
from chaninfra.manifest.formats.writers import Writer
from chaninfra.manifest.request import ManifestRequest

SERVER = "$CI_SERVER_URL"
"""The audience of the tokens that roles take."""
KEYS = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"


def login_of(writer: Writer, access: ClientChannel, request: ManifestRequest) -> dict[str, Any]:
    """The keys of a job that writes to the channel: its environment, variables and, by a role, its ID token.

    `login_notes` says what people must set for it.
    """
    job: dict[str, Any] = {"environment": environment(writer.environment), "variables": {}}
    if logs_in_there(access, request):
        job |= token(access, SERVER, request.role_arn)
        if url := sts_url(access):
            job["variables"][STS_VARIABLE] = url
    elif access.store_kind == "aws" and access.method != "pixi":
        job |= token(access, SERVER, request.role_arn)
    # What earlier jobs left in the folder of a runner must not be published.
    job["variables"]["GIT_STRATEGY"] = "empty"
    return job


def login_notes(writer: Writer, access: ClientChannel, request: ManifestRequest) -> list[str]:
    """The variables that the login needs; none for a given role."""
    if logs_in_there(access, request):
        return [] if sts_url(access) else [f"CI/CD variable of the project: {STS_NOTE}"]
    if access.store_kind != "aws" or access.method == "pixi":
        who = f"key of a {writer.role}."
        return [scoped("variables", writer.environment, KEYS, who, masked=", masked and protected")]
    if request.role_arn:
        return []
    return [scoped("variable", writer.environment, ROLE_VARIABLE, f"role of a {writer.role}.")]


def scoped(what: str, scope: str, names: str, who: str, masked: str = "") -> str:
    """The note about variables of an environment."""
    return f"CI/CD {what} with the environment scope `{scope}`{masked}: {names}, the {who}"


def source_notes() -> list[str]:
    """The variable that says where chaninfra comes from, as long as it is not released."""
    return [f"CI/CD variable of the project: {release.VARIABLE}, {release.FORMS}."] if release.check() else []


def resource_group(name: str, access: ClientChannel) -> str:
    """GitLab runs one job of a resource group at a time."""
    descriptor = access.descriptor
    return "-".join(filter(None, [name, descriptor.bucket, descriptor.prefix.replace("/", "-")]))


def environment(name: str) -> dict[str, str]:
    """Its variables, without a deployment to it."""
    return {"name": name, "action": "access"}


def token(access: ClientChannel, audience: str, role_arn: str | None = None) -> dict[str, Any]:
    """The ID token of a job, and where the AWS tools find it; the role is else in a variable of the project."""
    variables = {"AWS_REGION": access.descriptor.region, TOKEN_VARIABLE: "/tmp/aws-id-token-$CI_JOB_ID"}  # noqa: S108
    if role_arn:
        variables[ROLE_VARIABLE] = role_arn
    return {
        "id_tokens": {"AWS_ID_TOKEN": {"aud": audience}},
        "variables": variables,
        "before_script": [f"""(umask 077 && printf %s "$AWS_ID_TOKEN" > "${TOKEN_VARIABLE}")"""],
    }


def pixi_login(access: ClientChannel) -> dict[str, Any]:
    """The login of pixi, if it takes the key from its credential store."""
    return {"before_script": [login.command(access)]} if access.method == "pixi" else {}
