"""GitHub Actions workflows: one that installs from the channel, and one that publishes to it.

The steps are those of pixi's page "S3". On AWS a step logs in by OIDC: pixi reads the variables that it sets, or its
outputs go into pixi's credential store. On other stores the access key is in secrets of the repository. The inputs of
the actions are those of their action.yml at the versions named here. setup-pixi's documentation asks for a full
version, since its inputs may change.
"""

from __future__ import annotations

from typing import Any

from chaninfra.channel.providers.aws_partitions import dns_suffix, partition
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats import rattler_build
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import PRINTED_BY, ManifestRequest
from chaninfra.manifest.text import shell

CHECKOUT = "actions/checkout@v7"
CONFIGURE_AWS = "aws-actions/configure-aws-credentials@v6"
SETUP_PIXI = "prefix-dev/setup-pixi@v0.9.6"
ROLE_VARIABLE = "AWS_ROLE_ARN"

# setup-pixi's inputs, without "auth-s3-" → the secret of the repository that has the value.
_SECRETS = {"access-key-id": "S3_ACCESS_KEY_ID", "secret-access-key": "S3_SECRET_ACCESS_KEY"}
Step = dict[str, Any]


def consumer(request: ManifestRequest) -> Rendered:
    """A workflow that installs the workspace and tests it."""
    access = request.in_only_bucket()
    job: dict[str, Any] = {"runs-on": "ubuntu-latest"}
    if access.store_kind != "aws" and access.method == "aws":
        job["env"] = _variables()
    login = [_log_in(request, access)] if access.store_kind == "aws" and access.method != "public" else []
    job["steps"] = [_checkout(), *login, _setup_pixi(access), {"name": "Test", "run": "pixi run test"}]
    workflow = {
        "name": "test",
        "on": {"push": {"branches": ["main"]}, "pull_request": {"branches": ["main"]}},
        "permissions": _permissions(oidc=bool(login)),
        "concurrency": {"group": "${{ github.workflow }}-${{ github.ref }}", "cancel-in-progress": True},
        "jobs": {"test": job},
    }
    return Rendered(_notes(request, access) if access.method != "public" else (PRINTED_BY,), workflow)


def publisher(request: ManifestRequest) -> Rendered:
    """A workflow that builds the recipes in `recipes/`, uploads the packages and indexes them."""
    access = request.only_channel()
    descriptor = access.descriptor
    oidc = access.store_kind == "aws"
    login = [_log_in(request, access)] if oidc else []
    job: dict[str, Any] = {"runs-on": "ubuntu-latest"}
    publish: Step = {"name": "Publish"}
    if not oidc:
        # Recipes can run any command in the build step, so it gets the access key only if it needs it to read the
        # channel.
        (job if access.method == "aws" else publish)["env"] = _variables()
    words = ["pixi", "exec", "--spec", "uv", "uvx", "chaninfra", "publish", "--channel", descriptor.url]
    publish["run"] = f"{_literal(shell.command([*words, *rattler_build.store_flags(access)]))} {rattler_build.PACKAGES}"
    lines = rattler_build.build(access, '"$RUNNER_TEMP/rattler.toml"', ("pixi", "exec", "rattler-build"))
    build = {"name": "Build", "run": _literal("\n".join(lines) + ("\n" if len(lines) > 1 else ""))}
    setup = _setup_pixi(access, {"run-install": False})
    # The build reads a public channel without credentials, so the login comes after it.
    steps = [setup, build, *login] if access.method == "public" else [*login, setup, build]
    job["steps"] = [_checkout(), *steps, publish]
    workflow = {
        "name": "publish",
        "on": {"push": {"branches": ["main"]}, "workflow_dispatch": None},
        "permissions": _permissions(oidc=oidc),
        # One run at a time, and no run is cancelled between upload and index.
        "concurrency": {
            "group": _literal(f"publish-{descriptor.bucket}-{descriptor.prefix}"),
            "cancel-in-progress": False,
        },
        "jobs": {"publish": job},
    }
    return Rendered(_notes(request, access), workflow)


def _checkout() -> Step:
    return {"name": "Check out repository", "uses": CHECKOUT, "with": {"persist-credentials": False}}


def _log_in(request: ManifestRequest, access: ClientChannel) -> Step:
    region = access.descriptor.region
    inputs: dict[str, Any] = {
        "role-to-assume": request.role_arn or f"${{{{ vars.{ROLE_VARIABLE} }}}}",
        "aws-region": _literal(region),
    }
    if partition(region) == "aws-cn":
        inputs["audience"] = f"sts.{dns_suffix(region)}"
    if access.method == "pixi":
        # Without it the step sets no outputs, which setup-pixi needs.
        inputs["output-credentials"] = True
    return {"name": "Log in to AWS", "id": "aws", "uses": CONFIGURE_AWS, "with": inputs}


def _setup_pixi(access: ClientChannel, inputs: dict[str, Any] | None = None) -> Step:
    values = {**(inputs or {})}
    if access.method == "pixi":
        values["auth-host"] = _literal(access.s3_bucket_url)
        if access.store_kind == "aws":
            names = (*_SECRETS, "session-token")
            values |= {f"auth-s3-{name}": f"${{{{ steps.aws.outputs.aws-{name} }}}}" for name in names}
        else:
            values |= {f"auth-s3-{name}": f"${{{{ secrets.{secret} }}}}" for name, secret in _SECRETS.items()}
    return {"name": "Set up pixi", "uses": SETUP_PIXI, **({"with": values} if values else {})}


def _variables() -> dict[str, str]:
    return {secret.replace("S3_", "AWS_"): f"${{{{ secrets.{secret} }}}}" for secret in _SECRETS.values()}


def _permissions(*, oidc: bool) -> dict[str, str]:
    return {**({"id-token": "write"} if oidc else {}), "contents": "read"}


def _notes(request: ManifestRequest, access: ClientChannel) -> tuple[str, ...]:
    """The secrets or variables that the repository needs."""
    if access.store_kind != "aws":
        return PRINTED_BY, f"Secrets of the repository: {', '.join(_SECRETS.values())}."
    if request.role_arn:
        return (PRINTED_BY,)
    return PRINTED_BY, f"Variable of the repository: {ROLE_VARIABLE}, the role to assume."


def _literal(text: str) -> str:
    """The text with `${{` escaped: a descriptor, which may come from anywhere, must not add expressions."""
    return text.replace("${{", "${{ '${{' }}")
