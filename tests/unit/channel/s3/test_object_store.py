"""What threads that share a store see while it is opened again."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.location import Location
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import _WITH_CHECKSUMS, S3Store


def test_a_thread_that_sees_checksums_in_the_settings_has_a_store_that_sends_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    location = Location(bucket="b-b", endpoint_url="http://127.0.0.1:9", region="us-east-1", force_path_style=True)
    store = S3Store(location, Credentials(access_key_id="key", secret_access_key="secret"))
    before, opened = store._store, store._open
    seen: list[bool] = []

    def opening(**given: Any) -> Any:
        # Another thread looks now: its store is the old one.
        seen.append(store._store is before and not store._config.items() >= _WITH_CHECKSUMS.items())
        return opened(**given)

    monkeypatch.setattr(store, "_open", opening)
    store._reopen(_WITH_CHECKSUMS)
    assert seen == [True]
    assert store._store is not before
    assert store._config.items() >= _WITH_CHECKSUMS.items()
