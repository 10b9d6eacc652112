"""What the page quotes of facts that the program has: `page/src/settings/versions.ts` and `stores.ts`."""

from __future__ import annotations

import json

from chaninfra.channel.conda.subdirs import DEFAULT_SUBDIRS, NOARCH
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.aws_partitions import BY_PREFIX, DEFAULT
from chaninfra.manifest.client_access import StoreKind
from chaninfra.manifest.formats import versions

_QUOTED = (
    "CONDA_SHARDS",
    "CONDA_SHARDS_SWITCH",
    "MAMBA_SHARDS",
    "PIXI_AWS_CHAIN",
    "PIXI_SHARED_CONFIG",
    "RATTLER_BUILD_SHARED_CONFIG",
)


def page_facts() -> dict[str, str]:
    """Path below `page/src/` → text."""
    return {"settings/versions.ts": _versions(), "settings/stores.ts": _stores()}


def _versions() -> str:
    lines = [f"export const {name} = {json.dumps(getattr(versions, name))};" for name in _QUOTED]
    return _module("cli/chaninfra/manifest/formats/versions.py", lines)


def _stores() -> str:
    kinds: dict[str, StoreKind] = {}
    for name, row in PROVIDERS.items():
        kind: StoreKind = "aws" if row.backend == "aws" else row.scheme.value
        if kind != "s3":
            kinds[name] = kind
    suffixes = ", ".join(f"[{json.dumps(prefix)}, {json.dumps(suffix)}]" for prefix, (_, suffix) in BY_PREFIX.items())
    platforms = json.dumps([subdir for subdir in DEFAULT_SUBDIRS if subdir != NOARCH])
    return _module(
        "infra/chaninfra/channel/",
        [
            'export type StoreKind = "aws" | "s3" | "gcs";',
            "// Provider → kind of store; s3 for all others.",
            f"export const STORE_KINDS: Readonly<Record<string, StoreKind>> = {json.dumps(kinds)};",
            "// Beginning of a region's name on AWS → domain of its endpoints.",
            f"export const DNS_SUFFIXES: readonly (readonly [string, string])[] = [{suffixes}];",
            f"export const DEFAULT_DNS_SUFFIX = {json.dumps(DEFAULT[1])};",
            f"export const DEFAULT_PLATFORMS: readonly string[] = {platforms};",
        ],
    )


def _module(source: str, lines: list[str]) -> str:
    return "\n".join([f"// Written by `make docs` from {source}", *lines, ""])
