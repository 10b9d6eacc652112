"""A patch: what the index says of a package instead of what the package says itself (a hotfix).

What a patch does to a record is what conda-index does with its `patch_instructions.json`: the values of the patch
replace those of the record, `null` removes one, and objects are merged in the same way. A package that is revoked
depends on a package that does not exist, so that no solver chooses it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import check_plain
from chaninfra.channel.patterns import whole
from chaninfra.channel.text import MAX_REASON

REVOKED = "package_has_been_revoked"
"""The dependency of a package that is revoked."""

MAX_SOURCE = 2000
"""Longest URL of a channel that a patch was copied from."""

MAX_PATCH = 256 << 10
"""Largest set of changes to one record, in bytes of JSON."""

FIXED = frozenset(
    {
        *("name", "version", "build", "build_number", "build_string", "subdir"),
        *("fn", "url", "channel", "size", "md5", "sha256", "legacy_bz2_md5", "legacy_bz2_size"),
        *("attestations_sha256", "indexed_timestamp", "repodata_revision"),
    }
)
"""The keys of a record that tell which package it is, or when it came into the index: no patch changes them."""

_KEY = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_SHA256 = whole("[0-9a-f]{64}")
_TIME = whole(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|\+00:00)")
# Length-limited, as in the index.json of packages.
_Text = Annotated[str, Meta(max_length=1000)]
_Integer = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]


@prepared
class _Changes(Struct):
    """The types of the values that clients read. `null` removes the value; a dependency that is `null` is none."""

    arch: _Text | None = None
    constrains: list[_Text] | None = None
    depends: list[_Text] = []
    extra_depends: dict[str, list[_Text] | None] | None = None
    features: _Text | None = None
    flags: list[_Text] | None = None
    license: _Text | None = None
    license_family: _Text | None = None
    noarch: bool | Literal["", "generic", "python"] | None = None
    platform: _Text | None = None
    purls: list[_Text] | None = None
    python_site_packages_path: _Text | None = None
    run_exports: dict[str, list[_Text] | None] | None = None
    timestamp: _Integer | None = None
    track_features: _Text | list[_Text] | None = None


@prepared
class Patch(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The patch of one file."""

    sha256: Annotated[
        Annotated[str, Meta(pattern=_SHA256)] | None,
        Meta(description="The package that it is for; none: any package of this file name."),
    ] = None
    changes: Annotated[
        dict[str, Any], Meta(description="The new values, by key of the record; `null` removes the key.")
    ] = {}
    revoke: Annotated[bool, Meta(description="Whether no solver is to choose the package.")] = False
    removing: Annotated[
        bool, Meta(description="Whether it is not applied any more; the records that it changed are being made again.")
    ] = False
    when: Annotated[str, Meta(pattern=_TIME, description="When it was made or last changed, in UTC.")]
    reason: Annotated[Annotated[str, Meta(max_length=MAX_REASON)] | None, Meta(description="Why.")] = None
    source: Annotated[
        Annotated[str, Meta(max_length=MAX_SOURCE)] | None,
        Meta(description="The channel that it was copied from, where it may change; none: it is of this channel."),
    ] = None

    def fits(self, sha256: str | None) -> bool:
        """Whether it changes the record of a package with this sha256 (hex)."""
        return not self.removing and self.is_of(sha256)

    def is_of(self, sha256: str | None) -> bool:
        """Whether it is of these bytes, or of whatever bytes the file has."""
        return self.sha256 is None or self.sha256 == sha256

    def over(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The record with the patch laid over it. Laid over its own result it changes nothing."""
        patched = _merged(record, self.changes)
        if self.revoke:
            depends = patched.get("depends") or []
            patched["revoked"] = True
            patched["depends"] = depends if REVOKED in depends else [*depends, REVOKED]
        return patched

    def then(self, later: Patch) -> Patch:
        """Both patches as one: the keys of `later` come over those of this one, unless this one is of other bytes."""
        if self.sha256 not in (None, later.sha256):
            return later
        return msgspec.structs.replace(
            later,
            changes=joined_changes(self.changes, later.changes),
            revoke=self.revoke or later.revoke,
            reason=later.reason or self.reason,
        )

    def says_the_same(self, other: Patch) -> bool:
        """Whether both do the same, whenever and why they were made, and wherever they are from."""
        return msgspec.structs.replace(other, when=self.when, reason=self.reason, source=self.source) == self

    def check(self) -> None:
        """Raise ValueError where it changes what no patch may change, or a value has another kind than clients read.

        Whether dependencies are match specs is checked where rattler is, see `index.patches.valid`.
        """
        check_changes(self.changes)


def check_changes(changes: Mapping[str, Any]) -> None:
    """See Patch.check."""
    for key, value in changes.items():
        if key in FIXED:
            raise ValueError(f"`{key}` tells which package the record is of, and no patch changes that")
        if key == "revoked":
            raise ValueError("`revoked` is not set as other keys are; say `revoke`")
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key[:80]!r} is no key of a record")
        if key == "depends" and value is None:
            raise ValueError("`depends` cannot be removed; an empty list says that there is no dependency")
    check_plain(dict(changes))
    if len(msgspec.json.encode(changes)) > MAX_PATCH:
        raise ValueError(f"the changes have more than {MAX_PATCH >> 10} KiB")
    msgspec.convert(changes, _Changes)


def patch_between(made: Mapping[str, Any], wanted: Mapping[str, Any], when: str, reason: str | None) -> Patch | None:
    """The patch that makes of the record of a package, as it is made from it, the record that is wanted; None: there is
    no difference that a patch makes. When a package came into the index, and its attestations, are none.

    Raises ValueError where no patch can: both are of different packages, or a value is not one that clients read.
    """
    of_the_index = {"indexed_timestamp", "attestations_sha256", "revoked"}
    revoke = wanted.get("revoked") is True and REVOKED in (wanted.get("depends") or [])
    aim = {key: value for key, value in wanted.items() if key not in of_the_index and value is not None}
    if revoke:
        aim["depends"] = [spec for spec in aim["depends"] if spec != REVOKED]
    base = {key: value for key, value in made.items() if key not in of_the_index and value is not None}
    if "depends" in base:
        aim.setdefault("depends", [])
    changes = _difference(base, aim)
    if not changes and not revoke:
        return None
    sha256 = made.get("sha256")
    patch = Patch(sha256=sha256, changes=changes, revoke=revoke, when=when, reason=reason)
    patch.check()
    return patch


def _difference(base: Mapping[str, Any], aim: Mapping[str, Any]) -> dict[str, Any]:
    """What `_merged` makes `aim` of `base` with."""
    changes: dict[str, Any] = {key: None for key in base if key not in aim}
    for key, value in aim.items():
        old = base.get(key)
        if key not in base or not (isinstance(value, dict) and isinstance(old, dict)):
            if key not in base or type(old) is not type(value) or old != value:
                changes[key] = value
        elif inner := _difference(old, value):
            changes[key] = inner
    return changes


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The object with the changes, as conda-index makes it."""
    merged = dict(base)
    for key, value in changes.items():
        old = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = _merged(old if isinstance(old, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def joined_changes(first: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """The changes that do what both do, one after the other."""
    both = dict(first)
    for key, value in later.items():
        old = both.get(key)
        both[key] = joined_changes(old, value) if isinstance(value, dict) and isinstance(old, dict) else value
    return both


def undoing(changes: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """The changes that make the record again what it is, after `changes` were made to it."""
    back: dict[str, Any] = {}
    for key, value in changes.items():
        old = record.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            back[key] = undoing(value, old)
        else:
            back[key] = [] if key == "depends" and old is None else old
    return back
