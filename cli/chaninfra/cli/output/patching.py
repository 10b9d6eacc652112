"""What the commands `patch` print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from chaninfra.channel.text import few, one_line
from chaninfra.cli.output import streams
from chaninfra.cli.output.reports import DRY_RUN, report_json, report_text

if TYPE_CHECKING:
    from chaninfra.index.patches.add import PatchedPackage, Patching
    from chaninfra.index.patches.importing import Imported
    from chaninfra.index.patches.instructions import Exported
    from chaninfra.index.patches.listing import ListedPatch
    from chaninfra.index.patches.remove import Unpatching

_STATES = {
    "patched": ("patched", "would be patched"),
    "already": ("already says so", "already says so"),
    "yanked": (
        "patched; it is yanked, so this shows once it is brought back",
        "would be patched; it is yanked, so this would show once it is brought back",
    ),
    "absent": (
        "not there; the patch is kept until such a package is published",
        "not there; the patch would be kept until such a package is published",
    ),
}
"""What is printed of a package, and in a dry run."""
_APPLIES = {
    "applied": "yes",
    "missing": "no, run reindex",
    "other-bytes": "of other bytes",
    "yanked": "yanked",
    "absent": "not there",
    "removing": "being removed",
}
_OPTIONAL = ("FROM", "REASON")
"""Columns of the list that are left out where they are empty."""
_NAMED = 5
"""A note names at most this many files."""


def patching_text(done: Patching, *, dry_run: bool) -> str:
    """A line for each package, and below it what its record says now instead of before."""
    return _text(_packages(done.packages, dry_run=dry_run), report_text(done.report), dry_run=dry_run)


def patching_json(done: Patching, *, dry_run: bool) -> dict[str, Any]:
    """The same as a JSON document."""
    return {"dry-run": dry_run, "packages": _packages_json(done.packages), "index": report_json(done.report)}


def imported_text(done: Imported, *, dry_run: bool) -> str:
    """As `patching_text`; and a line for each package that was yanked."""
    would = "would be " if dry_run else ""
    lines = [*_packages(done.packages, dry_run=dry_run), *(one_line(f"{each}: {would}yanked") for each in done.yanked)]
    lines += [one_line(f"{each}: not there, so it cannot be yanked") for each in done.not_there]
    if done.unknown:
        streams.note(
            one_line(f"the file has {few(done.unknown, _NAMED)}, which neither conda-index nor chaninfra applies")
        )
    if not lines:
        lines = ["the file has no instructions"]
    return _text(lines, report_text(done.report), dry_run=dry_run)


def imported_json(done: Imported, *, dry_run: bool) -> dict[str, Any]:
    """The same as a JSON document."""
    return {
        "dry-run": dry_run,
        "packages": _packages_json(done.packages),
        "yanked": [*done.yanked],
        "not-there": [*done.not_there],
        "unknown-keys": [*done.unknown],
        "index": report_json(done.report),
    }


def unpatching_text(done: Unpatching, *, dry_run: bool) -> str:
    """A line for each package."""
    lines = []
    for each in done.removed:
        outcome = "patch would be removed" if dry_run else "patch removed"
        says = "would say" if dry_run else "says"
        more = f"; the record {says} what the package says" if each in done.remade else ""
        lines.append(one_line(f"{each}: {outcome}{more}"))
    return _text(lines, report_text(done.report), dry_run=dry_run)


def unpatching_json(done: Unpatching, *, dry_run: bool) -> dict[str, Any]:
    """The same as a JSON document."""
    return {
        "dry-run": dry_run,
        "removed": [*done.removed],
        "made-again": [*done.remade],
        "index": report_json(done.report),
    }


def listed_text(found: Sequence[ListedPatch]) -> str:
    """A table."""
    if not found:
        return "no patches"
    rows = [
        (
            one_line(each.package),
            ", ".join([*map(one_line, each.patch.changes), *(["revoked"] if each.patch.revoke else [])]),
            _APPLIES[each.applies],
            each.patch.when,
            one_line(each.patch.source or ""),
            one_line(each.patch.reason or ""),
        )
        for each in found
    ]
    head = ("PACKAGE", "CHANGES", "APPLIES", "SINCE", "FROM", "REASON")
    kept = [column for column, title in enumerate(head) if title not in _OPTIONAL or any(row[column] for row in rows)]
    return streams.table(tuple(row[column] for column in kept) for row in [head, *rows])


def listed_json(found: Sequence[ListedPatch]) -> list[dict[str, Any]]:
    """The same as a JSON document."""
    return [
        {
            "package": each.package,
            "applies": each.applies,
            "sha256": each.patch.sha256,
            "changes": each.patch.changes,
            "revoke": each.patch.revoke,
            "when": each.patch.when,
            "reason": each.patch.reason,
            "source": each.patch.source,
        }
        for each in found
    ]


def tell_left_out_of_export(exported: Exported, subdir: str) -> None:
    """Notes of what the instructions do not say as the channel does."""
    if exported.other_bytes:
        streams.note(
            "left out, since they are of other bytes than "
            f"the package has: {few([f'{subdir}/{file}' for file in exported.other_bytes], _NAMED)}"
        )
    if exported.both:
        streams.note(
            "what the instructions revoke or remove holds for the .conda of the same name too, which is not so here: "
            f"{few([f'{subdir}/{file}' for file in exported.both], _NAMED)}"
        )


def _packages(packages: Sequence[PatchedPackage], *, dry_run: bool) -> Iterator[str]:
    for each in packages:
        yield one_line(f"{each.package}: {_STATES[each.state][dry_run]}")
        keys = sorted({*each.before, *each.after})
        yield from (one_line(f"  {key}: {_value(each.before, key)} \u2192 {_value(each.after, key)}") for key in keys)


def _value(values: Mapping[str, Any], key: str) -> str:
    return msgspec.json.encode(values[key]).decode() if key in values else "none"


def _packages_json(packages: Sequence[PatchedPackage]) -> list[dict[str, Any]]:
    return [
        {"package": each.package, "state": each.state, "before": dict(each.before), "after": dict(each.after)}
        for each in packages
    ]


def _text(lines: Iterator[str] | Sequence[str], report: str, *, dry_run: bool) -> str:
    return "\n".join([*lines, *([report] if report else []), *([DRY_RUN] if dry_run else [])])
