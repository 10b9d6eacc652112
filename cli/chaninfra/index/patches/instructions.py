"""conda's `patch_instructions.json` of a subdir: read, and made of the patches of a channel.

What it does is what conda-index does with it: instructions for a `.tar.bz2` are for the `.conda` of the same name too,
`remove` takes packages out of the index, which is a yank here, and `revoke` lets no solver choose them.
https://docs.conda.io/projects/conda-build/en/stable/concepts/generating-index.html#repodata-patching
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Raw, Struct

from chaninfra.channel.conda.patch import Patch, joined_changes, undoing
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import ConfigurationError
from chaninfra.index.patches.document import check_file
from chaninfra.index.patches.opened import OpenedSubdir

MAX_BYTES = 32 << 20
"""Largest file that is read."""
_VERSION = 1
_OLD, _NEW = ".tar.bz2", ".conda"
_KNOWN = {"patch_instructions_version", "packages", "packages.conda", "revoke", "remove"}

Changes = dict[str, dict[str, Any]]
"""File name → key of the record → value."""


@prepared
class _Document(Struct, frozen=True, kw_only=True):
    patch_instructions_version: int = _VERSION
    packages: Changes = {}
    packages_conda: Changes = msgspec.field(name="packages.conda", default_factory=dict)
    revoke: list[str] = []
    remove: list[str] = []


@dataclass(frozen=True, kw_only=True)
class Instructions:
    """What a file says."""

    changes: Changes = field(default_factory=dict)
    """Those of `packages`, also for the `.conda` of the same name."""
    conda: Changes = field(default_factory=dict)
    """Those of `packages.conda`, which come over the others."""
    revoke: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    """Keys that say nothing to chaninfra, nor to conda-index."""


def parse(data: bytes, where: str) -> Instructions:
    """Parse the file. Raises ConfigurationError; `where` is its name, for the message."""
    if len(data) > MAX_BYTES:
        raise ConfigurationError(f"is larger than {MAX_BYTES >> 20} MiB", where=where, remedy="import a part of it")
    try:
        keys = msgspec.json.decode(data, type=dict[str, Raw])
        document = msgspec.json.decode(data, type=_Document)
        for file in (*document.packages, *document.packages_conda, *document.revoke, *document.remove):
            check_file(file)
        if wrong := [file for file in document.packages_conda if not file.endswith(_NEW)]:
            raise ValueError(f"`packages.conda` has {wrong[0][:80]!r}, which is no .conda")
    except MALFORMED as error:
        raise ConfigurationError(
            f"is not a patch_instructions.json: {error}", where=where, remedy="give the file of one subdir, as it is"
        ) from error
    if document.patch_instructions_version not in (0, _VERSION):
        raise ConfigurationError(
            f"has the `patch_instructions_version` {document.patch_instructions_version}, and only 1 is known",
            where=where,
            remedy="write it in version 1, or upgrade chaninfra",
        )
    return Instructions(
        changes=document.packages,
        conda=document.packages_conda,
        revoke=tuple(document.revoke),
        remove=tuple(document.remove),
        unknown=tuple(sorted(keys.keys() - _KNOWN)),
    )


def patches_of(one: OpenedSubdir, instructions: Instructions, when: str, reason: str | None) -> dict[str, Patch]:
    """File name → the patch that the instructions ask for, also of packages that are not there yet. Of a `.tar.bz2` and
    a `.conda` of the same name, those that are there; if none is, both.
    """
    changes: Changes = {}
    for file, values in instructions.changes.items():
        for each in _targets(one, file):
            changes[each] = joined_changes(changes.get(each, {}), values)
    for file, values in instructions.conda.items():
        changes[file] = joined_changes(changes.get(file, {}), values)
    revoked = {each for file in instructions.revoke for each in _targets(one, file)}
    return {
        file: Patch(
            sha256=known.sha256 if (known := one.known(file)) else None,
            changes=changes.get(file, {}),
            revoke=file in revoked,
            when=when,
            reason=reason,
        )
        for file in sorted({*changes, *revoked})
    }


def removed_by(one: OpenedSubdir, instructions: Instructions) -> tuple[list[str], list[str]]:
    """The packages to yank; and those that are not there, so that they cannot be."""
    targets = sorted({each for file in instructions.remove for each in _targets(one, file)})
    there = [file for file in targets if (known := one.known(file)) is not None and not known.yanked]
    return there, [file for file in targets if one.known(file) is None]


def _targets(one: OpenedSubdir, file: str) -> Iterable[str]:
    both = [file, file.removesuffix(_OLD) + _NEW] if file.endswith(_OLD) else [file]
    return [each for each in both if one.known(each) is not None] or both


@dataclass(frozen=True, kw_only=True)
class Exported:
    """Instructions that were made of patches."""

    document: Mapping[str, Any]
    other_bytes: tuple[str, ...]
    """Files whose patch is of other bytes than the package has, so that it was left out."""
    both: tuple[str, ...]
    """Files that are revoked or yanked, while the `.conda` of the same name is not: the instructions are for both."""


def export(one: OpenedSubdir) -> Exported:
    """The instructions that make of the records, as packages give them, those that the index has."""
    tables: dict[str, Changes] = {"packages": {}, "packages.conda": {}}
    revoke: set[str] = set()
    other_bytes: list[str] = []
    for file, patch in sorted(one.patches.items()):
        known = one.known(file)
        if patch.removing or (known is not None and not patch.is_of(known.sha256)):
            other_bytes += [] if patch.removing else [file]
            continue
        if patch.changes:
            tables["packages" if file.endswith(_OLD) else "packages.conda"][file] = patch.changes
        revoke |= {file} if patch.revoke else set()
    conda = tables["packages.conda"]
    for file, changes in tables["packages"].items():
        twin = file.removesuffix(_OLD) + _NEW
        known = one.known(twin)
        if known is not None and known.record is not None:
            # What the instructions for the .tar.bz2 would change in it, as it is.
            conda[twin] = joined_changes(undoing(changes, known.record), conda.get(twin, {}))
    yanked = set(one.yanks.files)
    return Exported(
        document={
            "patch_instructions_version": _VERSION,
            "packages": tables["packages"],
            "packages.conda": dict(sorted(conda.items())),
            "revoke": sorted(revoke),
            "remove": sorted(yanked),
        },
        other_bytes=tuple(other_bytes),
        both=tuple(
            sorted(
                file
                for files in (revoke, yanked)
                for file in files
                if file.endswith(_OLD)
                and (twin := file.removesuffix(_OLD) + _NEW) not in files
                and one.known(twin) is not None
            )
        ),
    )
