"""Conditional writes: whether writers notice each other's writes, as declared and as the store does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.probe.write_mode import honoured, write_mode

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination


def writing(exam: Examination) -> Iterator[Finding]:
    """Writers cannot overwrite each other's writes, or only one writer is declared."""
    index, remedies, stored = exam.descriptor.index, exam.remedies, exam.stored_descriptor
    mode = write_mode(index.writers, honoured(exam.descriptor))
    source = "as a probe found" if index.conditional_writes else "according to the provider's table; not probed"
    if mode == "refused":
        yield Finding(
            state="failed",
            found=f"the store has no conditional writes ({source}), so publish and reindex refuse to write",
            remedy=remedies.single_writer(stored if isinstance(stored, Descriptor) else exam.descriptor),
        )
    elif mode == "plain":
        found = f"the store has no conditional writes ({source}); one writer at a time, as declared"
        yield Finding(state="ok", found=found)
    elif exam.dry_writes is not None and (
        wrong := {exam.dry_writes.create, exam.dry_writes.replace} & {"ignored", "unsupported"}
    ):
        does = "writes although the condition fails" if "ignored" in wrong else "rejects such writes"
        yield Finding(
            state="failed",
            found=f"writers rely on conditional writes ({source}), but the store {does}",
            remedy=remedies.command("doctor", "--probe"),
        )
    else:
        verified = exam.dry_writes is not None and exam.dry_writes.honoured
        yield Finding(
            state="ok",
            found=f"the store has conditional writes ({'just verified' if verified else source})",
            remedy=None if index.conditional_writes else remedies.command("doctor", "--probe"),
        )
