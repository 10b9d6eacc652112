"""`chaninfra delete`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP, refuse_channels
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaninfra.channel.errors import ChaninfraError, StoppedError
    from chaninfra.cli.output.deleting import DeletionText
    from chaninfra.cli.output.progress import Shown
    from chaninfra.doctor.remedies import Remedies
    from chaninfra.index.channel import Channel
    from chaninfra.index.withdrawal.delete import Deleted
    from chaninfra.index.withdrawal.plan import Plan
    from chaninfra.index.withdrawal.versions import Purged

_SHOWN = 20


def delete(
    *,
    packages: Annotated[
        list[str],
        typer.Argument(
            metavar="PACKAGE",
            help="Package names, file names (with or without the subdir) or match specs. A file that is in no index is "
            "named by its path: noarch/my-package-1.0-0.conda.",
        ),
    ],
    channel: Annotated[
        str | None, typer.Option("-c", "--channel", metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why. The channel's withdrawn.json tells everybody.")
    ],
    versions: Annotated[
        bool,
        typer.Option(
            "--versions", help="Also delete old versions, in a bucket that keeps them. Needs an administrator's key."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; select as a real run does, and print what that deletes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """Delete packages for good.

    Deletes the files and their attestations, the records in the index, their patches, and what snapshots and old states
    of the index say of them. This cannot be undone: `yank` is what keeps a package installable for those who have it in
    a lock file. The channel's withdrawn.json tells what was deleted, when and why. If the command was stopped, the same
    command goes on. For maintainers.

    A bucket that keeps old versions keeps those of the files, too, unless --versions is given.

    \b
    Examples:
      chaninfra delete noarch/my-package-1.0-0.conda -c stack:prod --reason "has a leaked key"
      chaninfra delete "my-package ==1.0" -c s3://my-bucket/my-channel --reason "license" --dry-run
    """
    from chaninfra.channel.conda.object_names import WITHDRAWN_JSON
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh, client_caches
    from chaninfra.cli.output.confirm import confirm, require_answer
    from chaninfra.cli.output.deleting import DeletionText, deleted_json, plan_json, question
    from chaninfra.cli.output.progress import progress
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.lines import check_reason
    from chaninfra.index.withdrawal.delete import delete as run
    from chaninfra.index.withdrawal.document import read_withdrawn
    from chaninfra.index.withdrawal.plan import plan

    refuse_channels(packages, "delete", "PACKAGE")
    why = check_reason(reason)
    remedies = remedies_for(channel, store)
    flags = {"--versions": versions, "--yes": yes, "--dry-run": dry_run, "--json": as_json}
    given = [*packages, "--reason", why, *(flag for flag, is_given in flags.items() if is_given)]
    command = remedies.command("delete", *given)
    require_answer(command, yes=yes or dry_run)
    with progress(dry_run=dry_run) as shown, interruptible(lambda: _stopped(shown, command), shown.stop):
        opened = open_channel(channel, store, "write", dry_run=dry_run)
        planned = plan(opened, packages, shown)
        before = read_withdrawn(opened.writer, opened.descriptor.key(WITHDRAWN_JSON))[0]
        text = DeletionText(planned, before, why, versions=versions)
        shown.pause()
        if dry_run:
            streams.result_json(plan_json(planned, versions=versions)) if as_json else streams.result(text.dry_run())
            _tell_reasons(text)
            return
        if not yes:
            confirm(text.plan(), question(planned, versions=versions), command)
        done = run(opened, planned, why, shown)
        shown.pause()
        cdn_refresh.refresh_all(opened)
        purged = _purge(opened, planned) if versions else None
    streams.result_json(deleted_json(planned, done, purged)) if as_json else streams.result(text.done(done, purged))
    _tell_reasons(text)
    client_caches.tell(opened.descriptor, {part.target.subdir for part in planned.parts})
    _tell_copies(done)
    if purged is None:
        _tell_versions(opened, planned, why, remedies)
    _finish(planned, done, purged, why, remedies)


def _stopped(shown: Shown, command: str) -> StoppedError:
    from chaninfra.channel.errors import StoppedError
    from chaninfra.cli.output.stopped import nothing_changed
    from chaninfra.index.withdrawal.delete import DELETING

    if shown.of(DELETING) is None:
        return nothing_changed(command)
    return StoppedError(
        "stopped: the packages may be deleted in part",
        remedy=f"to go on, run it again, what is deleted stays so: `{command}`",
    )


def _purge(opened: Channel, planned: Plan) -> Purged:
    from chaninfra.cli.output.progress import waiting
    from chaninfra.index.withdrawal.versions import purge

    with waiting("deleting old versions"):
        return purge(opened, {part.target.subdir: part.files for part in planned.parts})


def _tell_reasons(text: DeletionText) -> None:
    for note in text.kept_reasons():
        streams.note(note)


def _tell_copies(done: Deleted) -> None:
    """Note who may still have a copy."""
    if done.snapshots:
        streams.note(
            f"{', '.join(sorted(done.snapshots)[:_SHOWN])}: clients and proxies may keep the index of a snapshot for a "
            "year, and with it the records"
        )
    streams.note("who has downloaded a package keeps it: what was secret in it must be replaced")


def _tell_versions(opened: Channel, planned: Plan, why: str, remedies: Remedies) -> None:
    """Note that old versions have the bytes, where that is so."""
    from chaninfra.index.withdrawal.versions import keeps_versions

    kept = keeps_versions(opened)
    if kept == "no":
        return
    command = remedies.command("delete", *_paths(planned), "--reason", why, "--versions", "--yes")
    if kept == "yes":
        streams.note(f"the bucket keeps old versions, which may have the files: as an administrator run `{command}`")
    else:
        streams.note(
            "these credentials may not ask whether the bucket keeps old versions. If it does, they may have the files: "
            f"as an administrator run `{command}`"
        )


def _finish(planned: Plan, done: Deleted, purged: Purged | None, why: str, remedies: Remedies) -> None:
    """Raise where something was left, or a re-index of what another tool wrote has left packages out."""
    from chaninfra.channel.text import one_line
    from chaninfra.cli.output.reports import finish, replace_skipped
    from chaninfra.index.report import Report

    again = remedies.command("delete", *_paths(planned), "--reason", why, "--yes")
    for path in done.back:
        streams.note(one_line(f"{path} was published again meanwhile, and is there"))
    finish(
        Report.of(done.reports),
        _left(done, purged, again, remedies),
        remedy=replace_skipped(remedies),
        reindex=remedies.command("reindex"),
        gc=remedies.command("gc"),
    )


def _left(done: Deleted, purged: Purged | None, again: str, remedies: Remedies) -> ChaninfraError | None:
    """What was left; None: nothing."""
    from chaninfra.channel.errors import DeniedError, SkippedError
    from chaninfra.channel.text import count, one_line

    if done.unreadable:
        keys = sorted(done.unreadable)
        shown = "\n  ".join(one_line(key) for key in keys[:_SHOWN])
        return SkippedError(
            f"{count(len(keys), 'file')} cannot be read, and may name what was deleted:\n  {shown}",
            remedy=f"delete them with the store's own tools, remove the snapshots among them with "
            f"`{remedies.command('snapshot rm', 'NAME')}`, and run it again: `{again}`",
        )
    if done.channeldata is not None:
        return _channeldata_left(done.channeldata, again)
    if purged is not None and purged.left:
        shown = "\n  ".join(one_line(f"{each.key} ({each.version_id}): {each.why}") for each in purged.left[:_SHOWN])
        more = f"\n  and {len(purged.left) - _SHOWN:,} more" if len(purged.left) > _SHOWN else ""
        return DeniedError(
            f"{count(len(purged.left), 'old version')} could not be deleted; all else is done:\n  {shown}{more}",
            remedy=f"run it again with a key that may delete them, or when their lock has ended: `{again} --versions`",
        )
    return None


def _channeldata_left(why: ChaninfraError, again: str) -> ChaninfraError:
    from chaninfra.channel.errors import DeniedError, SkippedError

    message = f"channeldata.json still tells of what was deleted; all else is done: {why.message}"
    by_hand = "delete it with the store's own tools"
    if isinstance(why, DeniedError):
        rights = "let maintainers write it (`pulumi up` does, where `index.channeldata` is set)"
        return DeniedError(message, where=why.where, remedy=f"{rights}, or {by_hand}; then run it again: `{again}`")
    first = f"{why.remedy}; or {by_hand}" if why.remedy else by_hand
    return SkippedError(message, where=why.where, remedy=f"{first}. Then run it again: `{again}`")


def _paths(planned: Plan) -> Sequence[str]:
    paths = [each.path for each in planned.packages]
    return paths if len(paths) <= _SHOWN else ["PACKAGE..."]
