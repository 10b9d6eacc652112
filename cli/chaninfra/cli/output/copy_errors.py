"""The errors with which a copy ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chaninfra.channel.errors import ChaninfraError, SkippedError, StoppedError, StorageError
from chaninfra.channel.text import count, one_line

if TYPE_CHECKING:
    from chaninfra.index.copy.copy import SoFar
    from chaninfra.index.copy.plan import Plan
    from chaninfra.index.copy.report import Copied
    from chaninfra.index.copy.selection import Selection

_SHOWN = 20
"""The text names so many packages that failed, and `--json` names all."""
_FEW = 5


def failure(copied: Copied | None, plan: Plan, selection: Selection) -> ChaninfraError | None:
    """One error for all that was asked for and is not in the target; None: there is nothing. `copied` None: nothing was
    tried yet.
    """
    why: dict[str, tuple[str, str | None]] = {each.package: (each.reason, each.remedy) for each in plan.left_out}
    # That some builds of a package cannot be installed is usual; that none of them can is not.
    for spec, text in selection.unmet.items():
        why[spec] = (f"cannot be installed: {text}", "leave it out, or copy it without `--with-dependencies`")
    for each in selection.lacking:
        why[each.path_in_channel] = (f"{each.lock} needs it: {each.why}", each.remedy)
    for failed in copied.failed if copied is not None else ():
        why[failed.package] = (failed.error.message, failed.error.remedy)
    if not why:
        return copied.stopped if copied is not None else None
    text = listed(f"{len(why):,} not copied:", [f"{path}: {text}" for path, (text, _) in why.items()])
    remedies = [*dict.fromkeys(remedy for _, remedy in why.values() if remedy)][:_FEW]
    stopped = copied.stopped if copied is not None else None
    errors = [each.error for each in copied.failed] if copied is not None else []
    if stopped is not None or any(isinstance(error, StorageError) for error in errors):
        again = "run the same command again: what is there is not copied again"
        remedies.append(f"then {again}" if remedies else again)
    remedy = "\n".join(remedies) or None
    if stopped is None:
        return SkippedError(text, remedy=remedy)
    return type(stopped)(f"{stopped.message}\nso the copy ended early; {text}", where=stopped.where, remedy=remedy)


def copy_stopped(so_far: SoFar, total: int | None, again: str) -> StoppedError:
    """Of a copy that was to bring `total` packages, None: that was not known yet; `again` is its command line."""
    if total is None:
        return StoppedError("stopped: nothing was changed", remedy=f"run it again: `{again}`")
    return StoppedError(
        f"stopped: {so_far.brought:,} of {count(total, 'package')} copied, and {so_far.indexed:,} of them in the index",
        remedy=f"to go on, run it again, what is there is not copied again: `{again}`",
    )


def listed(head: str, below: Sequence[str]) -> str:
    """A head and the lines below it, as many as a message has."""
    more = [f"and {len(below) - _SHOWN:,} more"] if len(below) > _SHOWN else []
    return "\n  ".join([head, *map(one_line, below[:_SHOWN]), *more])
