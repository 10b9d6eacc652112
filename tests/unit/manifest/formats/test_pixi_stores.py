"""pixi.toml for a stack on each store; the stores of pixi's page "S3" get the options that the page shows."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from chaninfra.channel.outputs.build import build_descriptor
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.spec.build import build_spec
from chaninfra.manifest.client_access import client_channel
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.request import ManifestRequest
from support.cases.store_cases import NEEDED, PUBLIC
from support.paths import TESTS

PAGE = (TESTS / "data/pixi-s3-page.txt").read_text("utf-8")
# Provider → the heading on pixi's page, and the config keys that the page's example corresponds to.
OF_THE_PAGE = {
    "minio": ("MinIO", {"endpoint-url": "https://minio.example.com"}),
    "r2": ("Cloudflare R2", {"account-id": "a1", "jurisdiction": "eu"}),
    "wasabi": ("Wasabi", {"region": "de-1"}),
    "b2": ("Backblaze B2", {"region": "us-west-004"}),
    "gcs": ("Google Cloud Storage", {}),
    "hetzner": ("Hetzner Object Storage", {"location": "fsn1"}),
}
# Values that differ from the page, and are those of the store's own documentation.
DIFFERENT = {
    "r2-auto": ("r2", {"account-id": "a1", "region": "auto"}),
    "hetzner-location": ("hetzner", {"location": "fsn1", "region": "fsn1"}),
}
CASES = {
    **{name: (name, keys) for name, keys in NEEDED.items()},
    **{name: (name, keys) for name, (_, keys) in OF_THE_PAGE.items()},
    **DIFFERENT,
}


def described(provider: str, keys: dict[str, Any]) -> Descriptor:
    raw = {"provider": provider, "bucket": "my-bucket", "prefix": "my-channel", "subdirs": ["linux-64"], **keys}
    stack = build_spec(raw, where="stack.yaml")
    return build_descriptor(stack.bucket, stack.channels[0])


def printed(provider: str, keys: dict[str, Any]) -> str:
    return render("pixi", ManifestRequest(channels=(client_channel(described(provider, keys), None),)))


def test_every_provider_has_a_golden_file() -> None:
    assert {provider for provider, _ in CASES.values()} == set(PROVIDERS)


@pytest.mark.parametrize("case", CASES)
def test_text_is_the_golden_file(case: str) -> None:
    assert printed(*CASES[case]) == (TESTS / f"golden/stores/{case}.toml").read_text("utf-8")


@pytest.mark.parametrize("name", OF_THE_PAGE)
def test_the_options_are_those_of_the_page(name: str) -> None:
    heading, keys = OF_THE_PAGE[name]
    found = re.search(
        rf'### {heading} .*?```toml title="pixi\.toml" (endpoint-url = "[^"]*") (region = "[^"]*") '
        r"(force-path-style = \w+) ```",
        PAGE,
    )
    assert found is not None
    block = "\n".join(found.groups()).replace("<account-id>", "a1")
    assert f"[workspace.s3-options.my-bucket]\n{block}\n" in printed(name, keys)


def test_a_config_key_overrides_the_default_region() -> None:
    options = tomllib.loads(printed(*DIFFERENT["r2-auto"]))["workspace"]["s3-options"]["my-bucket"]
    assert options["region"] == "auto"
    assert options["endpoint-url"] == "https://a1.r2.cloudflarestorage.com"


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_public_channel_is_an_https_url_without_options(name: str) -> None:
    url = (PUBLIC[name] or "https://conda.example.com/main").removesuffix("/main")
    own = {} if PUBLIC[name] else {"public-url": f"{url}/my-channel"}
    workspace = tomllib.loads(printed(name, {**NEEDED[name], "visibility": "public", **own}))["workspace"]
    assert workspace["channels"][0] == f"{url}/my-channel"
    assert "s3-options" not in workspace
