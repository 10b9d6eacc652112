"""`chaninfra copy`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.channel_argument.parse import CHANNEL_HELP, refuse_channels
from chaninfra.cli.channel_argument.source import FROM_HELP, FromFlags, with_from_flags
from chaninfra.cli.output import streams
from chaninfra.cli.part_option import PartOption, part_of
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.channel.conda.subdirs import Subdir
    from chaninfra.index.channel import Channel
    from chaninfra.index.copy.mirrors.run import PlannedRun, Ran
    from chaninfra.index.copy.report import Copied
    from chaninfra.index.copy.source import Source
    from chaninfra.index.copy.wanted import Wanted
    from chaninfra.index.report import Report


def _subdir_names() -> list[str]:
    from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS

    return [*KNOWN_SUBDIRS]


@with_from_flags
def copy(
    *,
    specs: Annotated[
        list[str] | None,
        typer.Argument(metavar="SPEC", help="Package names, match specs, or file names (with or without the subdir)."),
    ] = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="SOURCE", help=FROM_HELP)] = None,
    channel: Annotated[
        str | None,
        typer.Option("--to", "-c", "--channel", metavar="CHANNEL", help=f"The channel to copy to: {CHANNEL_HELP}"),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Copy all packages of the source.")] = False,
    lock: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Copy exactly the packages that a lock file has of the source: pixi.lock, conda-lock.yml, or what "
            "`conda list --explicit` prints. May be given several times.",
        ),
    ] = None,
    with_dependencies: Annotated[
        bool, typer.Option("--with-dependencies", help="Copy what the packages need, too, as a solver finds it.")
    ] = False,
    virtual_package: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VERSION",
            help="What the machines have that the packages are for: __glibc=2.28. May be given several times.",
        ),
    ] = None,
    subdir: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SUBDIR",
            help="Only this subdir. May be given several times (default: those that both channels have).",
            autocompletion=_subdir_names,
        ),
    ] = None,
    newest: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Only the newest N versions of each name, with all their builds."),
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option(metavar="DAYS", help="Only what has been public for so long: 7d."),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="SPEC", help="Packages that are not copied. May be given several times."),
    ] = None,
    part: PartOption = None,
    mirror: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Run this mirror of the channel, which says what is copied from where."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Write nothing; compare and refuse as a real run does, and print what would be copied."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    source: FromFlags,
    store: StoreFlags,
) -> None:
    """Copy packages from another channel, and what it says of them.

    The source is any conda channel, on S3, by https or in a folder. The bytes are the same, and so are the records:
    hotfixes of the source become patches of this channel, yanked packages stay yanked, attestations come along. Within
    a store the store itself copies. What is there already is not copied again, so a copy that was stopped goes on when
    it is run again.

    If the channel has other bytes under one of the names, copy refuses (exit code 4) before it writes anything. A
    package that cannot be copied is named at the end, and the others are copied (exit code 3).

    Where the source patches packages, or is no channel of chaninfra, this takes the key of a maintainer or promoter.

    \b
    Examples:
      chaninfra copy "my-package >=2" --from stack:staging --to stack:prod --dry-run
      chaninfra copy --lock pixi.lock --from s3://my-bucket/staging --to stack:prod
      chaninfra copy numpy --with-dependencies --subdir linux-64 --older-than 7d \\
        --from https://conda.anaconda.org/conda-forge --to stack:prod
      chaninfra copy --mirror upstream --to stack:prod
    """
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.channel_argument.source import open_from
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh, client_caches
    from chaninfra.cli.output.copying import copy_stopped, done_text, failure, plan_text, result_json, tell_selection
    from chaninfra.cli.output.progress import progress
    from chaninfra.cli.output.reports import finish, replace_skipped
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.cdn_invalidation import changed
    from chaninfra.index.copy import copy as engine
    from chaninfra.index.copy.mirrors import run as mirrors
    from chaninfra.index.copy.plan import plan_copy
    from chaninfra.index.copy.selection import select
    from chaninfra.index.copy.transfer import Transfer

    words = specs or []
    _refuse_channels(words)
    share = part_of(part)
    _check(words, lock, from_, mirror, everything=everything)
    wanted = _wanted(words, lock, with_dependencies, virtual_package, subdir, newest, older_than, exclude, share)
    if mirror is not None:
        _refuse_beside_mirror(wanted, from_)
    remedies = remedies_for(channel, store)
    given = _given(words, from_, lock, virtual_package, subdir, newest, older_than, exclude, part, mirror, source)
    flags = {"--all": everything, "--with-dependencies": with_dependencies, "--dry-run": dry_run, "--json": as_json}
    again = remedies.command("copy", *given, *(flag for flag, on in flags.items() if on))
    so_far, total = engine.SoFar(), None
    planned: PlannedRun | None = None
    ran: Ran | None = None
    copied = None
    with progress(dry_run=dry_run) as shown, interruptible(lambda: copy_stopped(so_far, total, again), shown.stop):
        opened = open_channel(channel, store, "write", dry_run=dry_run)
        if mirror is not None:
            declared = mirrors.mirror_named(opened, mirror)
            limits = replace(source, rate=source.rate or declared.rate, at_once=source.at_once or declared.at_once)
            read = open_from(declared.source, limits, opened)
            planned = mirrors.plan_run(opened, read, mirror, share, shown)
            selection, plan = planned.selection, planned.plan
        else:
            read = open_from(from_ or "", source, opened)
            shown.stage("reading the source")
            selection = select(read, wanted, _subdirs(opened, read, wanted), opened.runtime.now_ms())
            plan = plan_copy(read, opened, selection.packages, shown)
        shown.pause()
        tell_selection(selection, read.refused())
        if not dry_run:
            total = len(plan.tasks)
            transfer = Transfer(read, opened)
            if planned is not None:
                ran = mirrors.run(opened, read, planned, transfer, shown, so_far=so_far)
                copied = ran.copied
            else:
                at_once = source.at_once or engine.AT_ONCE
                copied = engine.copy(opened, read, plan, transfer, shown, so_far=so_far, at_once=at_once)
            shown.pause()
            report = _report(copied, ran)
            touched = changed(report, (each.package.path_in_channel for each in copied.packages))
            cdn_refresh.refresh(opened, touched)
    if as_json:
        streams.result_json(result_json(opened, read, plan, selection, copied, planned, ran))
    else:
        streams.result(plan_text(plan, planned) if copied is None else done_text(copied, ran))
    error = failure(copied, plan, selection)
    if copied is None:
        if error is not None:
            raise error
        return
    client_caches.tell(opened.descriptor, touched)
    finish(
        report,
        error,
        remedy=replace_skipped(remedies),
        reindex=remedies.command("reindex"),
        gc=remedies.command("gc"),
    )


def _report(copied: Copied, ran: Ran | None) -> Report:
    """The report of the index, with that of what a mirror yanked."""
    from chaninfra.index.report import Report

    pruned = ran.pruned if ran is not None else None
    return Report.of([*copied.report.subdirs, *(pruned.report.subdirs if pruned is not None else ())])


def _refuse_channels(words: Sequence[str]) -> None:
    """Raise ConfigurationError for a word that is a channel."""
    try:
        refuse_channels(words, "copy", "SPEC")
    except ConfigurationError as error:
        error.remedy = (
            f"put --from or --to before it: `--from {error.where}`" if "-c" in str(error.remedy) else error.remedy
        )
        raise


def _check(
    words: Sequence[str], lock: Sequence[Path] | None, from_: str | None, mirror: str | None, *, everything: bool
) -> None:
    """Raise ConfigurationError where it is not said what to copy, or from where."""
    if mirror is not None:
        if words or lock or everything:
            raise ConfigurationError(
                "a mirror says itself what is copied", where="--mirror", remedy="leave out SPEC, --lock and --all"
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


def _refuse_beside_mirror(wanted: Wanted, from_: str | None) -> None:
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


def _wanted(
    words: Sequence[str],
    lock: Sequence[Path] | None,
    with_dependencies: bool,
    virtual_package: Sequence[str] | None,
    subdir: Sequence[str] | None,
    newest: int | None,
    older_than: str | None,
    exclude: Sequence[str] | None,
    part: object,
) -> Wanted:
    """What the options ask for. Raises ConfigurationError."""
    from chaninfra.index.copy.wanted import Wanted
    from chaninfra.index.part import Part

    return Wanted(
        specs=tuple(words),
        locks=tuple(lock or ()),
        exclude=tuple(exclude or ()),
        subdirs=_known(subdir),
        with_dependencies=with_dependencies,
        virtual_packages=_pairs(virtual_package),
        newest=newest,
        older_than_ms=_days(older_than),
        part=part if isinstance(part, Part) else None,
    )


def _known(subdirs: Sequence[str] | None) -> tuple[Subdir, ...] | None:
    from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
    from chaninfra.channel.text import nearest

    for given in subdirs or ():
        if given not in KNOWN_SUBDIRS:
            raise ConfigurationError(
                f"there is no subdir {given[:80]!r}", where="--subdir", remedy=nearest(given, KNOWN_SUBDIRS)
            )
    return tuple(each for each in KNOWN_SUBDIRS if each in subdirs) if subdirs else None


def _pairs(given: Sequence[str] | None) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for pair in given or ():
        name, equals, version = pair.partition("=")
        if not (name and equals and version):
            raise ConfigurationError(
                f"{pair[:80]!r} is not NAME=VERSION",
                where="--virtual-package",
                remedy="write __glibc=2.28, for example",
            )
        found[name] = version
    return found or None


def _days(given: str | None) -> int | None:
    if given is None:
        return None
    import re

    from chaninfra.channel import patterns
    from chaninfra.channel.conda.retention import days_in
    from chaninfra.channel.text import shown

    if not re.search(patterns.DAYS, given):
        raise ConfigurationError(
            f"{shown(given)} is not a number of days", where="--older-than", remedy="write 1d to 3650d, for example 7d"
        )
    return days_in(given) * 86_400_000


def _subdirs(channel: Channel, source: Source, wanted: Wanted) -> list[Subdir]:
    """Those that both have, and are wanted. Raises ConfigurationError where there is none."""
    there, here = source.subdirs(), channel.descriptor.subdirs
    found = [
        each
        for each in there
        if (each in here or channel.origin == "assumed") and (wanted.subdirs is None or each in wanted.subdirs)
    ]
    if not found:
        both = f"the source has {', '.join(there) or 'none'}, and the channel {', '.join(here)}"
        denied = "".join(f"; {each}" for each in source.refused())
        raise ConfigurationError(
            f"no subdir is in both channels and asked for: {both}{denied}",
            where=source.url,
            remedy="give others by --subdir",
        )
    return found


def _given(
    words: Sequence[str],
    from_: str | None,
    lock: Sequence[Path] | None,
    virtual_package: Sequence[str] | None,
    subdir: Sequence[str] | None,
    newest: int | None,
    older_than: str | None,
    exclude: Sequence[str] | None,
    part: str | None,
    mirror: str | None,
    source: FromFlags,
) -> list[str]:
    """The arguments as they were given, without secrets."""
    from chaninfra.channel.text import without_secrets

    lists = {"--lock": lock, "--virtual-package": virtual_package, "--subdir": subdir, "--exclude": exclude}
    lists["--allow-origin"] = source.allow_origin
    values = {"--newest": newest, "--older-than": older_than, "--part": part, "--mirror": mirror}
    values |= {"--rate": source.rate, "--at-once": source.at_once}
    values |= {
        f"--from-{field.name.replace('_', '-')}": getattr(source, field.name)
        for field in fields(FromFlags)
        if field.name in ("provider", "endpoint_url", "region", "addressing_style", "profile")
    }
    return [
        *words,
        *(["--from", without_secrets(from_)] if from_ else []),
        *(word for option, each in lists.items() for value in each or () for word in (option, str(value))),
        *(word for option, value in values.items() if value is not None for word in (option, str(value))),
    ]
