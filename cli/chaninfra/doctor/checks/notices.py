"""The notices of the channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import count
from chaninfra.index.notices import expired, list_notices

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination


def notices(exam: Examination) -> Iterator[Finding]:
    """notices.json is what clients can read, and holds no notice whose time is over, which conda shows all the same."""
    found = list_notices(exam.channel)
    over = expired(found, exam.channel.runtime.now_ms())
    if over:
        what = f"{count(len(over), 'notice')} {'has' if len(over) == 1 else 'have'} expired, and conda shows them still"
        yield Finding(state="warning", found=what, remedy=exam.remedies.command("notice rm", *over))
    else:
        yield Finding(state="ok", found=count(len(found), "notice") if found else "no notices")
