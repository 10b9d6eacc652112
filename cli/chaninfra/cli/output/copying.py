"""What a copy is going to do, and has done, as text."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.text import count, few, one_line
from chaninfra.cli.output import streams
from chaninfra.cli.output.copy_errors import listed
from chaninfra.cli.output.progress import bytes_text
from chaninfra.cli.output.reports import DRY_RUN, report_text
from chaninfra.index.copy.rights import role_needed
from chaninfra.index.place import how_to_declare

if TYPE_CHECKING:
    from chaninfra.index.channel import Channel
    from chaninfra.index.copy.mirrors.run import PlannedRun, Ran
    from chaninfra.index.copy.plan import Plan, Task
    from chaninfra.index.copy.report import Copied, CopiedPackage
    from chaninfra.index.copy.selection import Selection

_SHOWN = 20
_FEW = 5
_HEAD = ("PACKAGE", "SIZE", "WHAT")
_WHAT = {
    "new": "new",
    "record": "another record",
    "yank": "becomes yanked",
    "attestations": "more attestations",
}


def plan_text(plan: Plan, pruning: PlannedRun | None = None) -> str:
    """A table of what would be done, and the sums."""
    rows = [
        (task.package.path_in_channel, bytes_text(task.package.facts.size or 0), _what(task)) for task in plan.tasks
    ]
    gone = pruning.prune if pruning is not None else None
    if gone is not None:
        rows += [(path, "", f"becomes yanked: {why}") for path, why in sorted(gone.yank.items())]
        rows += [(path, "", "comes back") for path in gone.back]
    lines = [streams.table([_HEAD, *rows])] if rows else []
    doing = Counter(task.doing for task in plan.tasks)
    new = f"{count(doing['new'], 'package')} ({bytes_text(plan.size)}) would be copied"
    lines.append(f"{new if plan.tasks else 'nothing to copy'}{_more(doing, plan.already, 'would be ')}")
    return "\n".join([*lines, DRY_RUN, *_unknown(plan, prunes=gone is not None)])


def _unknown(plan: Plan, *, prunes: bool) -> list[str]:
    """What a dry run has not looked at: rights, and the packages themselves."""
    if not (plan.tasks or prunes):
        return []
    who, why = ("a maintainer", ", since the mirror prunes") if prunes else role_needed(plan)
    return [
        "Only a real run finds out whether the source still has the files, and whether you may write: this takes the "
        f"key or role of {who}{why}."
    ]


def _what(task: Task) -> str:
    """What would be done with a package."""
    yanked = ", yanked" if task.doing == "new" and task.package.yank is not None else ""
    patched = ", patched" if task.patch is not None else ""
    own = ", under the channel's own patch" if task.own else ""
    return f"{_WHAT[task.doing]}{yanked}{patched}{own}"


def _more(doing: Counter[Any], already: Sequence[str], would: str = "") -> str:
    """The sums beside that of what is new. `would`: goes before what is done."""
    parts = [
        *([f"{count(doing['record'], 'record')} {would}changed"] if doing["record"] else []),
        *([f"{doing['yank']:,} {would}yanked"] if doing["yank"] else []),
        *([f"attestations of {doing['attestations']:,} {would}added"] if doing["attestations"] else []),
        *([f"{len(already):,} {'is' if len(already) == 1 else 'are'} there already"] if already else []),
    ]
    return "".join(f"; {part}" for part in parts)


def done_text(copied: Copied, ran: Ran | None = None, planned: PlannedRun | None = None) -> str:
    """The sums, what differs from a plain copy, and the report of the index."""
    packages = copied.packages
    doing = Counter(each.doing for each in packages)
    new = [each for each in packages if each.doing == "new"]
    size = copied.size
    ways = Counter(each.way for each in new)
    how = [
        *([f"{ways['copied']:,} by the store itself"] if ways["copied"] else []),
        *([f"{ways['streamed']:,} through this machine"] if ways["streamed"] else []),
        *([f"{ways['present']:,} lay there"] if ways["present"] else []),
    ]
    by = f": {', '.join(how)}" if how else ""
    sum_ = f"{count(len(new), 'package')} ({bytes_text(size)}) copied{by}"
    tried = packages or copied.failed or copied.left_out
    lines = [f"{sum_ if tried else 'nothing to copy'}{_more(doing, copied.already)}"]
    pruned = ran.pruned if ran is not None else None
    if pruned is not None:
        why = planned.prune.yank if planned is not None and planned.prune is not None else {}
        if pruned.yanked:
            # A commit that was made again may find more than was planned.
            reasons = {path: why.get(path, "it has left the source") for path in pruned.yanked}
            lines.append(f"yanked: {_with_reasons(reasons)}")
        lines += _named("back, since the source has it again", pruned.back)
    lines += _named("yanked, as in the source", _paths(each for each in packages if each.yanked))
    lines += _named("patched, as in the source", _paths(each for each in packages if each.patch == "source"))
    lines += _named(
        "under a patch of this channel, which stays (what the source patches is in no patch here: `reindex --force` "
        "drops it until the next copy)",
        _paths(each for each in packages if each.patch == "own"),
    )
    reports = [copied.report, *([pruned.report] if pruned is not None else [])]
    return "\n".join([*lines, *(text for report in reports if (text := report_text(report)))])


def _paths(packages: Iterable[CopiedPackage]) -> list[str]:
    return [each.package.path_in_channel for each in packages]


def _named(what: str, paths: Sequence[str]) -> list[str]:
    if not paths:
        return []
    return [f"{what}: {few(paths, _FEW)}"]


def tell_selection(selection: Selection, refused: Sequence[str], channel: Channel) -> None:
    """Print what was asked for, or is in the source, and is not copied to the channel."""
    if selection.not_here:
        lacking = ", ".join(f"{subdir} ({count(number, 'name')})" for subdir, number in selection.not_here.items())
        streams.note(
            f"not copied, since the channel does not have the subdir of these packages: {lacking}\n"
            f"{how_to_declare(channel, selection.not_here)}"
        )
    if selection.too_young:
        streams.note(
            f"{count(selection.too_young, 'package')} left out: not public for long enough, or since when is not known"
        )
    if some := selection.not_installable:
        it = "it" if len(some) == 1 else "they"
        streams.note(f"left out, since {it} cannot be installed: {_with_reasons(some)}")
    for word in selection.excludes_nothing:
        streams.note(f"--exclude names no package that would be copied: {one_line(word)}")
    for spec in selection.unnamed:
        streams.note(f"names no package now: {one_line(spec)}")
    for other in selection.elsewhere:
        packages = count(other.there + len(other.missing), "package")
        streams.note(
            f"{other.lock} has {packages} of another channel, {one_line(other.channel)}: the source has "
            f"{f'{other.there:,}' if other.there else 'none'} of them, and lacks {few(other.missing, _FEW)}"
        )
    if refused:
        text = listed(f"{count(len(refused), 'record')} of the source passed over:", refused)
        streams.warning(ChaninfraError(text, remedy="no channel can have them; tell those who keep the source"))


def tell_yanked_here(plan: Plan, unyank: str) -> None:
    """Print what is not copied since it is yanked in the target; `unyank`: the command, without packages."""
    if plan.yanked_here:
        one = len(plan.yanked_here) == 1
        streams.note(
            f"{'stays' if one else 'stay'} yanked here, and {'is' if one else 'are'} not yanked in the source: "
            f"{few(plan.yanked_here, _FEW)}\nto bring {'it' if one else 'them'} back: {unyank} "
            f"{shlex.join(plan.yanked_here[:_SHOWN])}"
        )


def tell_deleted_here(plan: Plan) -> None:
    """Print what is not copied since it was deleted in the target for good."""
    if plan.deleted_here:
        it = "it" if len(plan.deleted_here) == 1 else "they"
        streams.note(
            f"not copied again, since {it} {'was' if it == 'it' else 'were'} deleted here for good (withdrawn.json): "
            f"{few(plan.deleted_here, _FEW)}\nif {it} {'is' if it == 'it' else 'are'} to be there again, name "
            f"{'its file' if it == 'it' else 'the files'} as SPEC: {shlex.join(plan.deleted_here[:_SHOWN])}"
        )


def _with_reasons(why: Mapping[str, str]) -> str:
    """`a, b (why); c (why)`."""
    names: dict[str, list[str]] = {}
    for name, reason in why.items():
        names.setdefault(reason, []).append(name)
    more = [f"and {len(names) - _FEW:,} more reasons"] if len(names) > _FEW else []
    first = [f"{few(each, _FEW)} ({one_line(reason)})" for reason, each in [*names.items()][:_FEW]]
    return "; ".join([*first, *more])


def tell_mirror(planned: PlannedRun) -> None:
    """Print what a mirror neither copies nor yanks, and why."""
    if planned.withdrawn:
        some = few(planned.withdrawn, _FEW)
        streams.note(f"not copied again, since withdrawn.json says that it was deleted here for good: {some}")
    if planned.retired:
        some = few([f"{path} ({rule})" for path, rule in sorted(planned.retired.items())], _FEW)
        streams.note(f"not copied, since a retention rule of the channel would take it at once: {some}")
    if planned.prune is not None and planned.prune.kept:
        kept = [f"{path} ({lock})" for path, lock in sorted(planned.prune.kept.items())]
        streams.note(f"has left the source, and stays, since a lock file needs it: {few(kept, _FEW)}")
