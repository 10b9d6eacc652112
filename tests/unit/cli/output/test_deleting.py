"""What `delete` says: what is deleted, what was deleted before, and whose reason is kept."""

from __future__ import annotations

from typing import Any, cast

from chaninfra.cli.output.deleting import DeletionText, plan_json, question
from chaninfra.index.withdrawal.delete import Deleted
from chaninfra.index.withdrawal.document import Withdrawal, Withdrawn
from chaninfra.index.withdrawal.plan import Doomed, Part, Plan

PATH = "noarch/a-1-0.conda"
SHA = "1" * 64
WHEN = "2026-11-27T07:00:00Z"


def plan(*, there: bool) -> Plan:
    doomed = Doomed(
        path=PATH,
        listed="in the index" if there else "in no index",
        patched=False,
        objects=(f"c/{PATH}",) if there else (),
        sha256=(SHA,) if there else (),
    )
    part = Part(
        target=cast(Any, None),
        packages=(doomed,),
        names=frozenset({"a"}),
        shards=cast(Any, None),
        telling=int(there),
        snapshots=(),
    )
    return Plan(parts=(part,))


def withdrawn(stage: Any = None) -> Withdrawn:
    return Withdrawn(packages=[Withdrawal(path=PATH, sha256=[SHA], when=WHEN, reason="a leaked key", stage=stage)])


def test_old_versions_are_told_before_they_are_deleted() -> None:
    assert question(plan(there=True), versions=True).startswith("Delete 1 package and its old versions for good?")
    assert question(plan(there=True), versions=False).startswith("Delete 1 package for good?")
    with_them = DeletionText(plan(there=True), Withdrawn(), "why", versions=True)
    assert "to be deleted too: old versions of this package" in with_them.plan()
    assert "old versions" not in DeletionText(plan(there=True), Withdrawn(), "why", versions=False).plan()
    assert plan_json(plan(there=True), versions=True)["with-versions"] is True


def test_a_dry_run_says_that_it_was_one() -> None:
    text = DeletionText(plan(there=True), Withdrawn(), "why", versions=False)
    last = "Nothing was written: this is what a run without --dry-run does."
    assert text.dry_run() == f"{text.plan()}\n{last}"


def test_what_was_deleted_before_is_not_said_to_be_deleted_now() -> None:
    again = DeletionText(plan(there=False), withdrawn(), "another reason", versions=False)
    said = f"{PATH}: already deleted on {WHEN}; nothing is left of it"
    assert said in again.plan()
    assert said in again.done(Deleted(), None)
    assert [*again.kept_reasons()] == [f"{PATH}: withdrawn.json keeps the reason of {WHEN}: a leaked key"]
    assert [*DeletionText(plan(there=False), withdrawn(), "a leaked key", versions=False).kept_reasons()] == []


def test_what_is_there_again_or_is_being_deleted_is_deleted() -> None:
    for before, there in ((withdrawn(), True), (withdrawn("deleting"), False), (Withdrawn(), True)):
        text = DeletionText(plan(there=there), before, "a leaked key", versions=False)
        assert f"{PATH}: deleted" in text.done(Deleted(), None)
