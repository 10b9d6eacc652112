"""GitHub Actions workflows: one that installs from the channel, and two that publish to it.

The steps are those of pixi's page "S3". On AWS a step logs in by OIDC: pixi reads the variables that it sets, or its
outputs go into pixi's credential store. `github_steps` has the logins of what writes.

Recipes run any command, so what builds them is a job without the publisher's role or key; another job takes the
packages from it and publishes them. What builds or tests reads the channel as a reader. A job of an environment has
tokens whose `sub` names the environment ("OpenID Connect reference"), so the build, which could request any token of
its own, gets none that the publisher's role takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats import github_steps, rattler_build, upload
from chaninfra.manifest.formats.github_steps import READER_KEY, Login, Step, literal, script, variables
from chaninfra.manifest.formats.versions import DOWNLOAD_ARTIFACT, PIXI, SETUP_PIXI, UPLOAD_ARTIFACT
from chaninfra.manifest.formats.writers import BUILD_ENVIRONMENT, BUILD_JOB, PUBLISHER
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import PRINTED_BY, ManifestRequest
from chaninfra.manifest.text import shell

READER_ROLE_VARIABLE = "AWS_READER_ROLE_ARN"
ARTIFACT = "packages"


def consumer(request: ManifestRequest) -> Rendered:
    """A workflow that installs the workspace and tests it."""
    access = request.in_only_bucket()
    job: dict[str, Any] = {"runs-on": "ubuntu-latest"}
    if access.store_kind != "aws" and access.method == "aws":
        job["env"] = variables(READER_KEY)
    by_role = _by_role(access)
    role = github_steps.role(READER_ROLE_VARIABLE, request.role_arn)
    login = [github_steps.log_in(access, role, pixi=True)] if by_role else []
    test = {"name": "Test", "run": "pixi run test"}
    job["steps"] = [github_steps.checkout(), *login, github_steps.setup_pixi(access), test]
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
    login = github_steps.login_of(PUBLISHER, access, request)
    words = [".venv/bin/chaninfra", "publish", "--channel", descriptor.url, *rattler_build.store_flags(access)]
    publish = _writing(login, "Publish", f"{literal(shell.command(words))} {rattler_build.PACKAGES}")
    # One run at a time, and no run is cancelled between upload and index.
    group = literal(f"publish-{descriptor.bucket}-{descriptor.prefix}")
    workflow = {
        **_started_by_push("publish"),
        "concurrency": {"group": group, "cancel-in-progress": False},
        "jobs": {
            BUILD_JOB: _build(access, request.others),
            "publish": _after_build(login, [github_steps.install()], publish),
        },
    }
    notes = (*login.notes, *_reader_notes(access, environment=BUILD_ENVIRONMENT), *github_steps.source_notes())
    return Rendered((PRINTED_BY, *notes), workflow)


def uploader(request: ManifestRequest) -> Rendered:
    """A workflow that builds the recipes in `recipes/` and uploads the packages, which the channel itself indexes.

    Raises ConfigurationError for a channel that does not follow uploads.
    """
    access = request.only_channel()
    upload.check_follows(access, instead="github-publish")
    login = github_steps.login_of(PUBLISHER, access, request, key="S3_")
    lines = [*_upload_keys(login, access), literal(upload.command(access))]
    pixi: Step = {
        "name": "Set up pixi",
        "uses": SETUP_PIXI,
        "with": {"pixi-version": f"v{PIXI}", "run-install": False},
    }
    workflow = {
        **_started_by_push("upload"),
        "jobs": {
            BUILD_JOB: _build(access, request.others),
            "upload": _after_build(login, [pixi], _writing(login, "Upload", script(lines))),
        },
    }
    notes = (*login.notes, *_reader_notes(access, environment=BUILD_ENVIRONMENT), upload.INDEXED_BY)
    return Rendered((PRINTED_BY, *notes), workflow)


def _upload_keys(login: Login, access: ClientChannel) -> list[str]:
    """The lines that give rattler-build the key of a login by OIDC, in the variables that it reads."""
    if access.store_kind == "aws":
        return upload.exports(session=True)
    return upload.session_of_token("curl") if "permissions" in login.job else []


def _started_by_push(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "on": {"push": {"branches": ["main"]}, "workflow_dispatch": None},
        "permissions": {"contents": "read"},
    }


def _build(access: ClientChannel, others: Sequence[str]) -> dict[str, Any]:
    """The job that builds, as a reader of the channel; it has no credentials if the channel is public."""
    lines = rattler_build.build(access, others, '"$RUNNER_TEMP/rattler.toml"', "pixi exec rattler-build")
    build: Step = {"name": "Build"}
    if access.store_kind != "aws" and access.method == "aws":
        build["env"] = variables(READER_KEY)
    build["run"] = literal(script(lines))
    job: dict[str, Any] = {"runs-on": "ubuntu-latest"}
    login = []
    if _by_role(access):
        job |= {"environment": BUILD_ENVIRONMENT, "permissions": {"id-token": "write", "contents": "read"}}
        login = [github_steps.log_in(access, github_steps.role(READER_ROLE_VARIABLE), pixi=True)]
    files = {"name": ARTIFACT, "path": rattler_build.PACKAGES, "if-no-files-found": "error"}
    job["steps"] = [
        github_steps.checkout(),
        *login,
        github_steps.setup_pixi(access, {"run-install": False}),
        build,
        {"name": "Hand on the packages", "uses": UPLOAD_ARTIFACT, "with": files},
    ]
    return job


def _after_build(login: Login, tools: Sequence[Step], last: Step) -> dict[str, Any]:
    """The job that writes: it runs nothing of the repository, and the step before the last is the login."""
    files = {"name": ARTIFACT, "path": rattler_build.OUTPUT}
    take: Step = {"name": "Take the packages", "uses": DOWNLOAD_ARTIFACT, "with": files}
    steps = [take, *tools, *login.steps, last]
    return {"needs": BUILD_JOB, "runs-on": "ubuntu-latest", **login.job, "steps": steps}


def _writing(login: Login, name: str, run: str) -> Step:
    return {"name": name, **({"env": login.env} if login.env else {}), "run": run}


def _by_role(access: ClientChannel) -> bool:
    """Whether a reader of the channel logs in by OIDC."""
    return access.store_kind == "aws" and access.method != "public"


def _reader_notes(access: ClientChannel, *, given: str | None = None, environment: str | None = None) -> list[str]:
    """The secrets or variables with which a job reads the channel; none for a public channel or a given role."""
    if access.method == "public" or (access.store_kind == "aws" and given):
        return []
    if access.store_kind != "aws":
        return [f"Secrets of the repository: {github_steps.secrets(READER_KEY)}, the key of a reader."]
    trusts = f" that trusts the environment `{environment}` of the repository" if environment else ""
    return [f"Variable of the repository: {READER_ROLE_VARIABLE}, the role of a reader{trusts}."]
