"""Conditional writes: whether writers see each other's writes, as is declared and as the store does."""

from __future__ import annotations

from collections.abc import Iterator

from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.probe.write_mode import honoured, write_mode
from chaninfra.doctor.examination import Case


def writing(case: Case) -> Iterator[Finding]:
    """Writers see each other's writes; or there is one of them, as declared."""
    index, remedies, stored = case.descriptor.index, case.remedies, case.stored
    way = write_mode(index.writers, honoured(case.descriptor))
    known = "as a probe found" if index.conditional_writes else "as the provider's row says; nothing was probed"
    if way == "refused":
        yield Finding(
            name="writing",
            state="failed",
            found=f"the store has no conditional writes, {known}; publish and reindex refuse",
            remedy=remedies.single(stored if isinstance(stored, Descriptor) else case.descriptor),
        )
    elif way == "plain":
        found = f"the store has no conditional writes, {known}; one writer at a time, as declared"
        yield Finding(name="writing", state="ok", found=found)
    elif case.trial is not None and (wrong := {case.trial.create, case.trial.replace} & {"ignored", "unsupported"}):
        does = "writes though the condition does not hold" if "ignored" in wrong else "refuses every such write"
        yield Finding(
            name="writing",
            state="failed",
            found=f"writers count on conditional writes, {known}; and the store {does}",
            remedy=remedies.run("doctor", "--probe"),
        )
    else:
        seen = case.trial is not None and case.trial.honoured
        yield Finding(
            name="writing",
            state="ok",
            found=f"writers see each other's writes, {'as was just seen' if seen else known}",
            remedy=None if index.conditional_writes else remedies.run("doctor", "--probe"),
        )
