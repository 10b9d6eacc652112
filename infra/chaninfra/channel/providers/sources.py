"""Sources and facts that several rows of PROVIDERS share, and helpers that write facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaninfra.channel.providers.model import UNVERIFIED, Capability, Fact, Scheme, Source, Support

if TYPE_CHECKING:
    from chaninfra.channel.roles import Role

PIXI = Source("pixi's documentation, page S3", "https://pixi.sh/latest/deployment/s3/")
LIVE_TESTS = Source("tests of another project, cmdr, on real accounts, October 2026")


def tried_on(server: str, day: str) -> Source:
    """The source of what `make test-stores` found on a server (`Ceph 16.2.15`), last on `day` (YYYY-MM-DD)."""
    return Source(f"tested on a server of our own ({server}, {day})", server=server, tried=day)


MINIO_TESTS = tried_on("MinIO, commit 7aac2a2c5b7c", "2026-11-27")
VERSITYGW_TESTS = tried_on("versitygw 1.8.0", "2026-11-27")
OPERATOR = Source("your installation decides")
"""For facts that depend on how the store is installed."""

SAFE_DEFAULT = "works with every store"
"""The note of a value that was not verified, but that no store refuses."""

S3_URLS: Fact[Scheme] = Fact("s3", PIXI)
"""The scheme of every store except Google Cloud Storage, for which pixi has `gcs://` URLs too."""

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
    "conditional-recreate",
)


def yes(
    cited: Source | tuple[Source, ...], *names: Capability, note: str | None = None
) -> dict[Capability, Fact[Support]]:
    """The capabilities `names` as supported."""
    return dict.fromkeys(names, Fact("yes", cited, note))


def no(
    cited: Source | tuple[Source, ...], *names: Capability, note: str | None = None
) -> dict[Capability, Fact[Support]]:
    """The capabilities `names` as not supported."""
    return dict.fromkeys(names, Fact("no", cited, note))


def unknown(*names: Capability, note: str | None = None) -> dict[Capability, Fact[Support]]:
    """The capabilities `names` as unknown: neither looked up in documentation nor tested."""
    return dict.fromkeys(names, Fact("unknown", UNVERIFIED, note))


def key_steps(
    *steps: str, reader: str = "", publisher: str = "", maintainer: str | None = None
) -> dict[Role, tuple[str, ...]]:
    """Role → how a person makes an access key for it; `{may}` in `steps` is replaced by the role's permissions.

    A maintainer gets the permissions of a publisher unless `maintainer` is given, a promoter gets them anyway.
    """
    may: dict[Role, str] = {
        "reader": reader,
        "publisher": publisher,
        "maintainer": maintainer or publisher,
        "promoter": publisher,
    }
    return {role: tuple(step.replace("{may}", word) for step in steps) for role, word in may.items()}
