"""The table of formats: for each its renderer, its file type, and the access methods that it is not possible with.

A cell (format, access method, kind of store) is possible unless the format's row refuses the method, or the method does
not exist on that kind of store. `refusal` decides it for the command line, the docs and the tests of the renderers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import STORE_KINDS, StoreKind
from chaninfra.manifest.names import ACCESS_METHODS, AccessMethod, Format
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import ManifestRequest
from chaninfra.manifest.text import ini, json, shell, toml, yaml

FileType = Literal["toml", "yaml", "json", "ini", "shell"]
Renderer = Callable[[ManifestRequest], Rendered]

_WRITERS: Mapping[FileType, Callable[[Sequence[str], Any], str]] = {
    "toml": toml.document,
    "yaml": yaml.document,
    "json": json.document,
    "ini": ini.document,
    "shell": shell.document,
}


@dataclass(frozen=True)
class Refusal:
    """Why a format is not possible with an access method, and what to use instead. Both continue a sentence."""

    reason: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A format."""

    title: str
    """One line for `--list`."""
    renderer: Renderer
    file_type: FileType
    refused: Mapping[AccessMethod, Refusal] = field(default_factory=dict)
    """The access methods that the format is not possible with."""
    publishes: bool = False
    """Whether it is for those who publish, so that there is none for a snapshot."""
    files: tuple[str, ...] = ()
    """Path patterns (`PurePath.match`) of the files that hold this format; --into derives the format from them."""

    @property
    def merges(self) -> bool:
        """Whether --into can merge the format into a file that has other content."""
        return self.file_type in ("toml", "yaml", "json")


def _in(module: str, name: str) -> Renderer:
    """The renderer of this name in a module beside this one, which is imported when it is called: each has imports of
    its own, and a command prints one format.
    """

    def render(request: ManifestRequest) -> Rendered:
        renderer: Renderer = getattr(import_module(f"chaninfra.manifest.formats.{module}"), name)
        return renderer(request)

    return render


_NO_UPLOAD = Refusal("uploads need the S3 API", "use --auth pixi with an HMAC key")
_PUBLIC = Refusal(
    "a public channel is read without credentials or settings", "to publish, use --auth aws or --auth pixi"
)
_GOOGLE = Refusal(
    "Google's credentials do not work with the S3 API", "use --auth pixi with an HMAC key, or log in with gcloud"
)
_NO_GCS = Refusal(
    "conda and mamba read no gcs:// URLs",
    "use --auth public if the channel is public, --auth aws with an HMAC key, or --format pixi",
)
_NO_PIXI_STORE = Refusal(
    "with the method aws, pixi uses the credentials of the AWS tools, not its own credential store",
    "use --format aws-config, or --auth pixi",
)

