"""Our channels in a list that people keep."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.manifest.merge import channel_list
from support.cases.manifests import access
from support.cases.merging import CHANNEL_LISTS


@pytest.mark.parametrize(("listed", "expected"), CHANNEL_LISTS)
def test_the_channel_comes_before_public_ones_and_entries_in_order_stay(listed: list[Any], expected: list[Any]) -> None:
    channels = [access("minio")]
    merged = channel_list.merged(listed, channels)
    assert merged == expected
    assert channel_list.merged(merged, channels) == merged


def test_another_url_of_the_channel_is_replaced() -> None:
    entries = ["s3://x/y", {"channel": "s3://my-bucket/my-channel", "priority": 1}, "conda-forge"]
    merged = channel_list.merged(entries, [access("gcs", "gcs")])
    assert merged == ["s3://x/y", {"channel": "gcs://my-bucket/my-channel", "priority": 1}, "conda-forge"]
