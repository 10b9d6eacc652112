"""What copied packages say of themselves."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.record_facts import in_ms
from chaninfra.channel.conda.summary import Summary, summary_key
from chaninfra.channel.errors import ChaninfraError
from chaninfra.index.copy.brought import Brought
from chaninfra.index.copy.source import Source, SourcePackage
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.summaries import Summaries, cleaned, replaces, summary_of


def add_summaries(summaries: Summaries, source: Source, target: SubdirIndex, batch: Iterable[Brought]) -> None:
    """Add the summaries of the packages that are not yanked: of one that was read what it says itself; of the newest
    one of a name that its store has copied, what the source says of it.
    """
    if not target.layout.has_summaries:
        return
    unread: dict[str, tuple[Summary, SourcePackage]] = {}
    for brought in batch:
        package = brought.package
        if package.yank is not None:
            continue
        if brought.made is not None:
            summaries.add(summary_of(brought.made.index, package.file, brought.made.about))
        elif brought.way == "copied" and (summary := _of_record(package)) is not None:
            other = unread.get(summary.name)
            if other is None or replaces(summary, other[0]):
                unread[summary.name] = summary, package
    for name, each in unread.items():
        summaries.add_told(name, partial(_told, source, *each))


def _of_record(package: SourcePackage) -> Summary | None:
    facts, name = package.facts, package_name(package.file)
    if summary_key(name) is None or facts.version is None:
        return None
    return Summary(
        name=name,
        file=package.file,
        version=facts.version,
        build_number=facts.build_number,
        timestamp=in_ms(facts.timestamp) or 0,
    )


def _told(source: Source, of: Summary, package: SourcePackage) -> Summary | None:
    """What the source says; None: nothing, or it cannot be read, which is no reason to copy less."""
    try:
        told = source.summary(package)
    except ChaninfraError:
        return None
    return cleaned(told, of) if told is not None else None
