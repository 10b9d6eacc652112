"""`chaninfra reindex`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP
from chaninfra.cli.output import streams
from chaninfra.cli.output.scheduled import HELP as SCHEDULED_HELP
from chaninfra.cli.part_option import PartOption, check_shared, part_of
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.channel.conda.subdirs import Subdir
    from chaninfra.channel.errors import ChaninfraError
    from chaninfra.index.reindex_plan import Scope


def reindex(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; print what differs, and exit with 1 if anything does.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Read every package again and rewrite all index files.")
    ] = False,
    part: PartOption = None,
    scheduled: Annotated[str | None, typer.Option(metavar="TIME", help=SCHEDULED_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """Update the index to match the packages in the bucket.

    Lists the bucket, and reads only packages that are new or have changed since the last run. Adds them to the index,
    removes deleted ones, and rewrites index files that are missing, of another tool, or out of date. Writes nothing if
    nothing differs. Run it on a schedule if `index.monolith` is `at-most-every`: it writes repodata.json whenever that
    lacks a commit.

    A .conda or .tar.bz2 file that cannot be read (archived, or encrypted with another key), is named like another
    package, has a name that clients cannot read or is for another subdir is skipped and reported (exit code 3), and so
    is an object whose key no client can ask for (`noarch//a-1-0.conda`). Other files are ignored.

    With --part several jobs share the work, each on a machine of its own. A job reads and drops packages of its part
    only, so the index is up to date when all parts have run, in any order.

    \b
    Examples:
      chaninfra reindex stack:prod
      chaninfra reindex stack:prod --check
      chaninfra reindex stack:prod --part 3/8
      chaninfra reindex s3://my-s3-bucket/my-channel --endpoint-url https://my-s3-host \\
        --region us-east-1 --force-path-style --access-key-id ... --secret-access-key ...
    """
    from chaninfra.channel.errors import ConfigurationError
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh
    from chaninfra.cli.output.progress import progress
    from chaninfra.cli.output.reports import finish, finish_check, replace_skipped, report_json, report_text
    from chaninfra.cli.output.scheduled import mark, period
    from chaninfra.cli.output.stopped import reindex_stopped
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.cdn_invalidation import changed
    from chaninfra.index.contents import known_subdirs, passed_over
    from chaninfra.index.reindex import reindex as run

    share = part_of(part)
    if share is not None and scheduled is not None:
        raise ConfigurationError(
            "`doctor` would see the schedule of one part and not those of the others",
            where="--part",
            remedy="leave out --scheduled",
        )
    remedies = remedies_for(channel, store)
    subdirs: list[Subdir] = []
    every = period(scheduled, without="--check" if check else None)
    given = [*(["--check"] if check else []), *(["--force"] if force else []), *(["--json"] if as_json else [])]
    given += ["--scheduled", scheduled] if scheduled else []
    given += ["--part", part] if part else []
    with progress() as shown, interruptible(lambda: reindex_stopped(shown, remedies, subdirs, given), shown.stop):
        opened = open_channel(channel, store, "read" if check else "write")
        if not check:
            check_shared(share, opened.descriptor)
        shown.stage("looking for subdirs")
        subdirs += known_subdirs(opened)
        others = passed_over(opened, subdirs)
        # Nobody looks at it who could say that the new bytes of a package are right.
        hold = every is not None and opened.descriptor.index.holds
        scope: Scope = "all" if force else "changed"
        report = run(opened, subdirs, scope, "check" if check else "write", shown, hold=hold, part=share)
        shown.pause()
        if not check:
            written = subdirs if force else changed(report)
            cdn_refresh.refresh(opened, written, scope=scope, channeldata="whole" if force else "now")
            mark(opened, "reindex", every)
    packages = f"of part {share.number} of {share.count} " if share else ""
    done = f"\nread every package {packages}again, and rewrote all index files" if force and not check else ""
    if share and share.count > 1 and not force:
        done = f"\nthis was part {share.number} of {share.count}: the packages of the others were not read"
    streams.result_json(report_json(report)) if as_json else streams.result(report_text(report) + done)
    for folder in others:
        streams.warning(_not_indexed(folder, opened.url(folder)))
    if check:
        finish_check(report, remedies)
    finish(
        report,
        remedy=replace_skipped(remedies),
        reindex=remedies.command("reindex"),
        gc=remedies.command("gc"),
    )


def _not_indexed(folder: str, url: str) -> ChaninfraError:
    """The warning for a folder that has packages and is no subdir of the channel."""
    from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
    from chaninfra.channel.errors import ChaninfraError

    if folder in KNOWN_SUBDIRS:
        why, remedy = "not declared as a subdir", f"add {folder} to `subdirs` in the stack config and run `pulumi up`"
    else:
        known = ", ".join(KNOWN_SUBDIRS)
        why, remedy = "no subdir that chaninfra knows", f"build the packages for one that it knows: {known}"
    return ChaninfraError(f"has packages, but is {why}, so it was not indexed", where=url, remedy=remedy)
