"""GitLab CI/CD jobs: one that installs from the channel, and a pair that builds and publishes.

On AWS a job gets an ID token, and the AWS tools in it (pixi among them) exchange it for the role's credentials
(GitLab's CI/CD YAML syntax reference, `id_tokens`; AWS SDKs and Tools Reference Guide, "Assume role credential
provider").
On other stores, and for pixi's credential store, the access key is in CI/CD variables of the project; if a role is
known and the store has an STS, the job that publishes logs in there by its ID token.

Recipes run any command, so what builds them is a job without the publisher's role or key. All tokens of a pipeline have
the same `sub`; the build's have an audience of their own, which a job cannot change. Keys are variables of an
environment, which only the jobs of that environment get ("Limit the environment scope of a CI/CD variable").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaninfra.manifest import release
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats import login, rattler_build
from chaninfra.manifest.formats.github import BUILD_ENVIRONMENT, BUILD_JOB, PUBLISH_ENVIRONMENT
from chaninfra.manifest.formats.store_sts import (
    ROLE_VARIABLE,
    STS_NOTE,
    STS_VARIABLE,
    TOKEN_VARIABLE,
    logs_in_there,
    sts_url,
)
from chaninfra.manifest.formats.versions import PIXI_IMAGE, PYTHON_IMAGE
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import PRINTED_BY, ManifestRequest
from chaninfra.manifest.text import shell

BUILD_AUDIENCE = "conda-build"
_SERVER = "$CI_SERVER_URL"
_KEYS = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"


def consumer(request: ManifestRequest) -> Rendered:
    """A job that installs the workspace and tests it."""
    access = request.in_only_bucket()
    by_role = _by_role(access)
    job: dict[str, Any] = {"image": PIXI_IMAGE}
    notes = [PRINTED_BY]
    if by_role:
        job |= _token(access, _SERVER, request.role_arn)
        if not request.role_arn:
            notes.append(f"CI/CD variable of the project: {ROLE_VARIABLE}, the role of a reader.")
    elif access.method != "public":
        job |= _pixi_login(access)
        notes.append(f"CI/CD variables of the project, masked: {_KEYS}, the key of a reader.")
    return Rendered(tuple(notes), {"test": {**job, "script": ["pixi run test"]}})


def publisher(request: ManifestRequest) -> Rendered:
    """A job that builds the recipes in `recipes/`, and one that uploads the packages and indexes them."""
    access = request.only_channel()
    scoped = "CI/CD {what} with the environment scope `{scope}`{masked}: {names}, the {who}"
    notes = [PRINTED_BY]
    if logs_in_there(access, request):
        if sts_url(access) is None:
            notes.append(f"CI/CD variable of the project: {STS_NOTE}")
    elif access.store_kind != "aws" or access.method == "pixi":
        publishes = {
            "what": "variables",
            "names": _KEYS,
            "who": "key of a publisher.",
            "masked": ", masked and protected",
        }
        notes.append(scoped.format(scope=PUBLISH_ENVIRONMENT, **publishes))
    elif not request.role_arn:
        publishes = {"what": "variable", "names": ROLE_VARIABLE, "who": "role of a publisher.", "masked": ""}
        notes.append(scoped.format(scope=PUBLISH_ENVIRONMENT, **publishes))
    if _by_role(access):
        who = f"role of a reader with `audience: {BUILD_AUDIENCE}`."
        reads = {"what": "variable", "names": ROLE_VARIABLE, "who": who, "masked": ""}
        notes.append(scoped.format(scope=BUILD_ENVIRONMENT, **reads))
    elif access.method != "public":
        reads = {"what": "variables", "names": _KEYS, "who": "key of a reader.", "masked": ", masked"}
        notes.append(scoped.format(scope=BUILD_ENVIRONMENT, **reads))
    if release.RELEASE.source is None:
        notes.append(f"CI/CD variable of the project: {release.VARIABLE}, {release.FORMS}.")
    return Rendered(tuple(notes), {BUILD_JOB: _build(access, request.others), "publish": _publish(request, access)})


def _build(access: ClientChannel, others: Sequence[str]) -> dict[str, Any]:
    """The job that builds, as a reader of the channel; it has no credentials if the channel is public."""
    job: dict[str, Any] = {"image": PIXI_IMAGE}
    if access.method != "public":
        job["environment"] = _environment(BUILD_ENVIRONMENT)
        job |= _token(access, BUILD_AUDIENCE) if _by_role(access) else _pixi_login(access)
    *config, command = rattler_build.build(access, others, "rattler.toml", "pixi exec rattler-build")
    return {
        **job,
        # GitLab reports only the last command of a block.
        "script": [*(["\n".join(config) + "\n"] if config else []), command],
        "artifacts": {"paths": [rattler_build.PACKAGES], "expire_in": "1 day"},
        "rules": _rules(),
    }


def _publish(request: ManifestRequest, access: ClientChannel) -> dict[str, Any]:
    """The job that publishes: it has the packages, and nothing of the repository."""
    descriptor = access.descriptor
    words = [".venv/bin/chaninfra", "publish", "--channel", descriptor.url, *rattler_build.store_flags(access)]
    job: dict[str, Any] = {
        "image": PYTHON_IMAGE,
        "needs": [BUILD_JOB],
        "environment": _environment(PUBLISH_ENVIRONMENT),
        "variables": {},
    }
    if logs_in_there(access, request):
        job |= _token(access, _SERVER, request.role_arn)
        if url := sts_url(access):
            job["variables"][STS_VARIABLE] = url
    elif access.store_kind == "aws" and access.method != "pixi":
        job |= _token(access, _SERVER, request.role_arn)
    # What earlier jobs left in the folder of a runner must not be published.
    job["variables"]["GIT_STRATEGY"] = "empty"
    return {
        **job,
        "script": [*release.install(), f"{shell.command(words)} {rattler_build.PACKAGES}"],
        # GitLab runs one job of a resource group at a time.
        "resource_group": "-".join(filter(None, ["publish", descriptor.bucket, descriptor.prefix.replace("/", "-")])),
        "rules": _rules(),
    }


def _by_role(access: ClientChannel) -> bool:
    """Whether a reader of the channel logs in by an ID token."""
    return access.store_kind == "aws" and access.method == "aws"


def _environment(name: str) -> dict[str, str]:
    # Its variables without a deployment to it.
    return {"name": name, "action": "access"}


def _rules() -> list[dict[str, str]]:
    return [{"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"}]


def _token(access: ClientChannel, audience: str, role_arn: str | None = None) -> dict[str, Any]:
    """The ID token of a job, and where the AWS tools find it; the role is else in a variable of the project."""
    variables = {"AWS_REGION": access.descriptor.region, TOKEN_VARIABLE: "/tmp/aws-id-token-$CI_JOB_ID"}  # noqa: S108
    if role_arn:
        variables[ROLE_VARIABLE] = role_arn
    return {
        "id_tokens": {"AWS_ID_TOKEN": {"aud": audience}},
        "variables": variables,
        "before_script": [f"""(umask 077 && printf %s "$AWS_ID_TOKEN" > "${TOKEN_VARIABLE}")"""],
    }


def _pixi_login(access: ClientChannel) -> dict[str, Any]:
    return {"before_script": [login.command(access)]} if access.method == "pixi" else {}
