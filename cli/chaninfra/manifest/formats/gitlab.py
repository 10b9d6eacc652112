"""GitLab CI/CD jobs: one that installs from the channel, and pairs that build and publish.

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

from chaninfra.channel.providers.aws_partitions import dns_suffix
from chaninfra.manifest import release
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats import gitlab_jobs, rattler_build, upload
from chaninfra.manifest.formats.gitlab_jobs import KEYS, SERVER, environment, pixi_login, scoped, token
from chaninfra.manifest.formats.store_sts import ROLE_VARIABLE, STS_VARIABLE
from chaninfra.manifest.formats.versions import PIXI_IMAGE, PYTHON_IMAGE
from chaninfra.manifest.formats.writers import BUILD_ENVIRONMENT, BUILD_JOB, PUBLISHER
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import PRINTED_BY, ManifestRequest
from chaninfra.manifest.text import shell

BUILD_AUDIENCE = "conda-build"


def consumer(request: ManifestRequest) -> Rendered:
    """A job that installs the workspace and tests it."""
    access = request.in_only_bucket()
    job: dict[str, Any] = {"image": PIXI_IMAGE}
    notes = [PRINTED_BY]
    if _by_role(access):
        job |= token(access, SERVER, request.role_arn)
        if not request.role_arn:
            notes.append(f"CI/CD variable of the project: {ROLE_VARIABLE}, the role of a reader.")
    elif access.method != "public":
        job |= pixi_login(access)
        notes.append(f"CI/CD variables of the project, masked: {KEYS}, the key of a reader.")
    return Rendered(tuple(notes), {"test": {**job, "script": ["pixi run test"]}})


def publisher(request: ManifestRequest) -> Rendered:
    """A job that builds the recipes in `recipes/`, and one that uploads the packages and indexes them."""
    access = request.only_channel()
    descriptor = access.descriptor
    words = [".venv/bin/chaninfra", "publish", "--channel", descriptor.url, *rattler_build.store_flags(access)]
    job = {
        **_after_build(PYTHON_IMAGE, request, access),
        "script": [*release.install(), f"{shell.command(words)} {rattler_build.PACKAGES}"],
        "resource_group": gitlab_jobs.resource_group("publish", access),
        "rules": _rules(),
    }
    notes = (*gitlab_jobs.login_notes(PUBLISHER, access, request), *_build_notes(access), *gitlab_jobs.source_notes())
    return Rendered((PRINTED_BY, *notes), {BUILD_JOB: _build(access, request.others), "publish": job})


def uploader(request: ManifestRequest) -> Rendered:
    """A job that builds the recipes in `recipes/`, and one that uploads the packages, which the channel itself indexes.

    Raises ConfigurationError for a channel that does not follow uploads.
    """
    access = request.only_channel()
    upload.check_follows(access, instead="gitlab-publish")
    job = _after_build(PIXI_IMAGE, request, access)
    if "id_tokens" in job:
        region = access.descriptor.region
        # The AWS tools know the address themselves.
        job["variables"].setdefault(STS_VARIABLE, f"https://sts.{region}.{dns_suffix(region)}")
        login = upload.session_of_token(upload.PIXI_CURL)
    else:
        login = upload.exports(session=False)
    job |= {"script": [*login, upload.command(access)], "rules": _rules()}
    notes = (*gitlab_jobs.login_notes(PUBLISHER, access, request), *_build_notes(access), upload.INDEXED_BY)
    return Rendered((PRINTED_BY, *notes), {BUILD_JOB: _build(access, request.others), "upload": job})


def _build_notes(access: ClientChannel) -> list[str]:
    if _by_role(access):
        who = f"role of a reader with `audience: {BUILD_AUDIENCE}`."
        return [scoped("variable", BUILD_ENVIRONMENT, ROLE_VARIABLE, who)]
    if access.method == "public":
        return []
    return [scoped("variables", BUILD_ENVIRONMENT, KEYS, "key of a reader.", masked=", masked")]


def _build(access: ClientChannel, others: Sequence[str]) -> dict[str, Any]:
    """The job that builds, as a reader of the channel; it has no credentials if the channel is public."""
    job: dict[str, Any] = {"image": PIXI_IMAGE}
    if access.method != "public":
        job["environment"] = environment(BUILD_ENVIRONMENT)
        job |= token(access, BUILD_AUDIENCE) if _by_role(access) else pixi_login(access)
    *config, command = rattler_build.build(access, others, "rattler.toml", "pixi exec rattler-build")
    return {
        **job,
        # GitLab reports only the last command of a block.
        "script": [*(["\n".join(config) + "\n"] if config else []), command],
        "artifacts": {"paths": [rattler_build.PACKAGES], "expire_in": "1 day"},
        "rules": _rules(),
    }


def _after_build(image: str, request: ManifestRequest, access: ClientChannel) -> dict[str, Any]:
    """The keys of the job that writes: it has the packages, and nothing of the repository."""
    return {"image": image, "needs": [BUILD_JOB], **gitlab_jobs.login_of(PUBLISHER, access, request)}


def _by_role(access: ClientChannel) -> bool:
    """Whether a reader of the channel logs in by an ID token."""
    return access.store_kind == "aws" and access.method == "aws"


def _rules() -> list[dict[str, str]]:
    # A schedule is for the job that re-indexes.
    return [{"if": '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CI_PIPELINE_SOURCE != "schedule"'}]
