"""Every cell of the table of formats, on the stores that pixi's page names; as a program it writes the golden files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

from chaninfra.channel.outputs.descriptor import Descriptor, build_descriptor
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.spec.build import build_spec
from chaninfra.manifest import NAMES, ChannelAccess, Format, ManifestRequest, Way, channel_access, render
from chaninfra.manifest.client_access import kind
from chaninfra.manifest.formats.table import refusal
from support.paths import GOLDEN

MANIFESTS = GOLDEN / "manifest"
WAYS: tuple[Way, ...] = get_args(Way)
STORES: dict[str, dict[str, str]] = {
    "aws": {"provider": "aws", "region": "eu-central-1"},
    "minio": {"provider": "minio", "endpoint-url": "https://minio.example.com"},
    "r2": {"provider": "r2", "account-id": "0123abcd", "jurisdiction": "eu"},
    "b2": {"provider": "b2", "region": "us-west-004"},
    "gcs": {"provider": "gcs"},
    "hetzner": {"provider": "hetzner", "location": "fsn1"},
}
# Where the S3 API cannot make a bucket public, its owner says by which URL it is.
PUBLIC_URLS = {
    "r2": "https://pub-0123abcd.r2.dev/my-channel",
    "b2": "https://f004.backblazeb2.com/file/my-bucket/my-channel",
    "gcs": "https://storage.googleapis.com/my-bucket/my-channel",
}
SUFFIXES: dict[Format, str] = {
    "pixi": "toml",
    "pyproject": "toml",
    "config": "toml",
    "aws-config": "ini",
    "login": "sh",
    "env": "sh",
    "rattler-build": "sh",
    "auth-file": "json",
    "condarc": "yaml",
    "github": "yaml",
    "github-publish": "yaml",
    "gitlab": "yaml",
    "gitlab-publish": "yaml",
}


@dataclass(frozen=True)
class Case:
    """A cell of the table, on one store."""

    name: Format
    way: Way
    store: str

    @property
    def golden(self) -> Path:
        """The file with what is printed for it."""
        return MANIFESTS / self.name / f"{self.way}-{self.store}.{SUFFIXES[self.name]}"

    @property
    def descriptor(self) -> Descriptor:
        """The channel: public only where it is read so."""
        return _plain(self.store, self.way == "public")

    @property
    def refusal(self) -> str | None:
        """Why nothing is printed for it; None: something is."""
        return refusal(self.name, self.way, kind(self.descriptor))

    def text(self, **more: Any) -> str:
        """What is printed. Raises ConfigurationError where the cell is not legal."""
        keys = Credentials("AKEXAMPLE", "the-secret") if self.name == "auth-file" else None
        settings = ManifestRequest(clients=(channel_access(self.descriptor, self.way),), credentials=keys, **more)
        return render(self.name, settings)

    def __str__(self) -> str:
        return f"{self.name}-{self.way}-{self.store}"


def descriptor(store: str, *, public: bool = False, **config: Any) -> Descriptor:
    """The descriptor of `my-channel` in `my-bucket` that `pulumi up` writes."""
    raw: dict[str, Any] = {"bucket": "my-bucket", "prefix": "my-channel", **STORES[store], **config}
    if public:
        raw["visibility"] = "public"
        if store in PUBLIC_URLS:
            raw["public-url"] = PUBLIC_URLS[store]
    spec = build_spec(raw, where="the test")
    return build_descriptor(spec.bucket, spec.channels[0])


@cache
def _plain(store: str, public: bool) -> Descriptor:
    """The same, validated once."""
    return descriptor(store, public=public)


def read(store: str, way: Way | None = None) -> ChannelAccess:
    """The channel on a store, read in a way, else its own."""
    return channel_access(_plain(store, way == "public"), way)


ALL = [Case(name, way, store) for name in NAMES for way in WAYS for store in STORES]
LEGAL = [case for case in ALL if case.refusal is None]
ILLEGAL = [case for case in ALL if case.refusal is not None]


def legal(*names: Format) -> list[Case]:
    """The legal cases of these formats."""
    return [case for name in names for case in LEGAL if case.name == name]


if __name__ == "__main__":
    for case in LEGAL:
        case.golden.parent.mkdir(parents=True, exist_ok=True)
        case.golden.write_text(case.text(), "utf-8")
