"""What to type about a snapshot."""

from __future__ import annotations

from chaninfra.channel.conda.snapshot_schedule import begin_of


def making(name: str) -> tuple[str, str]:
    """The command, without `chaninfra`, and its argument that make the snapshot of this name, or finish it.

    Nobody may give the name of an automatic one: the schedule makes what is due, and finishes what was begun.
    """
    return "snapshot create", name if begin_of(name) is None else "--scheduled"
