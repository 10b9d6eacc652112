"""`chaninfra gc`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP
from chaninfra.cli.output import streams
from chaninfra.cli.output.scheduled import HELP as SCHEDULED_HELP
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaninfra.channel.errors import SkippedError
    from chaninfra.index.gc import Collected, Unknown

_STATE = "old state of the index"
_SHOWN = 5


def gc(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Delete and mark nothing; only print what would be deleted.")
    ] = False,
    scheduled: Annotated[str | None, typer.Option(metavar="TIME", help=SCHEDULED_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """Delete old states of the index and unreferenced files.

    \b
    Never deletes a package. It deletes:
      - old states of the index (`.chaninfra/history/`): it keeps all of the last day,
        then one an hour for a week, then one a day for `index.history-days` days
      - shards that neither the index nor a state that is kept nor a snapshot has
        referenced for a week: one run marks them, a run at least a week later
        deletes them, so run it regularly
      - attestations (`.sigs`) whose package is gone, and summaries (`summaries/`) of
        names that the index does not have, in the same way
      - repodata.json and repodata.json.zst, if `index.monolith` is `never`; of those
        that another tool wrote, only what the index has taken over
      - run_exports.json and run_exports.json.zst, if `index.run-exports` does not ask
        for them any more, and channeldata.json, if `index.channeldata` does not
      - current_repodata.json, repodata.json.bz2 and the like of an earlier indexer, if
        they are older than the last commit
      - uploads of packages that began more than a day ago and never ended
    If the index of a subdir, a state of it that is kept or its index in a snapshot
    cannot be read, its shards stay and the exit code is 3.

    \b
    Examples:
      chaninfra gc stack:prod --dry-run
      chaninfra gc s3://my-bucket/my-channel
    """
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output.progress import progress
    from chaninfra.cli.output.scheduled import mark, period
    from chaninfra.cli.output.stopped import gc_stopped
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.contents import known_subdirs
    from chaninfra.index.gc import collect

    remedies = remedies_for(channel, store)
    every = period(scheduled, without="--dry-run" if dry_run else None)
    given = [*(["--dry-run"] if dry_run else []), *(["--json"] if as_json else [])]
    given += ["--scheduled", scheduled] if scheduled else []
    with progress(dry_run=dry_run) as shown, interruptible(lambda: gc_stopped(shown, remedies, given), shown.stop):
        opened = open_channel(channel, store, "write")
        shown.stage("looking for subdirs")
        subdirs = known_subdirs(opened)
        shown.stage("looking for unfinished uploads")
        collected = collect(opened, subdirs, "check" if dry_run else "write", shown)
        shown.pause()
        if not collected.unknown:
            mark(opened, "gc", every)
    for note in collected.notes:
        streams.note(note)
    if as_json:
        garbage = [{"key": each.key, "why": each.why, "size": each.size} for each in collected.garbage]
        unknown = [{"subdir": each.subdir, "key": each.key, "of": each.of} for each in collected.unknown]
        streams.result_json({"dry-run": dry_run, "deleted": garbage, "waiting": collected.waiting, "unknown": unknown})
    else:
        streams.result(_text(collected, dry_run=dry_run))
    if collected.unknown:
        remedies = remedies_for(channel, store)
        raise _incomplete(
            collected.unknown,
            remedies.command("gc"),
            remedies.command("reindex"),
            remedies.command("snapshot rm", "NAME"),
        )


def _incomplete(unknown: Sequence[Unknown], gc: str, reindex: str, snapshot_rm: str) -> SkippedError:
    """The error that says which shards were not looked at, and why."""
    from chaninfra.channel.errors import SkippedError
    from chaninfra.channel.text import one_line

    what = {
        "state": "a state of the index that cannot be read",
        "index": "the index, which is missing or damaged",
        "snapshot": "a snapshot that cannot be read",
    }
    shown = [one_line(f"{each.key}: {what[each.of]}") for each in unknown[:_SHOWN]]
    if len(unknown) > _SHOWN:
        shown.append(f"and {len(unknown) - _SHOWN:,} more")
    subdirs = ", ".join(dict.fromkeys(each.subdir for each in unknown))
    lines = "\n  ".join(
        [
            f"no shards and attestations of {subdirs} were marked or deleted, since not all that are needed are known:",
            *shown,
        ]
    )
    kinds = {each.of for each in unknown}
    mended = [f"run `{reindex}`"] if "index" in kinds else []
    mended += (
        ["restore an older version of each state, or delete it with the store's own tools"] if "state" in kinds else []
    )
    mended += [f"remove each such snapshot (`{snapshot_rm}`), or restore it"] if "snapshot" in kinds else []
    return SkippedError(lines, remedy=f"{'; '.join(mended)}; then run `{gc}` again")


def _text(collected: Collected, *, dry_run: bool) -> str:
    from collections import Counter

    from chaninfra.channel.text import count, one_line
    from chaninfra.cli.output.reports import DRY_RUN

    # There can be thousands of old states.
    states = Counter(each.key.rpartition("/")[0] for each in collected.garbage if each.why == _STATE)
    lines = [one_line(f"{each.key}: {each.why}") for each in collected.garbage if each.why != _STATE]
    for folder, number in states.items():
        lines.append(one_line(f"{folder}/: {count(number, 'old state')} of the index"))
    lines.append(f"{count(len(collected.garbage), 'object')} {'would be deleted' if dry_run else 'deleted'}")
    if collected.waiting:
        marked = count(collected.waiting, "unreferenced shard")
        them = "it" if collected.waiting == 1 else "them"
        lines.append(
            f"{marked} would be marked, to be deleted by a run in a week"
            if dry_run
            else f"{marked} marked. Run gc again in a week to delete {them}."
        )
    return "\n".join([*lines, *([DRY_RUN] if dry_run else [])])
