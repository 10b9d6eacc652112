"""A mirror of a channel with retention rules: what `prune` has deleted does not come back for ever."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.conda.mirrors import Mirror
from chaninfra.index.copy.mirrors.run import PlannedRun, plan_run
from support.copies.memory_source import URL, MemorySource, sha256_of
from support.index_model.pruned_channel import START, PrunedChannel, rules

DAY_MS = 86_400_000
A, A2, B = "a-1-0.conda", "a-2-0.conda", "b-1-0.conda"


def ms(day: float) -> int:
    """The time of a day of the channel's clock."""
    return int(START.timestamp() * 1000 + day * DAY_MS)


class Retiring(PrunedChannel):
    """A channel with a rule, and a mirror."""

    def __init__(self, **rule: Any) -> None:
        super().__init__(rules(old=rule) if rule else {})
        self.mirrors = {"m": Mirror(source=URL)}
        self.source = MemorySource(URL)

    def run_at(self, day: float) -> PlannedRun:
        """What the mirror would do; it is copied."""
        planned = plan_run(self.at(day).channel(), self.source, "m")
        for task in planned.plan.tasks:
            self.add(task.package.file)
        return planned


def new(planned: PlannedRun) -> list[str]:
    return [task.package.file for task in planned.plan.tasks]


@pytest.mark.parametrize("field", ["indexed_timestamp", "timestamp", None])
def test_what_was_pruned_by_its_age_is_not_copied_again(field: str | None) -> None:
    channel = Retiring(**{"older-than": "30d", "grace": "7d"})
    channel.add(A, B)
    channel.source.add(A, **({field: ms(0)} if field else {}))
    for day in (40, 50):
        channel.at(day).prune(everything=True)
    assert channel.files() == set()
    planned = channel.run_at(60)
    assert (new(planned), planned.retired) == ([], {f"noarch/{A}": "old"})


def test_what_is_younger_is_copied_and_a_channel_without_rules_copies_all() -> None:
    for channel in (Retiring(**{"older-than": "30d"}), Retiring()):
        channel.source.add(A, indexed_timestamp=ms(59))
        planned = channel.run_at(60)
        assert (new(planned), planned.retired) == ([A], {})
    channel = Retiring()
    channel.source.add(A, indexed_timestamp=ms(0))
    assert new(channel.run_at(60)) == [A]


def test_what_is_not_among_the_newest_of_the_rule_is_not_copied() -> None:
    channel = Retiring(**{"keep-newest": 1, "grace": "7d"})
    channel.source.add(A, A2, B, indexed_timestamp=ms(0))
    planned = channel.run_at(1)
    assert (new(planned), planned.retired) == ([A2, B], {f"noarch/{A}": "old"})
    # What is here already counts too.
    channel = Retiring(**{"keep-newest": 1, "grace": "7d"})
    channel.add(A2)
    channel.source.add(A, indexed_timestamp=ms(0))
    assert new(channel.run_at(1)) == []


def test_what_a_lock_file_of_the_mirror_needs_is_copied(tmp_path: Any) -> None:
    channel = Retiring(**{"older-than": "30d"})
    channel.source.add(A, indexed_timestamp=ms(0))
    lock = tmp_path / "explicit.txt"
    lock.write_text(f"@EXPLICIT\n{URL}/noarch/{A}#sha256:{sha256_of(f'noarch/{A}')}\n")
    channel.mirrors = {"m": Mirror(source=URL, locks=(str(lock),))}
    assert new(channel.run_at(60)) == [A]
