"""The remedies of commands repeat CHANNEL and the store options."""

from __future__ import annotations

import pytest

from chaninfra.cli.remedies import remedies_for
from chaninfra.cli.store_flags import StoreFlags
from chaninfra.doctor.remedies import Remedies

FLAGS = StoreFlags(endpoint_url="http://h", addressing_style="path", access_key_id="me", secret_access_key="my-secret")


@pytest.mark.parametrize(
    ("channel", "source", "stack"),
    [
        ("s3://my-bucket/c", "s3", None),
        ("stack:prod", "stack", "prod"),
        ("c/channel.json", "descriptor", None),
        ("https://example.com/channel.json", "descriptor", None),
    ],
)
def test_the_channel_and_the_flags_are_repeated_without_the_access_key(
    channel: str, source: str, stack: str | None
) -> None:
    found = remedies_for(channel, FLAGS)
    assert (found.source, found.stack) == (source, stack)
    assert found.command("reindex") == f"chaninfra reindex {channel} --endpoint-url http://h --force-path-style=true"


def test_without_channel_it_is_the_variable_or_the_selected_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHANINFRA_CHANNEL", raising=False)
    assert remedies_for(None, StoreFlags()) == Remedies(source="stack")
    monkeypatch.setenv("CHANINFRA_CHANNEL", "s3://my-bucket/c")
    assert remedies_for(None, StoreFlags()) == Remedies(source="s3")
