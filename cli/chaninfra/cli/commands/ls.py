"""`chaninfra ls`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP, is_channel, refuse_channels
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags, one_channel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chaninfra.channel.errors import SkippedError
    from chaninfra.index.channel import Channel
    from chaninfra.index.contents import Behind, Listed, LostShards
    from chaninfra.index.left_out_json import LeftOutPackage
    from chaninfra.index.progress import Progress
    from chaninfra.index.select import Candidate

_SHOWN = 5
"""So many packages that are left out are named."""


def ls(
    *,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CHANNEL|PACKAGE",
            help="The channel, unless -c names it; then what to list: package names, file names (with or without the "
            "subdir) or match specs. Default: all packages.",
        ),
    ] = None,
    channel: Annotated[
        str | None, typer.Option("-c", "--channel", metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")
    ] = None,
    long: Annotated[
        bool, typer.Option("--long", help="Also what each package says of itself, where the channel has a page.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """List the packages of a channel.

    Lists the packages in the index and the yanked ones, sorted by subdir and name, newest build first. Reads the index
    and yanked.json, not the packages: repodata.json, if there is one, and the shards that have changed since it was
    written. If it lacks commits (see `index.monolith`), a note says how many, and `commits-behind` in the JSON. If a
    shard is missing or damaged, what is known is listed, and the exit code is 3. The JSON says of each package which
    attestations it has (`attestations-sha256`, or null). A note names the packages that `chaninfra follow` could not
    index, or holds back. With --long the newest package of each name has SUMMARY, a line that it says of itself (in
    the JSON each package of the name has it); that takes a request a name. SIZE is in decimal units (1 kB is 1000
    bytes), DATE is the day of the build in UTC.

    With PACKAGEs only these are listed; the exit code is 1 if one of them selects nothing.

    \b
    Examples:
      chaninfra ls
      chaninfra ls stack:prod my-package
      chaninfra ls "my-package >=1.0,<2" -c stack:prod
      chaninfra ls --long my-package
      chaninfra ls s3://my-bucket/my-channel --json
    """
    from chaninfra.channel.errors import ChaninfraError, ConfigurationError, EngineError
    from chaninfra.cli.remedies import name_channel

    wanted = [*(words or ())]
    if wanted and _is_channel(wanted[0], named=channel is not None):
        channel = one_channel(wanted.pop(0), channel)
    refuse_channels(wanted, "ls", "PACKAGE")
    try:
        _list(wanted, channel, store, long=long, as_json=as_json)
    except ChaninfraError as error:
        name_channel(error, channel, store)
        # Not found: neither a package nor, perhaps, a channel to look in.
        if isinstance(error, ConfigurationError | EngineError) or type(error) is ChaninfraError:
            hint = None if channel else _stack_hint(wanted, store)
            error.remedy = "; ".join(filter(None, [error.remedy, hint])) or None
        raise


def _list(wanted: Sequence[str], channel: str | None, store: StoreFlags, *, long: bool, as_json: bool) -> None:
    import msgspec

    from chaninfra.channel.errors import ChaninfraError, StoppedError
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output.progress import progress
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.contents import contents_of
    from chaninfra.index.select import nearest_to, select

    # What is not a match spec is told before anything is read.
    select(wanted, ())
    with progress() as shown, interruptible(lambda: StoppedError("stopped"), shown.stop):
        opened = open_channel(channel, store, "read")
        shown.stage("reading the index")
        contents = contents_of(opened, shown)
        packages, unknown = _selected(contents.packages, wanted)
        lines = _lines(opened, packages, shown) if long else None
    for subdir in contents.without_index:
        command = remedies_for(channel, store).command("reindex")
        streams.note(f"{opened.url(subdir)} has no index; run `{command}` to create it")
    for late in contents.behind:
        streams.note(_behind(late))
    if contents.left_out and not wanted:
        streams.note(
            _left_out(contents.left_out, remedies_for(channel, store).command("doctor", "--check", "left-out"))
        )
    if contents.left_out_unread is not None and not wanted:
        streams.warning(contents.left_out_unread)
    if as_json:
        told = msgspec.to_builtins(packages)
        for each, package in zip(told, packages, strict=True):
            each |= {} if lines is None else {"summary": lines.get(_place(package), (None, None))[1]}
        streams.result_json(told)
    else:
        streams.result(_text(packages, lines))
    if contents.lost:
        if unknown:
            streams.note(f"there is no such package: {', '.join(unknown)}")
        raise _lost(contents.lost, remedies_for(channel, store).command("reindex"))
    if unknown:
        remedy = nearest_to(unknown, _candidates(contents.packages))
        raise ChaninfraError(f"there is no such package: {', '.join(unknown)}", remedy=remedy)


def _place(package: Listed) -> tuple[str, str]:
    """The subdir, and the name as clients look it up."""
    from chaninfra.channel.conda.name_rules import client_name

    return package.subdir, client_name(package.name)


def _lines(channel: Channel, packages: Sequence[Listed], shown: Progress) -> dict[tuple[str, str], tuple[str, str]]:
    """(subdir, name) → the file that says something of the packages of this name, and what, in a line."""
    from chaninfra.channel.text import count
    from chaninfra.index.package.about import JOINERS, line
    from chaninfra.index.said import read_said

    if not channel.descriptor.has_summaries:
        streams.note("this channel has no summaries of its packages: it has no page, see `page` in the stack config")
        return {}
    said = read_said(channel, dict.fromkeys(map(_place, packages)), shown)
    if said.error is not None:
        streams.note(f"the summaries of {count(said.unread, 'name')} could not be read: {said.error.summary}")
    lines = {place: (summary.file, line(summary.summary, JOINERS)) for place, summary in said.summaries.items()}
    return {place: (file, text) for place, (file, text) in lines.items() if text is not None}


def _is_channel(word: str, *, named: bool) -> bool:
    """Whether the first word is CHANNEL and no package; `named`: whether -c names the channel."""
    from pathlib import Path

    from chaninfra.channel.conda.filenames import suffix_of

    if is_channel(word) is not None or named:
        return is_channel(word) is not None
    # A slash is in a path, or in the channel of a match spec.
    path = suffix_of(word) is None and "::" not in word and ("/" in word or Path(word).is_file())
    return word == "-" or path


def _stack_hint(words: Sequence[str], store: StoreFlags) -> str | None:
    """What to type if the only word, which was taken for a package, is the name of a stack; None if it cannot be."""
    import re

    from chaninfra.channel.conda.filenames import suffix_of
    from chaninfra.cli.remedies import remedies_for

    if len(words) != 1 or suffix_of(words[0]) or not re.fullmatch(r"[\w-][\w.-]*(?:/[\w.-]+){0,2}", words[0]):
        return None
    command = remedies_for(f"stack:{words[0]}", store).command("ls")
    return f"{words[0]!r} was taken for a package; if it is a stack, write: {command}"


def _selected(packages: Sequence[Listed], words: Sequence[str]) -> tuple[Sequence[Listed], list[str]]:
    """The packages that one of the words selects, in their order; and the words that select none."""
    from chaninfra.index.select import select

    if not words:
        return packages, []
    chosen = select(words, _candidates(packages))
    paths = {candidate.path_in_channel for found in chosen.values() for candidate in found}
    listed = [each for each in packages if f"{each.subdir}/{each.file}" in paths]
    return listed, [word for word, found in chosen.items() if not found]


def _candidates(packages: Sequence[Listed]) -> list[Candidate]:
    import msgspec

    from chaninfra.index.select import Candidate

    facts = ("name", "version", "build", "build_number")
    return [
        Candidate(each.subdir, each.file, msgspec.json.encode({name: getattr(each, name) for name in facts}))
        for each in packages
    ]


def _lost(lost: Sequence[LostShards], reindex: str) -> SkippedError:
    from chaninfra.channel.errors import SkippedError
    from chaninfra.channel.text import count, one_line

    of: list[str] = []
    for each in lost:
        more = each.count - len(each.names)
        names = f"{', '.join(map(one_line, each.names))}{f' and {more:,} more' if more else ''}"
        name = "names is" if each.count == 1 else "names are"
        of.append(f"{count(each.count, 'shard')} that the index of {each.subdir} {name} missing or damaged ({names})")
    return SkippedError(
        f"{'; '.join(of)}: clients do not find these packages, and this list may lack them",
        remedy=f"run `{reindex}`, which makes them again from the packages that are there",
    )


def _left_out(left_out: Mapping[str, LeftOutPackage], doctor: str) -> str:
    from chaninfra.channel.text import count, one_line

    lines = [f"{one_line(path)} {one_line(left.reason)}" for path, left in sorted(left_out.items())]
    more = [f"and {len(lines) - _SHOWN:,} more"] if len(lines) > _SHOWN else []
    listed = "\n  ".join([*lines[:_SHOWN], *more])
    what = f"{count(len(lines), 'package')} not indexed by the follower of this channel, or held back"
    return f"{what}; `{doctor}` says what to do:\n  {listed}"


def _behind(late: Behind) -> str:
    from datetime import UTC

    from chaninfra.channel.text import count

    written = f"{late.written.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return (
        f"repodata.json in {late.subdir} is {count(late.commits, 'commit')} behind this list (written {written}): "
        "clients that do not read shards do not see yet what they changed"
    )


def _text(packages: Sequence[Listed], said: Mapping[tuple[str, str], tuple[str, str]] | None = None) -> str:
    """The table; what is said of a name stands in the row of the file that says it, or in the first one of the name."""
    from chaninfra.channel.text import count
    from chaninfra.index.package.about import line

    rows_of: dict[tuple[str, str], list[str]] = {}
    for each in packages if said else ():
        rows_of.setdefault(_place(each), []).append(each.file)
    shown = {
        # Without what a terminal would be shown as an escape.
        (place[0], file if file in rows_of[place] else rows_of[place][0]): line(text) or ""
        for place, (file, text) in (said or {}).items()
    }
    rows = [
        (
            each.subdir,
            each.name,
            each.version,
            each.build,
            _date(each.timestamp),
            _size(each.size),
            each.file.rsplit(".", 1)[-1],
            "" if each.yanked is None else f"yanked: {each.yanked}" if each.yanked else "yanked",
            *([] if said is None else [shown.get((each.subdir, each.file), "")]),
        )
        for each in packages
    ]
    more = [] if said is None else ["SUMMARY"]
    head = ("SUBDIR", "NAME", "VERSION", "BUILD", "DATE", "SIZE", "FORMAT", "YANKED", *more)
    lines = [streams.table([head, *rows])] if rows else []
    return "\n".join([*lines, count(len(rows), "package")])


def _date(timestamp: int | None) -> str:
    """The UTC date of a timestamp in ms since 1970; "?" if it is unknown or outside of the years 1 to 9999."""
    from datetime import UTC, datetime

    try:
        return "?" if timestamp is None else datetime.fromtimestamp(timestamp / 1000, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return "?"


def _size(size: int | None) -> str:
    """A size in bytes as `1.2 kB`; "?" if it is unknown."""
    from chaninfra.cli.output.progress import bytes_text

    return "?" if size is None else bytes_text(size)
