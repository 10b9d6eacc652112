"""The patches of the channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import one_line
from chaninfra.index.patches.document import read_patches

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_SHOWN = 5


def patches(exam: Examination) -> Iterator[Finding]:
    """The documents with the patches are valid, and none is half removed. `packages` checks that the index has them."""
    number, removing = 0, []
    for subdir in exam.subdirs:
        found = read_patches(exam.subdir_index(subdir))[0]
        number += len(found)
        removing += [f"{subdir}/{file}" for file, patch in found.items() if patch.removing]
    if removing:
        yield Finding(
            state="warning",
            found=f"the removal of these patches was stopped, or is under way: {_some(removing)}",
            remedy=exam.remedies.command("patch rm", *removing[:_SHOWN]),
        )
    else:
        known = f"{number:,} packages are patched" if number != 1 else "1 package is patched"
        yield Finding(state="ok", found=f"{known}, as `patch ls` lists them" if number else "no package is patched")


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return one_line(", ".join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else ""))