FORMATS: dict[Format, Row] = {
    "pixi": Row(
        title="complete pixi.toml: channels, and the s3-options of their buckets",
        renderer=_in("pixi", "pixi_toml"),
        file_type="toml",
        files=("pixi.toml",),
    ),
    "pyproject": Row(
        title="the same as [tool.pixi.workspace] of a pyproject.toml",
        renderer=_in("pixi", "pyproject"),
        file_type="toml",
        files=("pyproject.toml",),
    ),
    "config": Row(
        title="config.toml of pixi and rattler-build, for commands without a workspace: channels and s3-options",
        renderer=_in("pixi", "config"),
        file_type="toml",
        files=("config.toml",),
    ),
    "aws-config": Row(
        title="profile for ~/.aws/config; with --sso-start-url also a login by IAM Identity Center",
        renderer=_in("aws_config", "profile"),
        file_type="ini",
        refused={
            "pixi": Refusal("pixi's credential store has no profiles", "use --auth aws, or --format login"),
            "public": _PUBLIC,
            "gcs": _GOOGLE,
        },
    ),
    "login": Row(
        title="`pixi auth login` command; it takes the access key from the environment",
        renderer=_in("login", "login"),
        file_type="shell",
        refused={"aws": _NO_PIXI_STORE, "public": _PUBLIC, "gcs": _GOOGLE},
    ),
    "auth-file": Row(
        title="JSON file for RATTLER_AUTH_FILE with the access key in it; only with --into, mode 0600",
        renderer=_in("login", "auth_file"),
        file_type="json",
        refused={"aws": _NO_PIXI_STORE, "public": _PUBLIC, "gcs": _GOOGLE},
    ),
    "env": Row(
        title="shell variables that say where the bucket is, for `eval`",
        renderer=_in("env", "env"),
        publishes=True,
        file_type="shell",
        refused={"public": _PUBLIC, "gcs": _GOOGLE},
    ),
    "github": Row(
        title="GitHub workflow that installs from the channel",
        renderer=_in("github", "consumer"),
        file_type="yaml",
        refused={"gcs": _GOOGLE},
        files=(".github/workflows/*.yml", ".github/workflows/*.yaml"),
    ),
    "github-publish": Row(
        title="GitHub workflow that builds, publishes and indexes; on AWS by OIDC, without a stored key",
        renderer=_in("github", "publisher"),
        publishes=True,
        file_type="yaml",
        refused={"gcs": _NO_UPLOAD},
    ),
    "github-upload": Row(
        title="GitHub workflow that builds and uploads, without chaninfra, where the channel follows uploads",
        renderer=_in("github", "uploader"),
        publishes=True,
        file_type="yaml",
        refused={"gcs": _NO_UPLOAD},
    ),
    "github-reindex": Row(
        title="GitHub workflow that re-indexes each hour and collects garbage each week, on a schedule",
        renderer=_in("github_reindex", "reindexer"),
        publishes=True,
        file_type="yaml",
        refused={"gcs": _NO_UPLOAD},
    ),
    "github-promote": Row(
        title="GitHub workflow that copies what a lock file names from another channel, once a reviewer approved",
        renderer=_in("github_promote", "promoter"),
        publishes=True,
        file_type="yaml",
        refused={"gcs": _NO_UPLOAD},
    ),
    "gitlab": Row(
        title="GitLab job that installs from the channel",
        renderer=_in("gitlab", "consumer"),
        file_type="yaml",
        refused={"gcs": _GOOGLE},
        files=(".gitlab-ci.yml",),
    ),
    "gitlab-publish": Row(
        title="GitLab jobs that build, publish and index; on AWS by an ID token, without a stored key",
        renderer=_in("gitlab", "publisher"),
        publishes=True,
        file_type="yaml",
        refused={"gcs": _NO_UPLOAD},
    ),
    "gitlab-upload": Row(
        title="GitLab jobs that build and upload, without chaninfra, where the channel follows uploads",
        renderer=_in("gitlab", "uploader"),
        publishes=True,
        file_type="yaml",
        refused={"gcs": _NO_UPLOAD},
    ),
    "gitlab-reindex": Row(
        title="GitLab job that re-indexes and collects garbage, on a schedule",
        renderer=_in("gitlab_reindex", "reindexer"),
        publishes=True,
        file_type="yaml",
        refused={"gcs": _NO_UPLOAD},
    ),
    "gitlab-promote": Row(
        title="GitLab job that copies what a lock file names from another channel, started and approved by people",
        renderer=_in("gitlab_promote", "promoter"),
        publishes=True,
        file_type="yaml",
        refused={"gcs": _NO_UPLOAD},
    ),
    "rattler-build": Row(
        title="shell script that builds with rattler-build, uploads and indexes",
        renderer=_in("rattler_build", "rattler_build"),
        publishes=True,
        file_type="shell",
        refused={"gcs": _NO_UPLOAD},
    ),
    "condarc": Row(
        title=".condarc for conda, and for mamba if the channel is public",
        renderer=_in("condarc", "condarc"),
        file_type="yaml",
        refused={"gcs": _NO_GCS},
        files=(".condarc", "condarc"),
    ),
}


def refusal(name: Format, method: AccessMethod, kind: StoreKind) -> Refusal | None:
    """Why the format is not possible with the access method on such a store; None if it is possible."""
    if method == "gcs" and kind != "gcs":
        return Refusal("gcs:// URLs work only for buckets of Google Cloud Storage", "use --auth pixi")
    return FORMATS[name].refused.get(method)


def render_values(name: Format, request: ManifestRequest) -> Rendered:
    """The values of a format. Raises ConfigurationError if it is not possible for a channel, or lacks an input."""
    for access in request.channels:
        refused = refusal(name, access.method, access.store_kind)
        if refused is not None:
            raise ConfigurationError(
                f"{name} is not possible with --auth {access.method}: {refused.reason}",
                where=access.descriptor.url,
                remedy=refused.remedy,
            )
        if access.snapshot and FORMATS[name].publishes:
            raise ConfigurationError(
                f"{name} is for those who publish, and nothing is published to a snapshot",
                where=access.url,
                remedy="remove --snapshot, or use --format pixi",
            )
    return FORMATS[name].renderer(request)


def to_text(name: Format, rendered: Rendered) -> str:
    """The text of rendered values, in the format's file type."""
    return _WRITERS[FORMATS[name].file_type](rendered.notes, rendered.values)


def render(name: Format, request: ManifestRequest) -> str:
    """The text of a format. Raises what `render_values` raises."""
    return to_text(name, render_values(name, request))


def listing() -> list[tuple[str, str]]:
    """(name, title) of each format."""
    return [(name, row.title) for name, row in FORMATS.items()]


def markdown() -> str:
    """The table for docs/client-settings.md: the kinds of store per cell, and the refusals below."""
    lines = ["| format | " + " | ".join(ACCESS_METHODS) + " |", "|---" * (len(ACCESS_METHODS) + 1) + "|"]
    refusals: list[Refusal] = []
    for name, row in FORMATS.items():
        cells = []
        for method in ACCESS_METHODS:
            refused = row.refused.get(method)
            if refused is None:
                cells.append(", ".join(kind for kind in STORE_KINDS if refusal(name, method, kind) is None))
                continue
            if refused not in refusals:
                refusals.append(refused)
            cells.append(f"no ({refusals.index(refused) + 1})")
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    lines.append("")
    for number, refused in enumerate(refusals, 1):
        lines.append(f"{number}. {refused.reason[0].upper()}{refused.reason[1:]}; {refused.remedy}.")
    return "\n".join(lines)
