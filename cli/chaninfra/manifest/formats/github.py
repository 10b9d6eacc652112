"""Workflows of GitHub Actions: one that installs from the channel, and one that publishes to it.

The steps are those of pixi's page on S3: a login to AWS by OIDC whose variables pixi finds, or whose outputs go into
pixi's credential store; for other stores the keys are secrets of the repository. Inputs of the actions are those of
their action.yml at the versions named here. setup-pixi asks to be pinned in full, as its inputs may change.
"""

from __future__ import annotations

from typing import Any

from chaninfra.channel.providers.aws_partitions import dns_suffix, partition
from chaninfra.manifest.client_access import ChannelAccess
from chaninfra.manifest.formats import rattler_build
from chaninfra.manifest.request import PRINTED, ManifestRequest
from chaninfra.manifest.text import shell, toml, yaml

CHECKOUT = "actions/checkout@v7"
CONFIGURE_AWS = "aws-actions/configure-aws-credentials@v6"
SETUP_PIXI = "prefix-dev/setup-pixi@v0.9.6"
ROLE_VARIABLE = "AWS_ROLE_ARN"

_KEYS = {"access-key-id": "S3_ACCESS_KEY_ID", "secret-access-key": "S3_SECRET_ACCESS_KEY"}
Step = dict[str, Any]


def consumer(settings: ManifestRequest) -> str:
    """A workflow that installs the workspace and tests it."""
    client = settings.one_bucket()
    job: dict[str, Any] = {"runs-on": "ubuntu-latest"}
    if client.kind != "aws" and client.way == "aws":
        job["env"] = _variables()
    login = [_log_in(settings, client)] if client.kind == "aws" and client.way != "public" else []
    job["steps"] = [_checkout(), *login, _setup_pixi(client), {"name": "Test", "run": "pixi run test"}]
    workflow = {
        "name": "test",
        "on": {"push": {"branches": ["main"]}, "pull_request": {"branches": ["main"]}},
        "permissions": _permissions(oidc=bool(login)),
        "concurrency": {"group": "${{ github.workflow }}-${{ github.ref }}", "cancel-in-progress": True},
        "jobs": {"test": job},
    }
    return _text([_setting(settings, client) if client.way != "public" else ""], workflow)


def publisher(settings: ManifestRequest) -> str:
    """A workflow that builds the recipes in `recipes/`, uploads the packages and indexes them."""
    client = settings.one()
    place = client.descriptor
    oidc = client.kind == "aws"
    login = [_log_in(settings, client)] if oidc else []
    job: dict[str, Any] = {"runs-on": "ubuntu-latest"}
    publish: Step = {"name": "Publish"}
    if not oidc:
        # A build runs what the recipes say: it sees the keys only where it cannot read the channel without.
        (job if client.way == "aws" else publish)["env"] = _variables()
    words = ["pixi", "exec", "--spec", "uv", "uvx", "chaninfra", "publish", "--channel", place.url]
    publish["run"] = f"{_literal(shell.command([*words, *rattler_build.store_flags(client)]))} {rattler_build.PACKAGES}"
    lines = rattler_build.build(client, '"$RUNNER_TEMP/rattler.toml"', ("pixi", "exec", "rattler-build"))
    build = {"name": "Build", "run": _literal("\n".join(lines) + ("\n" if len(lines) > 1 else ""))}
    setup = _setup_pixi(client, {"run-install": False})
    # Who reads a public channel needs no login, so the build gets none.
    steps = [setup, build, *login] if client.way == "public" else [*login, setup, build]
    job["steps"] = [_checkout(), *steps, publish]
    workflow = {
        "name": "publish",
        "on": {"push": {"branches": ["main"]}, "workflow_dispatch": None},
        "permissions": _permissions(oidc=oidc),
        # One run at a time, and none is cut off between upload and index.
        "concurrency": {"group": _literal(f"publish-{place.bucket}-{place.prefix}"), "cancel-in-progress": False},
        "jobs": {"publish": job},
    }
    return _text([_setting(settings, client)], workflow)


def _checkout() -> Step:
    return {"name": "Check out repository", "uses": CHECKOUT, "with": {"persist-credentials": False}}


def _log_in(settings: ManifestRequest, client: ChannelAccess) -> Step:
    region = client.descriptor.region
    inputs: dict[str, Any] = {
        "role-to-assume": settings.role_arn or f"${{{{ vars.{ROLE_VARIABLE} }}}}",
        "aws-region": _literal(region),
    }
    if partition(region) == "aws-cn":
        inputs["audience"] = f"sts.{dns_suffix(region)}"
    if client.way == "pixi":
        # Without it the step has no outputs for setup-pixi to take.
        inputs["output-credentials"] = True
    return {"name": "Log in to AWS", "id": "aws", "uses": CONFIGURE_AWS, "with": inputs}


def _setup_pixi(client: ChannelAccess, inputs: dict[str, Any] | None = None) -> Step:
    wanted = {**(inputs or {})}
    if client.way == "pixi":
        wanted["auth-host"] = _literal(client.bucket_url)
        if client.kind == "aws":
            names = (*_KEYS, "session-token")
            wanted |= {f"auth-s3-{name}": f"${{{{ steps.aws.outputs.aws-{name} }}}}" for name in names}
        else:
            wanted |= {f"auth-s3-{name}": f"${{{{ secrets.{secret} }}}}" for name, secret in _KEYS.items()}
    return {"name": "Set up pixi", "uses": SETUP_PIXI, **({"with": wanted} if wanted else {})}


def _variables() -> dict[str, str]:
    return {secret.replace("S3_", "AWS_"): f"${{{{ secrets.{secret} }}}}" for secret in _KEYS.values()}


def _permissions(*, oidc: bool) -> dict[str, str]:
    return {**({"id-token": "write"} if oidc else {}), "contents": "read"}


def _setting(settings: ManifestRequest, client: ChannelAccess) -> str:
    """What the repository needs besides."""
    if client.kind != "aws":
        return f"Secrets of the repository: {', '.join(_KEYS.values())}."
    return "" if settings.role_arn else f"Variable of the repository: {ROLE_VARIABLE}, the role to assume."


def _literal(text: str) -> str:
    """Text in which GitHub finds no expression, whatever a descriptor says."""
    return text.replace("${{", "${{ '${{' }}")


def _text(notes: list[str], workflow: dict[str, Any]) -> str:
    comments = [toml.comment(line) for line in (PRINTED, *filter(None, notes))]
    return "\n".join(comments) + "\n" + yaml.document(workflow)
