"""The subdirs of a copy: those that both channels have."""

from __future__ import annotations

from collections.abc import Iterable

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConfigurationError
from chaninfra.index.channel import Channel
from chaninfra.index.copy.source import Source
from chaninfra.index.copy.wanted import Wanted
from chaninfra.index.place import how_to_declare


def common_subdirs(channel: Channel, source: Source, wanted: Wanted) -> list[Subdir]:
    """Those that both have, and are wanted.

    Raises ConfigurationError where there is none, and where one is asked for by name that the channel lacks.
    """
    there = source.subdirs()
    here = _here(channel, there)
    asked_for = _by_name(wanted)
    missing = [each for each in there if each in asked_for and each not in here]
    if missing:
        raise ConfigurationError(
            f"{', '.join(missing)} is asked for, and the channel has only {', '.join(here)}",
            where=channel.descriptor.url,
            remedy=how_to_declare(channel, missing),
        )
    found = [each for each in there if each in here and (wanted.subdirs is None or each in wanted.subdirs)]
    if not found:
        both = f"the source has {', '.join(there) or 'none'}, and the channel {', '.join(here)}"
        denied = "".join(f"; {each}" for each in source.refused())
        lacking = [each for each in there if each not in here]
        declare = f"; or {how_to_declare(channel, lacking)}" if lacking and wanted.subdirs is None else ""
        raise ConfigurationError(
            f"no subdir is in both channels and asked for: {both}{denied}",
            where=source.url,
            remedy=f"give others by --subdir{declare}",
        )
    return found


def names_elsewhere(channel: Channel, source: Source, wanted: Wanted) -> dict[Subdir, int]:
    """Of a copy of all: the subdirs that the channel lacks → how many names of packages the source has there."""
    if not wanted.is_all or wanted.subdirs is not None:
        return {}
    there = source.subdirs()
    here = _here(channel, there)
    counts = {each: len(source.names(each)) for each in there if each not in here}
    return {subdir: number for subdir, number in counts.items() if number}


def _here(channel: Channel, there: Iterable[Subdir]) -> tuple[Subdir, ...]:
    """A channel that nothing describes may get any subdir."""
    return tuple(there) if channel.origin == "assumed" else tuple(channel.descriptor.subdirs)


def _by_name(wanted: Wanted) -> set[str]:
    """The subdirs that an option says, or the name of a file."""
    folders = {spec.partition("/")[0] for spec in wanted.specs if "/" in spec and suffix_of(spec)}
    return folders | {*(wanted.subdirs or ())}
