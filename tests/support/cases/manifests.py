"""Every cell of the table of formats, on the stores of pixi's page "S3". Run as a program, it writes the golden files:

PYTHONPATH=tests .venv/bin/python -m support.cases.manifests
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chaninfra.channel.outputs.build import build_descriptor
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.spec.build import build_spec
from chaninfra.manifest.client_access import ClientChannel, client_channel, store_kind
from chaninfra.manifest.formats.table import Refusal, refusal, render
from chaninfra.manifest.names import ACCESS_METHODS, NAMES, AccessMethod, Format
from chaninfra.manifest.request import ManifestRequest
from support.paths import GOLDEN

MANIFESTS = GOLDEN / "manifest"
STORES: dict[str, dict[str, str]] = {
    "aws": {"provider": "aws", "region": "eu-central-1"},
    "minio": {"provider": "minio", "endpoint-url": "https://minio.example.com"},
    "r2": {"provider": "r2", "account-id": "0123abcd", "jurisdiction": "eu"},
    "b2": {"provider": "b2", "region": "us-west-004"},
    "gcs": {"provider": "gcs"},
    "hetzner": {"provider": "hetzner", "location": "fsn1"},
}
# Stores whose buckets cannot be made public over the S3 API: `public-url` of the config.
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
    "github-upload": "yaml",
    "github-reindex": "yaml",
    "github-promote": "yaml",
    "gitlab": "yaml",
    "gitlab-publish": "yaml",
    "gitlab-upload": "yaml",
    "gitlab-reindex": "yaml",
    "gitlab-promote": "yaml",
}


@dataclass(frozen=True)
class Case:
    """A cell of the table, on one store."""

    name: Format
    method: AccessMethod
    store: str

    @property
    def golden(self) -> Path:
        """The file with the expected text."""
        return MANIFESTS / self.name / f"{self.method}-{self.store}.{SUFFIXES[self.name]}"

    @property
    def descriptor(self) -> Descriptor:
        """The channel; public only if it is read by the method `public`, and following for the formats that need it."""
        return _plain(self.store, self.method == "public", self.name.endswith("-upload"))

    @property
    def refusal(self) -> Refusal | None:
        """Why the case is not possible; None if it is."""
        return refusal(self.name, self.method, store_kind(self.descriptor))

    def text(self, **more: Any) -> str:
        """The printed text; `more` is further input of the request. Raises ConfigurationError for a refused case."""
        keys = Credentials("AKEXAMPLE", "the-secret") if self.name == "auth-file" else None
        request = ManifestRequest(channels=(client_channel(self.descriptor, self.method),), credentials=keys, **more)
        return render(self.name, request)

    def __str__(self) -> str:
        return f"{self.name}-{self.method}-{self.store}"


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
def _plain(store: str, public: bool, follows: bool = False) -> Descriptor:
    """The same without further config, or one that follows uploads, validated once per process."""
    return descriptor(store, public=public, **({"index": {"follow": {}}} if follows else {}))


def access(store: str, method: AccessMethod | None = None, *, follows: bool = False) -> ClientChannel:
    """The channel on a store, with an access method (default: the channel's own). `follows`: uploads."""
    return client_channel(_plain(store, method == "public", follows), method)


ALL = [Case(name, method, store) for name in NAMES for method in ACCESS_METHODS for store in STORES]
POSSIBLE = [case for case in ALL if case.refusal is None]
REFUSED = [case for case in ALL if case.refusal is not None]


def possible(*names: Format) -> list[Case]:
    """The possible cases of these formats."""
    return [case for name in names for case in POSSIBLE if case.name == name]


if __name__ == "__main__":
    for case in POSSIBLE:
        case.golden.parent.mkdir(parents=True, exist_ok=True)
        case.golden.write_text(case.text(), "utf-8")
