"""Checks of the arguments of `chaninfra copy` that need no request: what contradicts itself, or has no effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import without_secrets
from chaninfra.cli.channel_argument.source import FromFlags, is_on_s3

if TYPE_CHECKING:
    from chaninfra.index.copy.wanted import Wanted

_OF_ANY = ("allow_origin", "rate", "at_once")
"""The options of a source that are not only for S3."""


def check_words(
    words: Sequence[str], lock: Sequence[Path] | None, from_: str | None, by_mirror: str | None, *, everything: bool
) -> None:
    """Raise ConfigurationError where it is not said what to copy, or from where."""
    if by_mirror is not None:
        if words or lock or everything:
            raise ConfigurationError(
                "a mirror says itself what is copied", where=by_mirror, remedy="leave out SPEC, --lock and --all"
            )
        return
    if not from_:
        raise ConfigurationError(
            "it is not said from where",
            where="--from",
            remedy="name a channel: --from stack:staging, s3://BUCKET/PREFIX, https://HOST/CHANNEL, or a folder",
        )
    if everything and (words or lock):
        raise ConfigurationError(
            "both all packages and some are asked for", where="--all", remedy="leave out --all, or SPEC and --lock"
        )
    if not (words or lock or everything):
        raise ConfigurationError(
            "it is not said which packages to copy",
            where="SPEC",
            remedy="name some, such as `numpy` or `numpy >=2`; or a lock file by --lock; or add --all, which copies "
            "the whole channel (see what that is first: --all --dry-run)",
        )


def check_effects(wanted: Wanted, from_: str, source: FromFlags) -> None:
    """Raise ConfigurationError for options that change nothing of this copy."""
    if wanted.virtual_packages and not wanted.with_dependencies:
        raise _without_effect(
            "--virtual-package", "what machines have only matters with dependencies", "add --with-dependencies"
        )
    if wanted.locks and not wanted.specs:
        if wanted.with_dependencies:
            raise _without_effect("--with-dependencies", "a lock has all that its packages need", "name a SPEC, too")
        if wanted.newest is not None:
            raise _without_effect("--newest", "a lock names each package itself", "name a SPEC, too")
    if is_on_s3(from_):
        # One of s3:// is a place in the bucket of the source.
        given = [f"--allow-origin {without_secrets(url)}" for url in source.allow_origin if not url.startswith("s3:")]
        kind = "on S3"
    else:
        names = [each.name for each in fields(FromFlags) if each.name not in _OF_ANY]
        given = [f"--from-{name.replace('_', '-')}" for name in names if getattr(source, name) is not None]
        kind = "no bucket"
    if given:
        raise _without_effect(", ".join(given), f"the source is {kind}", "correct --from")


def refuse_beside_mirror(wanted: Wanted, from_: str | None) -> None:
    """Raise ConfigurationError for options that a mirror has as keys."""
    said = {
        "--from": from_,
        "--exclude": wanted.exclude,
        "--subdir": wanted.subdirs,
        "--newest": wanted.newest,
        "--older-than": wanted.older_than_ms,
        "--with-dependencies": wanted.with_dependencies,
        "--virtual-package": wanted.virtual_packages,
    }
    both = [option for option, value in said.items() if value]
    if both:
        raise ConfigurationError(
            "a mirror says itself what is copied, from where",
            where=", ".join(both),
            remedy="leave it out, or change the mirror in the stack config (`mirrors`)",
        )


def _without_effect(options: str, why: str, instead: str) -> ConfigurationError:
    return ConfigurationError(f"has no effect here: {why}", where=options, remedy=f"{instead}, or leave it out")
