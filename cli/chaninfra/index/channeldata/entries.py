"""The entries of channeldata.json, by conda-index's rules. Pure functions of records and summaries.

Not there is what only the files of a package or its recipe tell: `activate.d`, `binary_prefix`, `post_link` and the
like, icons, and the tag or revision of a repository.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Raw, Struct

from chaninfra.channel.conda.filenames import file_name, suffix_of
from chaninfra.channel.conda.record_facts import in_ms
from chaninfra.channel.conda.shards import Shard
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.summary import MoreAbout, Summary
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.index.prune.packages import order_of
from chaninfra.index.summaries import first

_OLD = ".tar.bz2"


@prepared
class _Record(Struct, kw_only=True):
    """What is read of a record."""

    name: str
    version: str
    build_number: int = 0
    timestamp: int | None = None
    license: str | None = None
    run_exports: dict[str, list[str]] | None = None


_record = msgspec.json.Decoder(_Record)


@dataclass(frozen=True)
class Said:
    """What a subdir has of a package name."""

    shard: Shard
    summary: Summary | None


def entry(said: Mapping[Subdir, Said]) -> dict[str, Any] | None:
    """The entry of a package name; None: no subdir has a record of it."""
    records: list[_Record] = []
    run_exports: dict[str, dict[str, list[str]]] = {}
    subdirs: list[Subdir] = []
    for subdir in sorted(said):
        found = _newest_of_each_version(said[subdir].shard)
        records += found
        subdirs += [subdir] if found else []
        # As conda-index does: of several subdirs the last one that has some.
        run_exports |= {record.version: record.run_exports for record in found if record.run_exports}
    if not records:
        return None
    newest = _newest(records, lambda record: (record.version, record.timestamp or 0, record.build_number))
    summaries = _newest(
        [each.summary for each in said.values() if each.summary is not None],
        lambda summary: (summary.version, summary.timestamp, summary.build_number),
    )
    told: dict[str, Any] = {}
    for summary in summaries:
        told = {**_about(summary), **told}
    licence = first(tuple(record.license for record in newest if record.license))
    return {
        **told,
        **({"license": licence} if licence else {}),
        "run_exports": dict(sorted(run_exports.items())),
        "subdirs": subdirs,
        "timestamp": (in_ms(newest[0].timestamp) or 0) // 1000,
        "version": newest[0].version,
    }


def _newest_of_each_version(shard: Shard) -> list[_Record]:
    """Of each version the record that was built last. A `.tar.bz2` does not count beside the `.conda` of that name."""
    files: dict[str, Raw] = {
        file_name(table, key): raw for table, records in shard.records.items() for key, raw in records.items()
    }
    found: dict[str, _Record] = {}
    for file in sorted(files, key=lambda file: (suffix_of(file) == _OLD, file)):
        if suffix_of(file) is None or (file.endswith(_OLD) and f"{file.removesuffix(_OLD)}.conda" in files):
            continue
        try:
            record = _record.decode(files[file])
        except MALFORMED:
            # Another tool wrote it.
            continue
        other = found.get(record.version)
        if other is None or (other.timestamp or 0) < (record.timestamp or 0):
            found[record.version] = record
    return [*found.values()]


def _newest(found: Iterable[Any], key: Callable[[Any], tuple[str, int, int]]) -> list[Any]:
    """Newest first: by version, then by time and build number."""
    given = [(key(each), each) for each in found]
    versions = sorted({version for (version, _, _), _ in given})
    if len(versions) > 1:
        ordered = {version: order for version in versions if (order := order_of(version)) is not None}
        # What has no order is older than all that has.
        versions = [
            *(each for each in versions if each not in ordered),
            *sorted(ordered, key=lambda each: ordered[each]),
        ]
    rank = {version: place for place, version in enumerate(versions)}
    return [
        each
        for _, each in sorted(given, key=lambda one: (rank[one[0][0]], in_ms(one[0][1]) or 0, one[0][2]), reverse=True)
    ]


def _about(summary: Summary) -> dict[str, Any]:
    """What a summary says, by the keys of channeldata.json; nothing that it does not say."""
    more = summary.more or MoreAbout()
    found = {
        "summary": _one_line(summary.summary),
        "description": _one_line(summary.description),
        "license": summary.license,
        "home": first(summary.home),
        "dev_url": more.dev_url,
        "doc_url": first(summary.documentation),
        "doc_source_url": more.doc_source_url,
        "source_url": more.source_url,
        "source_git_url": more.source_git_url,
        "recipe_origin": more.recipe_origin,
        "identifiers": more.identifiers,
        "keywords": more.keywords,
        "tags": more.tags,
    }
    return {key: value for key, value in found.items() if value}


def _one_line(text: str | None) -> str | None:
    return text.strip().replace("\n", " ") if text else None
