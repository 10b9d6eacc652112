"""Which of two summaries of a name is of the newer package file."""

from __future__ import annotations

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.summary import Summary


def replaces(new: Summary, old: Summary) -> bool:
    """Whether a summary stands for another one: it is of the same file, whose bytes may be others now, or of a newer
    one. Of files that are equally new a `.conda` does, as for conda-index, and then the name decides, so that all
    writers leave the same one.
    """
    if new.file == old.file or new.name != old.name:
        return True
    if new.timestamp != old.timestamp:
        return new.timestamp > old.timestamp
    if new.version != old.version:
        # Imported here: it imports rattler.
        from chaninfra.index.prune.packages import order_of

        ours, theirs = order_of(new.version), order_of(old.version)
        if ours is None or theirs is None:
            return theirs is None
        if ours != theirs:
            return bool(ours > theirs)
    return _last_rank(new) > _last_rank(old)


def _last_rank(summary: Summary) -> tuple[int, bool, str]:
    return summary.build_number, suffix_of(summary.file) == ".conda", summary.file
