"""The index engine in all schedules with up to four preemptions and a crash."""

from __future__ import annotations

import pytest

from support.index_model.copy_scenarios import COPIES
from support.index_model.mirroring import MIRRORS
from support.index_model.part_scenarios import PARTS
from support.index_model.rollback_scenarios import ROLLBACKS
from support.index_model.scenarios import SCENARIOS, four
from support.index_model.withdrawal_scenarios import WITHDRAWALS

pytestmark = pytest.mark.long

ALL = SCENARIOS | ROLLBACKS | WITHDRAWALS | COPIES | MIRRORS | PARTS

# Preemptions for these scenarios: their processes re-index, or there are three of them, so they have ten times as many
# states as the others. All of them together take some ten minutes of CPU.
FEWER = {
    **dict.fromkeys(PARTS, 2),
    **dict.fromkeys(MIRRORS, 2),
    "two parts and publish": 1,
    "two force": 2,
    "two yank": 2,
    "two yank of one name": 2,
    "unyank and force": 2,
    "yank and unyank of one package": 2,
    "yank, unyank and publish of one name": 1,
    "publish and gc": 2,
    "publish and two gc": 3,
    "never: publish and two gc": 3,
    "seldom: publish and reindex": 3,
    "yank and reindex": 3,
    "yank and unyank": 3,
    "other tool and publish": 2,
    "other tool and yank": 2,
    "other tool, yank and publish": 1,
    "other tool, yank and reindex": 1,
    "other tool, unyank and publish": 1,
    "other tool that keeps keys and publish": 2,
    "other tool without shards and publish": 2,
    "seldom: other tool and publish": 2,
    "no authoritative index": 2,
    "damaged authoritative index": 2,
    "restored authoritative index": 1,
    "index of another tool": 1,
    "no index": 2,
    "follow an upload, a deletion and publish": 1,
    "two snapshot and publish": 2,
    "snapshot and reindex": 3,
    "snapshot, publish and gc of shards that were marked": 2,
    "snapshot that was begun and two gc": 2,
    "snapshot, publish and two gc": 1,
    "patch and force": 3,
    "patch and yank": 2,
    "patch and unyank": 2,
    "patch and reindex": 2,
    "patch and snapshot": 2,
    "two patch of one package": 2,
    "patch and unpatch": 3,
    "unpatch and publish of one name": 3,
    "unpatch and force": 2,
    "unpatch and yank": 2,
    "unpatch and unyank": 2,
    "unpatch and reindex": 2,
    "follow an upload of what is patched": 1,
    "other tool and patch": 1,
    "other tool and unpatch": 1,
    "delete and publish of one name": 1,
    "never: delete and publish of one name": 2,
    "never: delete and publish of the only package of its name": 2,
    "never: delete of what a snapshot has, and publish": 1,
    "delete of what a snapshot has": 1,
    "never: delete and snapshot": 2,
    "delete and snapshot": 1,
    "never: two delete of one name": 1,
    "never: delete and reindex": 1,
    "never: delete and gc": 1,
    "never: delete and yank of one package": 1,
    **dict.fromkeys(ROLLBACKS, 2),
    "rollback, removal of the snapshot and gc": 1,
    "rollback and delete of what it brings back": 1,
    "rollback of a patch and delete": 1,
    "unpatch and delete": 1,
    "by the clock, publish and gc": 1,
    "prune that yanks and publish": 2,
    "prune that yanks and yank": 1,
    "never: prune that deletes and publish": 2,
    "never: prune that deletes and publish of the same": 2,
    "never: prune that deletes and unyank": 1,
    "prune that deletes and reindex": 1,
    "two prune": 2,
    "prune of what a snapshot has": 2,
    "prune of what a snapshot will have": 2,
    "never: prune and snapshot": 2,
    "prune of what people have yanked": 2,
    "copy and delete": 2,
}


# The longest searches begin first.
def test_every_schedule_of_four_with_one_preemption() -> None:
    # Without a crash: with one it takes eight times as long, and the others have one.
    search = four().search(preemptions=1, crashes=0)
    search.all()
    assert search.states > 100_000


@pytest.mark.parametrize("name", sorted(ALL, key=lambda name: name not in FEWER))
def test_every_schedule(name: str) -> None:
    search = ALL[name]().search(preemptions=FEWER.get(name, 4), crashes=1)
    search.all()
    assert search.states > 100
