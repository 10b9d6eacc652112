"""The one table of what can be printed: each format, the ways of access it is legal for, and why the others are not.

A cell of (format, way of access, kind of store) is legal where the format's row takes the way and the way exists on
that kind of store. The command line, the docs and the tests of the renderers all go by `refusal`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import WAYS, ChannelAccess, Kind, Way
from chaninfra.manifest.formats import aws_config, condarc, env, github, gitlab, login, pixi, rattler_build
from chaninfra.manifest.request import ManifestRequest

Format = Literal[
    "pixi",
    "pyproject",
    "config",
    "aws-config",
    "login",
    "auth-file",
    "env",
    "github",
    "github-publish",
    "gitlab",
    "gitlab-publish",
    "rattler-build",
    "condarc",
]
NAMES: tuple[Format, ...] = get_args(Format)
Merge = Literal["toml", "yaml", "json"]
Renderer = Callable[[ManifestRequest], str]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A format, and the function that renders it."""

    title: str
    renderer: Renderer
    refused: Mapping[Way, str] = field(default_factory=dict)
    """Why a way makes no sense here, and what to do; a way that is not named is legal."""
    merge: Merge | None = None
    """How --into merges it; None: it is printed only."""
    files: tuple[str, ...] = ()
    """The ends of the paths by which --into tells the format."""


_NO_UPLOAD = "uploads go over S3; use --auth pixi with an HMAC key"
_ANYBODY = (
    "everybody reads a public channel, so there is nothing to set; use --auth aws or --auth pixi for those who publish"
)
_GOOGLE = "Google's credentials are not S3's; use --auth pixi with an HMAC key, or gcloud's own login"
_HTTPS = "conda and mamba read by https alone; use --auth public if the channel is public, else --format pixi"

FORMATS: dict[Format, Row] = {
    "pixi": Row(
        title="a complete pixi.toml: channels, and the s3-options of their bucket",
        renderer=pixi.pixi_toml,
        merge="toml",
        files=("pixi.toml",),
    ),
    "pyproject": Row(
        title="the same as [tool.pixi.workspace] of a pyproject.toml",
        renderer=pixi.pyproject,
        merge="toml",
        files=("pyproject.toml",),
    ),
    "config": Row(
        title="pixi's own config.toml: default channels and s3-options, for all that has no workspace",
        renderer=pixi.config,
        merge="toml",
        files=("config.toml",),
    ),
    "aws-config": Row(
        title="a profile for ~/.aws/config, with a login by SSO where --sso-start-url is given",
        renderer=aws_config.profile,
        refused={
            "pixi": "pixi's credential store knows no profiles; use --auth aws, or --format login",
            "public": _ANYBODY,
            "gcs": _GOOGLE,
        },
    ),
    "login": Row(
        title="the `pixi auth login` command; the keys come from the environment",
        renderer=login.login,
        refused={
            "aws": "the AWS tools' credentials need no login to pixi; use --format aws-config, or --auth pixi",
            "public": _ANYBODY,
            "gcs": _GOOGLE,
        },
    ),
    "auth-file": Row(
        title="the JSON that RATTLER_AUTH_FILE names, with the key in it: only with --into, mode 0600",
        renderer=login.auth_file,
        refused={
            "aws": "the AWS tools' credentials are not in pixi's store; use --format aws-config, or --auth pixi",
            "public": _ANYBODY,
            "gcs": _GOOGLE,
        },
        merge="json",
    ),
    "env": Row(
        title="variables of a shell that say where the bucket is: eval it",
        renderer=env.env,
        refused={"public": _ANYBODY, "gcs": _GOOGLE},
    ),
    "github": Row(
        title="a GitHub workflow that installs from the channel",
        renderer=github.consumer,
        refused={"gcs": _GOOGLE},
        merge="yaml",
        files=(".github/workflows/*.yml", ".github/workflows/*.yaml"),
    ),
    "github-publish": Row(
        title="a GitHub workflow that builds, publishes and indexes; on AWS by OIDC, with no stored key",
        renderer=github.publisher,
        refused={"gcs": _NO_UPLOAD},
        merge="yaml",
    ),
    "gitlab": Row(
        title="a GitLab job that installs from the channel",
        renderer=gitlab.consumer,
        refused={"gcs": _GOOGLE},
        merge="yaml",
        files=(".gitlab-ci.yml",),
    ),
    "gitlab-publish": Row(
        title="a GitLab job that builds, publishes and indexes; on AWS by an ID token, with no stored key",
        renderer=gitlab.publisher,
        refused={"gcs": _NO_UPLOAD},
        merge="yaml",
    ),
    "rattler-build": Row(
        title="a script that builds with rattler-build, uploads and indexes, with the variables it reads",
        renderer=rattler_build.rattler_build,
        refused={"gcs": _NO_UPLOAD},
    ),
    "condarc": Row(
        title="a .condarc for conda and mamba, of a public channel",
        renderer=condarc.condarc,
        refused={"aws": _HTTPS, "pixi": _HTTPS, "gcs": _HTTPS},
        merge="yaml",
        files=(".condarc", "condarc"),
    ),
}


def refusal(name: Format, way: Way, kind: Kind) -> str | None:
    """Why the format makes no sense for a channel that is read in this way from such a store; None: it does."""
    if way == "gcs" and kind != "gcs":
        return "gcs:// names buckets of Google Cloud Storage alone; use --auth pixi"
    return FORMATS[name].refused.get(way)


def check(name: Format, clients: tuple[ChannelAccess, ...]) -> None:
    """Raises ConfigurationError where the format is not legal for a channel."""
    for each in clients:
        why = refusal(name, each.way, each.kind)
        if why is not None:
            problem, _, remedy = why.partition("; ")
            raise ConfigurationError(
                f"no {name} for a channel that is read the way `{each.way}`: {problem}",
                where=each.descriptor.url,
                remedy=remedy,
            )


def render(name: Format, settings: ManifestRequest) -> str:
    """The text of a format. Raises ConfigurationError where it is not legal, or lacks what it needs."""
    check(name, settings.clients)
    return FORMATS[name].renderer(settings)


def listing() -> list[tuple[str, str]]:
    """Each format with what it is."""
    return [(name, row.title) for name, row in FORMATS.items()]


def markdown() -> str:
    """The table of what is legal, and the reasons below it."""
    lines = ["| format | " + " | ".join(WAYS) + " |", "|---" * (len(WAYS) + 1) + "|"]
    reasons: list[str] = []
    for name, row in FORMATS.items():
        cells = []
        for way in WAYS:
            why = row.refused.get(way)
            if why is not None and why not in reasons:
                reasons.append(why)
            kinds = ", ".join(kind for kind in get_args(Kind) if refusal(name, way, kind) is None)
            cells.append(kinds if why is None else f"no ({reasons.index(why) + 1})")
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    lines += ["", *(f"{number}. {reason[0].upper()}{reason[1:]}." for number, reason in enumerate(reasons, 1))]
    return "\n".join(lines)
