"""GitLab CI/CD jobs: one that installs from the channel, and one that publishes to it.

On AWS a job gets an ID token, and the AWS tools in it (pixi among them) exchange it for the role's credentials
(GitLab's CI/CD YAML syntax reference, `id_tokens`; AWS SDKs and Tools Reference Guide, "Assume role credential
provider").
On other stores, and for pixi's credential store, the access key is in CI/CD variables of the project.
"""

from __future__ import annotations

from typing import Any

from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats import login, rattler_build
from chaninfra.manifest.formats.github import ROLE_VARIABLE
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import PRINTED_BY, ManifestRequest
from chaninfra.manifest.text import shell

IMAGE = "ghcr.io/prefix-dev/pixi:0.77.0"


def consumer(request: ManifestRequest) -> Rendered:
    """A job that installs the workspace and tests it."""
    access = request.in_only_bucket()
    oidc = access.store_kind == "aws" and access.method == "aws"
    job = {**_job(request, access, oidc=oidc), "script": ["pixi run test"]}
    notes = _notes(request, oidc=oidc) if access.method != "public" else (PRINTED_BY,)
    return Rendered(notes, {"test": job})


def publisher(request: ManifestRequest) -> Rendered:
    """A job that builds the recipes in `recipes/`, uploads the packages and indexes them."""
    access = request.only_channel()
    descriptor = access.descriptor
    oidc = access.store_kind == "aws" and access.method != "pixi"
    lines = rattler_build.build(access, "rattler.toml", ("pixi", "exec", "rattler-build"))
    words = ["pixi", "exec", "--spec", "uv", "uvx", "chaninfra", "publish", "--channel", descriptor.url]
    publish = f"{shell.command([*words, *rattler_build.store_flags(access)])} {rattler_build.PACKAGES}"
    job = {
        **_job(request, access, oidc=oidc),
        "script": ["\n".join(lines) + ("\n" if len(lines) > 1 else ""), publish],
        # GitLab runs one job of a resource group at a time.
        "resource_group": "-".join(filter(None, ["publish", descriptor.bucket, descriptor.prefix.replace("/", "-")])),
        "rules": [{"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"}],
    }
    return Rendered(_notes(request, oidc=oidc), {"publish": job})


def _job(request: ManifestRequest, access: ClientChannel, *, oidc: bool) -> dict[str, Any]:
    job: dict[str, Any] = {"image": IMAGE}
    if oidc:
        token = "AWS_WEB_IDENTITY_TOKEN_FILE"  # noqa: S105
        variables = {"AWS_REGION": access.descriptor.region, token: "/tmp/aws-id-token-$CI_JOB_ID"}  # noqa: S108
        if request.role_arn:
            variables[ROLE_VARIABLE] = request.role_arn
        job["id_tokens"] = {"AWS_ID_TOKEN": {"aud": "$CI_SERVER_URL"}}
        job["variables"] = variables
        job["before_script"] = [f"""(umask 077 && printf %s "$AWS_ID_TOKEN" > "${token}")"""]
    elif access.method == "pixi":
        job["before_script"] = [login.command(access)]
    return job


def _notes(request: ManifestRequest, *, oidc: bool) -> tuple[str, ...]:
    """The variables that the project needs."""
    if not oidc:
        return PRINTED_BY, "CI/CD variables of the project, masked: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY."
    if request.role_arn:
        return (PRINTED_BY,)
    return PRINTED_BY, f"CI/CD variable of the project: {ROLE_VARIABLE}, the role to assume."
