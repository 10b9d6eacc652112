"""Jobs of GitLab CI/CD: one that installs from the channel, and one that publishes to it.

On AWS a job gets an ID token and the AWS tools in it, pixi among them, trade it for the role's credentials (GitLab's
CI/CD YAML syntax reference, `id_tokens`; AWS SDKs and Tools Reference Guide, "Assume role credential provider").
Elsewhere, and for pixi's credential store, the keys are CI/CD variables of the project.
"""

from __future__ import annotations

from typing import Any

from chaninfra.manifest.client_access import ChannelAccess
from chaninfra.manifest.formats import login, rattler_build
from chaninfra.manifest.formats.github import ROLE_VARIABLE
from chaninfra.manifest.request import PRINTED, ManifestRequest
from chaninfra.manifest.text import shell, toml, yaml

IMAGE = "ghcr.io/prefix-dev/pixi:0.77.0"


def consumer(settings: ManifestRequest) -> str:
    """A job that installs the workspace and tests it."""
    client = settings.one_bucket()
    oidc = client.kind == "aws" and client.way == "aws"
    job = {**_job(settings, client, oidc=oidc), "script": ["pixi run test"]}
    return _text(_setting(settings, oidc=oidc) if client.way != "public" else "", {"test": job})


def publisher(settings: ManifestRequest) -> str:
    """A job that builds the recipes in `recipes/`, uploads the packages and indexes them."""
    client = settings.one()
    place = client.descriptor
    oidc = client.kind == "aws" and client.way != "pixi"
    lines = rattler_build.build(client, "rattler.toml", ("pixi", "exec", "rattler-build"))
    words = ["pixi", "exec", "--spec", "uv", "uvx", "chaninfra", "publish", "--channel", place.url]
    publish = f"{shell.command([*words, *rattler_build.store_flags(client)])} {rattler_build.PACKAGES}"
    job = {
        **_job(settings, client, oidc=oidc),
        "script": ["\n".join(lines) + ("\n" if len(lines) > 1 else ""), publish],
        # One run at a time.
        "resource_group": "-".join(filter(None, ["publish", place.bucket, place.prefix.replace("/", "-")])),
        "rules": [{"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"}],
    }
    return _text(_setting(settings, oidc=oidc), {"publish": job})


def _job(settings: ManifestRequest, client: ChannelAccess, *, oidc: bool) -> dict[str, Any]:
    job: dict[str, Any] = {"image": IMAGE}
    if oidc:
        token = "AWS_WEB_IDENTITY_TOKEN_FILE"  # noqa: S105
        variables = {"AWS_REGION": client.descriptor.region, token: "/tmp/aws-id-token-$CI_JOB_ID"}  # noqa: S108
        if settings.role_arn:
            variables[ROLE_VARIABLE] = settings.role_arn
        job["id_tokens"] = {"AWS_ID_TOKEN": {"aud": "$CI_SERVER_URL"}}
        job["variables"] = variables
        job["before_script"] = [f"""(umask 077 && printf %s "$AWS_ID_TOKEN" > "${token}")"""]
    elif client.way == "pixi":
        job["before_script"] = [login.command(client)]
    return job


def _setting(settings: ManifestRequest, *, oidc: bool) -> str:
    """What the project needs besides."""
    if not oidc:
        return "CI/CD variables of the project, masked: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY."
    return "" if settings.role_arn else f"CI/CD variable of the project: {ROLE_VARIABLE}, the role to assume."


def _text(note: str, jobs: dict[str, Any]) -> str:
    comments = [toml.comment(line) for line in (PRINTED, note) if line]
    return "\n".join(comments) + "\n" + yaml.document(jobs)
