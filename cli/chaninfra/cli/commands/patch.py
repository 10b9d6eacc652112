"""`chaninfra patch add`, `ls`, `rm`, `import` and `export`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP, refuse_channels
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.index.channel import Channel
    from chaninfra.index.report import Report

HELP = """Change what the index says of packages, for good.

\b
The packages need not be built again. `publish` and `reindex` keep a patch, and `patch rm` removes it.
"""
_PACKAGE_HELP = (
    "Package names, file names (with or without the subdir) or match specs. SUBDIR/FILE may name a package that is not "
    "there yet."
)
_DRY_RUN_HELP = "Write nothing; select and refuse as a real run does, and print what that would do."
_JSON_HELP = "Print the result as JSON."
Done = TypeVar("Done")


def add(
    *,
    packages: Annotated[list[str], typer.Argument(metavar="PACKAGE", help=_PACKAGE_HELP)],
    channel: Annotated[
        str | None, typer.Option("-c", "--channel", metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")
    ] = None,
    depends: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SPEC",
            help="A dependency. Give the option once for each: together they replace all that the packages have. '' "
            "alone: none.",
        ),
    ] = None,
    constrains: Annotated[
        list[str] | None, typer.Option(metavar="SPEC", help="The same for `constrains`, the optional constraints.")
    ] = None,
    license_: Annotated[str | None, typer.Option("--license", metavar="TEXT", help="The license.")] = None,
    revoke: Annotated[
        bool,
        typer.Option(
            "--revoke",
            help="Make the packages depend on one that does not exist, so that no solver chooses them, but clients "
            "still list them. (`yank` takes them out of the index.)",
        ),
    ] = False,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why; `chaninfra patch ls` shows it.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_DRY_RUN_HELP)] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_JSON_HELP)] = False,
    store: StoreFlags,
) -> None:
    """Change dependencies, constraints or license in the index.

    The packages themselves stay as they are, and so do their hashes: lock files hold. A patch is of the package as it
    is now: if other bytes are published under its name, it does not apply to these. To patch a package again changes
    only what is given; what was patched before stays. For maintainers and promoters.

    \b
    Examples:
      chaninfra patch add "my-package 1.0.*" -c stack:prod --depends "python >=3.9" --depends "numpy <2"
      chaninfra patch add my-package-1.0-0.conda -c stack:prod --constrains "other-package >=2"
      chaninfra patch add noarch/my-package-1.0-0.conda -c stack:prod --revoke --reason "deletes files" --dry-run
    """
    from chaninfra.cli.output.patching import patching_json, patching_text
    from chaninfra.index.patches.add import add as run

    changes = _changes(depends, constrains, license_)
    if not changes and not revoke:
        raise _wrong("nothing is to be changed", "give --depends, --constrains, --license or --revoke", "patch add")
    given = [part for spec in depends or () for part in ("--depends", spec)]
    given += [part for spec in constrains or () for part in ("--constrains", spec)]
    given += ["--license", license_] if license_ is not None else []
    given += [*(["--revoke"] if revoke else []), *(["--reason", reason] if reason is not None else [])]
    request = _Request("patch add", channel, store, packages, given, dry_run, as_json)
    done = _run(
        request,
        lambda opened, shown: run(opened, packages, changes, revoke=revoke, reason=reason, progress=shown),
        lambda patching: patching.report,
    )
    _end(request, patching_json(done, dry_run=dry_run), patching_text(done, dry_run=dry_run), done.report)


def rm(
    *,
    packages: Annotated[list[str], typer.Argument(metavar="PACKAGE", help=_PACKAGE_HELP.partition(" SUBDIR/FILE")[0])],
    channel: Annotated[
        str | None, typer.Option("-c", "--channel", metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_DRY_RUN_HELP)] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_JSON_HELP)] = False,
    store: StoreFlags,
) -> None:
    """Remove the patches of packages.

    Reads each package again, and the index says what the package says. If a package cannot be read, or has other bytes
    than its record, or is yanked and its file is missing, its patch stays (exit code 3). If the command was stopped,
    the same command goes on. For maintainers and promoters.

    \b
    Examples:
      chaninfra patch rm my-package-1.0-0.conda -c stack:prod
      chaninfra patch rm "my-package <2" -c stack:prod --dry-run
    """
    from chaninfra.cli.output.patching import unpatching_json, unpatching_text
    from chaninfra.index.patches.remove import remove as run

    request = _Request("patch rm", channel, store, packages, [], dry_run, as_json)
    done = _run(request, lambda opened, shown: run(opened, packages, shown), lambda removed: removed.report)
    _end(request, unpatching_json(done, dry_run=dry_run), unpatching_text(done, dry_run=dry_run), done.report)


def ls(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    as_json: Annotated[bool, typer.Option("--json", help=_JSON_HELP)] = False,
    store: StoreFlags,
) -> None:
    """List the patches of a channel.

    APPLIES says whether the index has it: `yes`; `no, run reindex`; `yanked`, once the package is brought back; `not
    there`, once there is such a package; `of other bytes`, not any more; `being removed`, until `patch rm` has ended.

    \b
    Examples:
      chaninfra patch ls
      chaninfra patch ls stack:prod --json
    """
    from chaninfra.channel.errors import StoppedError
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output.patching import listed_json, listed_text
    from chaninfra.index.patches.listing import list_patches

    with interruptible(lambda: StoppedError("stopped")):
        found = list_patches(open_channel(channel, store, "read"))
    streams.result_json(listed_json(found)) if as_json else streams.result(listed_text(found))


def import_(
    *,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A patch_instructions.json; `-` reads standard input.")],
    subdir: Annotated[str, typer.Option("--subdir", metavar="SUBDIR", help="The subdir that the file is for.")],
    channel: Annotated[
        str | None, typer.Option("-c", "--channel", metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why; `chaninfra patch ls` and `ls` show it.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_DRY_RUN_HELP)] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_JSON_HELP)] = False,
    store: StoreFlags,
) -> None:
    """Patch as a patch_instructions.json says.

    That is conda-index's file. Instructions for a .tar.bz2 are for the .conda of the same name too. What the file
    removes is yanked. Instructions for packages that are not there are kept until they come. Patches that the file does
    not name stay. For maintainers, and for promoters where the file removes nothing.

    \b
    Examples:
      chaninfra patch import noarch/patch_instructions.json --subdir noarch -c stack:prod
      chaninfra patch import - --subdir linux-64 -c stack:prod --dry-run < patch_instructions.json
    """
    from chaninfra.cli.output.patching import imported_json, imported_text
    from chaninfra.cli.patch_file import read_file
    from chaninfra.index.patches.importing import import_instructions

    instructions = read_file(file)
    given = ["--subdir", subdir, *(["--reason", reason] if reason is not None else [])]
    request = _Request("patch import", channel, store, [file], given, dry_run, as_json)
    done = _run(
        request,
        lambda opened, shown: import_instructions(opened, subdir, instructions, reason, shown),
        lambda imported: imported.report,
    )
    _end(request, imported_json(done, dry_run=dry_run), imported_text(done, dry_run=dry_run), done.report)


def export(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    subdir: Annotated[str, typer.Option("--subdir", metavar="SUBDIR", help="The subdir.")],
    store: StoreFlags,
) -> None:
    """Print the patches as a patch_instructions.json.

    That is conda-index's file, of one subdir. With it conda-index, or `patch import`, makes of the same packages the
    same records. Yanked packages are in `remove`.

    \b
    Examples:
      chaninfra patch export stack:prod --subdir noarch > patch_instructions.json
    """
    from chaninfra.channel.errors import StoppedError
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output.patching import tell_left_out_of_export
    from chaninfra.index.patches.importing import export_instructions

    with interruptible(lambda: StoppedError("stopped")):
        exported = export_instructions(open_channel(channel, store, "read"), subdir)
    streams.result_json(exported.document)
    tell_left_out_of_export(exported, subdir)


def _changes(depends: list[str] | None, constrains: list[str] | None, license_: str | None) -> dict[str, Any]:
    """The new values. Raises ConfigurationError for an empty one."""
    if license_ is not None and not license_.strip():
        raise _wrong("is empty", "give a license, such as MIT", "--license")
    changes: dict[str, Any] = {} if license_ is None else {"license": license_}
    for key, specs in (("depends", depends), ("constrains", constrains)):
        if specs and specs != [""] and not all(spec.strip() for spec in specs):
            raise _wrong("is empty", "give a match spec; alone, '' stands for none at all", f"--{key}")
        changes |= {key: [] if specs == [""] else specs} if specs else {}
    return changes


def _wrong(message: str, remedy: str, where: str) -> Exception:
    from chaninfra.channel.errors import ConfigurationError

    return ConfigurationError(message, where=where, remedy=remedy)


@dataclass(frozen=True)
class _Request:
    command: Literal["patch add", "patch rm", "patch import"]
    channel: str | None
    store: StoreFlags
    packages: Sequence[str]
    options: Sequence[str]
    """What else a repetition needs."""
    dry_run: bool
    as_json: bool


def _run(request: _Request, run: Callable[[Channel, Any], Done], report_of: Callable[[Done], Report]) -> Done:
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh
    from chaninfra.cli.output.progress import progress
    from chaninfra.cli.output.stopped import patch_stopped
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.cdn_invalidation import changed

    if request.command != "patch import":
        refuse_channels(request.packages, request.command, "PACKAGE")
    remedies = remedies_for(request.channel, request.store)
    given = [*request.options, *(["--dry-run"] if request.dry_run else []), *(["--json"] if request.as_json else [])]
    again = remedies.command(request.command, *request.packages, *given)
    with (
        progress(dry_run=request.dry_run) as shown,
        interruptible(lambda: patch_stopped(shown, again, dry_run=request.dry_run), shown.stop),
    ):
        opened = open_channel(request.channel, request.store, "write", dry_run=request.dry_run)
        shown.stage("reading the index")
        done = run(opened, shown)
        shown.pause()
        cdn_refresh.refresh(opened, changed(report_of(done)))
    if not request.dry_run:
        from chaninfra.cli.output import client_caches

        client_caches.tell(opened.descriptor, changed(report_of(done)))
    return done


def _end(request: _Request, document: dict[str, Any], text: str, report: Report) -> None:
    """Print the result. Raises SkippedError for packages that were left out, also by a re-index."""
    from chaninfra.cli.output.reports import finish, replace_skipped
    from chaninfra.cli.remedies import remedies_for

    streams.result_json(document) if request.as_json else streams.result(text)
    remedies = remedies_for(request.channel, request.store)
    finish(report, remedy=replace_skipped(remedies), reindex=remedies.command("reindex"), gc=remedies.command("gc"))
