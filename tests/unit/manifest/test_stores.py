"""What `manifest` prints for a stack on each store; for those of pixi's page it is what the page prints."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from chaninfra.channel.outputs.descriptor import Descriptor, build_descriptor
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.spec.build import build_spec
from chaninfra.manifest import ManifestRequest, channel_access, render
from chaninfra.manifest.client_access import store_kind
from support.cases.store_cases import NEEDED, PUBLIC
from support.paths import TESTS

PAGE = (TESTS / "data/pixi-s3-page.txt").read_text("utf-8")
# The heading on pixi's page, and the input that the page shows there.
OF_THE_PAGE = {
    "minio": ("MinIO", {"endpoint-url": "https://minio.example.com"}),
    "r2": ("Cloudflare R2", {"account-id": "a1", "jurisdiction": "eu"}),
    "wasabi": ("Wasabi", {"region": "de-1"}),
    "b2": ("Backblaze B2", {"region": "us-west-004"}),
    "gcs": ("Google Cloud Storage", {}),
    "hetzner": ("Hetzner Object Storage", {"location": "fsn1"}),
}
# Keys that say otherwise than the page, as the store's own documentation does.
OTHERWISE = {
    "r2-auto": ("r2", {"account-id": "a1", "region": "auto"}),
    "hetzner-location": ("hetzner", {"location": "fsn1", "region": "fsn1"}),
}
CASES = {
    **{name: (name, keys) for name, keys in NEEDED.items()},
    **{name: (name, keys) for name, (_, keys) in OF_THE_PAGE.items()},
    **OTHERWISE,
}


def described(provider: str, keys: dict[str, Any]) -> Descriptor:
    raw = {"provider": provider, "bucket": "my-bucket", "prefix": "my-channel", "subdirs": ["linux-64"], **keys}
    stack = build_spec(raw, where="stack.yaml")
    return build_descriptor(stack.bucket, stack.channels[0])


def printed(provider: str, keys: dict[str, Any]) -> str:
    return render("pixi", ManifestRequest(channels=(channel_access(described(provider, keys), None),)))


def test_each_store_has_its_file() -> None:
    assert {provider for provider, _ in CASES.values()} == set(PROVIDERS)


def test_pixi_has_urls_of_its_own_for_google_alone() -> None:
    kinds = {name: store_kind(described(name, NEEDED[name])) for name in PROVIDERS}
    assert kinds == {**dict.fromkeys(PROVIDERS, "s3"), "aws": "aws", "gcs": "gcs"}


@pytest.mark.parametrize("case", CASES)
def test_it_is_what_it_was(case: str) -> None:
    assert printed(*CASES[case]) == (TESTS / f"golden/stores/{case}.toml").read_text("utf-8")


@pytest.mark.parametrize("name", OF_THE_PAGE)
def test_it_is_what_pixis_page_prints_for_the_same_input(name: str) -> None:
    heading, keys = OF_THE_PAGE[name]
    found = re.search(
        rf'### {heading} .*?```toml title="pixi\.toml" (endpoint-url = "[^"]*") (region = "[^"]*") '
        r"(force-path-style = \w+) ```",
        PAGE,
    )
    assert found is not None
    block = "\n".join(found.groups()).replace("<account-id>", "a1")
    assert f"[workspace.s3-options.my-bucket]\n{block}\n" in printed(name, keys)


def test_a_key_says_otherwise() -> None:
    options = tomllib.loads(printed(*OTHERWISE["r2-auto"]))["workspace"]["s3-options"]["my-bucket"]
    assert options["region"] == "auto"
    assert options["endpoint-url"] == "https://a1.r2.cloudflarestorage.com"


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_public_channel_is_its_https_url(name: str) -> None:
    url = (PUBLIC[name] or "https://conda.example.com/main").removesuffix("/main")
    own = {} if PUBLIC[name] else {"public-url": f"{url}/my-channel"}
    workspace = tomllib.loads(printed(name, {**NEEDED[name], "visibility": "public", **own}))["workspace"]
    assert workspace["channels"][0] == f"{url}/my-channel"
    assert "s3-options" not in workspace
