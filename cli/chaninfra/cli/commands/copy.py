"""`chaninfra copy`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.channel_argument.parse import CHANNEL_HELP, refuse_channels
from chaninfra.cli.channel_argument.source import FROM_HELP, FromFlags, with_from_flags
from chaninfra.cli.copy_checks import check_effects, check_words, refuse_beside_mirror
from chaninfra.cli.part_option import PartOption, part_of
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.channel.conda.subdirs import Subdir
    from chaninfra.index.copy.wanted import Wanted

_ONE_OF_TWO = "give one of the two: --mirror NAME, or --mirrors"


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
    all_mirrors: Annotated[
        bool, typer.Option("--mirrors", help="Run all mirrors of the channel, one after the other.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Write nothing; compare as a real run does, and print what would be copied. It looks neither at the "
            "files of the packages nor at your right to write.",
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
      chaninfra copy --mirrors --to stack:prod
    """
    from chaninfra.cli.copy_run import CopyJob, copy_by_all_mirrors, copy_once
    from chaninfra.cli.remedies import remedies_for

    words = specs or []
    _refuse_channels(words)
    share = part_of(part)
    by_mirror = "--mirror" if mirror is not None else "--mirrors" if all_mirrors else None
    if mirror is not None and all_mirrors:
        raise ConfigurationError("one mirror and all of them are asked for", where="--mirror", remedy=_ONE_OF_TWO)
    check_words(words, lock, from_, by_mirror, everything=everything)
    wanted = _wanted(words, lock, with_dependencies, virtual_package, subdir, newest, older_than, exclude, share)
    if by_mirror is not None:
        refuse_beside_mirror(wanted, from_)
    else:
        check_effects(wanted, from_ or "", source)
    given = _given(words, from_, lock, virtual_package, subdir, newest, older_than, exclude, part, mirror, source)
    flags = {"--all": everything, "--with-dependencies": with_dependencies, "--mirrors": all_mirrors}
    flags |= {"--dry-run": dry_run, "--json": as_json}
    job = CopyJob(
        channel=channel,
        store=store,
        source=source,
        from_=from_ or "",
        wanted=wanted,
        again=remedies_for(channel, store).command("copy", *given, *(flag for flag, on in flags.items() if on)),
        dry_run=dry_run,
        as_json=as_json,
    )
    if all_mirrors:
        copy_by_all_mirrors(job)
    else:
        copy_once(job, mirror)


def _refuse_channels(words: Sequence[str]) -> None:
    """Raise ConfigurationError for a word that is a channel."""
    try:
        refuse_channels(words, "copy", "SPEC")
    except ConfigurationError as error:
        error.remedy = (
            f"put --from or --to before it: `--from {error.where}`" if "-c" in str(error.remedy) else error.remedy
        )
        raise


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
    from chaninfra.cli.durations import days_ms
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
        older_than_ms=days_ms(older_than, "--older-than"),
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

    def plain(url: str) -> str:
        """The URL without a login, which is no part of a command that can be typed."""
        return without_secrets(url).replace("://\u2026@", "://")

    lists = {"--lock": lock, "--virtual-package": virtual_package, "--subdir": subdir, "--exclude": exclude}
    lists["--allow-origin"] = [plain(url) for url in source.allow_origin]
    values = {"--newest": newest, "--older-than": older_than, "--part": part, "--mirror": mirror}
    values |= {"--rate": source.rate, "--at-once": source.at_once}
    values |= {
        f"--from-{field.name.replace('_', '-')}": getattr(source, field.name)
        for field in fields(FromFlags)
        if field.name in ("provider", "region", "addressing_style", "profile")
    }
    values["--from-endpoint-url"] = plain(source.endpoint_url) if source.endpoint_url is not None else None
    return [
        *words,
        *(["--from", plain(from_)] if from_ else []),
        *(word for option, each in lists.items() for value in each or () for word in (option, str(value))),
        *(word for option, value in values.items() if value is not None for word in (option, str(value))),
    ]
