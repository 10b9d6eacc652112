"""docs/follow.md says of each store what the table of the providers and `next-steps` say."""

from __future__ import annotations

import pytest

from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.templates import fill
from support.paths import ROOT

PAGE = (ROOT / "docs" / "follow.md").read_text("utf-8")
VALUES = {"target-id": "chaninfra", "port": "8765", "endpoint-url": "https://ceph.example.com", "region": "us-east-1"}


@pytest.mark.parametrize("name", [name for name, row in PROVIDERS.items() if row.events is not None])
def test_the_settings_of_a_server_are_on_the_page(name: str) -> None:
    events = PROVIDERS[name].events
    assert events is not None
    settings = [fill(line, VALUES) for line in events.settings if "=" in line or line.startswith("[")]
    assert "\n".join(settings) in PAGE
    assert events.target is None or f"target: {fill(events.target, VALUES)}" in PAGE
    assert events.every is None or f"--every {events.every}" in PAGE
