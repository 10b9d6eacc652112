"""The checks: one function each, in one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chaninfra.channel.result import Result
from chaninfra.channel.writing import SINGLE, honoured, way_to_write
from chaninfra.doctor.probe import probe
from chaninfra.index.channel import Channel

Check = Callable[[Channel], Iterable[Result]]


def writing(channel: Channel) -> Iterable[Result]:
    """Whether writers see each other's writes, as far as the descriptor knows."""
    index = channel.descriptor.index
    way = way_to_write(index.writers, honoured(channel.descriptor))
    known = "as a probe found" if index.conditional_writes else "as the provider's row says; nothing was probed"
    found = {
        "conditional": f"writers see each other's writes, {known}",
        "plain": f"the store has no conditional writes, {known}; one writer at a time, as declared",
        "refused": f"the store has no conditional writes, {known}; publish and reindex refuse",
    }
    yield Result(
        name="writing",
        state="failed" if way == "refused" else "ok",
        found=found[way],
        remedy=SINGLE if way == "refused" else None if index.conditional_writes else "chaninfra doctor --probe",
    )


CHECKS: dict[str, Check] = {"writing": writing}
"""Those that only look."""

PROBES: dict[str, Check] = {"probe": probe}
"""Those that write scratch objects, and run when they are asked for."""
