"""Options of `chaninfra copy` that have no effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.channel_argument.source import FromFlags
from chaninfra.cli.copy_checks import check_effects
from chaninfra.index.copy.wanted import Wanted

LOCK = (Path("pixi.lock"),)
S3, WEB, FOLDER = "s3://b/c", "https://conda.example.com/c", "folder"


@pytest.mark.parametrize(
    ("wanted", "from_", "flags", "options"),
    [
        (Wanted(specs=("a",), virtual_packages={"__glibc": "2.28"}), S3, FromFlags(), "--virtual-package"),
        (Wanted(locks=LOCK, with_dependencies=True), S3, FromFlags(), "--with-dependencies"),
        (Wanted(locks=LOCK, newest=1), S3, FromFlags(), "--newest"),
        (
            Wanted(specs=("a",)),
            FOLDER,
            FromFlags(endpoint_url="https://x", secret_access_key="hidden"),
            "--from-endpoint-url, --from-secret-access-key",
        ),
        (Wanted(specs=("a",)), WEB, FromFlags(profile="x"), "--from-profile"),
        (
            Wanted(specs=("a",)),
            "stack:staging",
            FromFlags(allow_origin=("s3://b/x", "https://me:hidden@x")),
            "--allow-origin https://\u2026@x",
        ),
    ],
)
def test_they_are_refused(wanted: Wanted, from_: str, flags: FromFlags, options: str) -> None:
    with pytest.raises(ConfigurationError, match="has no effect here") as raised:
        check_effects(wanted, from_, flags)
    assert raised.value.where == options
    assert "leave it out" in (raised.value.remedy or "")
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize(
    ("wanted", "from_", "flags"),
    [
        (Wanted(specs=("a",), virtual_packages={"__glibc": "2.28"}, with_dependencies=True), S3, FromFlags()),
        (Wanted(with_dependencies=True), S3, FromFlags(endpoint_url="https://x")),
        (Wanted(specs=("a",), locks=LOCK, with_dependencies=True, newest=1), S3, FromFlags()),
        (Wanted(), "channel.json", FromFlags(profile="x", rate="1MB", at_once=2)),
        (Wanted(), S3, FromFlags(allow_origin=("s3://b/packages",))),
        (Wanted(), WEB, FromFlags(allow_origin=("https://x",), rate="1MB", at_once=2)),
    ],
)
def test_others_are_not(wanted: Wanted, from_: str, flags: FromFlags) -> None:
    check_effects(wanted, from_, flags)
