"""A store that checks a condition and only then writes is found out each time, by init and by a stack."""

from __future__ import annotations

from support.stores.table import STORES

NOT_ATOMIC = [
    name for name, store in STORES.items() if store.as_found.get("conditional-create") and not store.conditional
]
ATTEMPTS = 20
PREFIX = "team/main"


def test_there_is_such_a_store() -> None:
    assert "s3s-fs" in NOT_ATOMIC
