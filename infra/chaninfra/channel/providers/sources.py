"""Where the facts of PROVIDERS are from, and the words in which the rows say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaninfra.channel.providers.model import UNVERIFIED, Capability, Fact, Scheme, Support

if TYPE_CHECKING:
    from chaninfra.channel.roles import Role

PIXI_PAGE = "pixi's documentation, page S3"
LIVE = "the cmdr project's tests on real accounts, October 2026"
MINIO = "tested on a server of our own (MinIO, commit 7aac2a2c5b7c)"
VERSITYGW = "tested on a server of our own (versitygw 1.8.0)"

# Every store's but Google's, which pixi has other URLs for too.
S3_URLS: Fact[Scheme] = Fact("s3", PIXI_PAGE)

BUCKET_SETTINGS: tuple[Capability, ...] = (
    "acl",
    "public-access-block",
    "cors",
    "lifecycle-versions",
    "lifecycle-uploads",
    "versioning",
    "encryption",
    "tags",
    "notifications",
)
CONDITIONAL: tuple[Capability, ...] = (
    "conditional-create",
    "conditional-replace",
    "conditional-multipart",
    "conditional-versioned",
)


def yes(source: str, *names: Capability, note: str | None = None) -> dict[Capability, Fact[Support]]:
    """Each of `names` as a thing that the store does."""
    return dict.fromkeys(names, Fact("yes", source, note))


def no(source: str, *names: Capability, note: str | None = None) -> dict[Capability, Fact[Support]]:
    """Each of `names` as a thing that the store does not do."""
    return dict.fromkeys(names, Fact("no", source, note))


def unknown(*names: Capability, note: str | None = None) -> dict[Capability, Fact[Support]]:
    """Each of `names` as a thing that nobody has looked up or tried."""
    return dict.fromkeys(names, Fact("unknown", UNVERIFIED, note))


def key_steps(
    *steps: str, reader: str = "", publisher: str = "", maintainer: str | None = None
) -> dict[Role, tuple[str, ...]]:
    """How a key is made by hand, where `{may}` in the steps is what each role may do.

    A maintainer may do what a publisher may, where nothing else is said.
    """
    may: dict[Role, str] = {"reader": reader, "publisher": publisher, "maintainer": maintainer or publisher}
    return {role: tuple(step.replace("{may}", word) for step in steps) for role, word in may.items()}
