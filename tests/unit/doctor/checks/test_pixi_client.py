"""What the check with pixi's client prints and changes; its queries are tested against servers."""

from __future__ import annotations

import os

import pytest

from chaninfra.doctor.checks.pixi_client import _environment, without_queries


def test_signatures_are_removed_from_the_clients_messages() -> None:
    message = "403 Forbidden for url (https://a.b/c/d.zst?X-Amz-Security-Token=abc%2F&X-Amz-Signature=0f), and more"
    assert without_queries(message) == "403 Forbidden for url (https://a.b/c/d.zst), and more"


def test_the_environment_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.delenv("RATTLER_AUTH_FILE", raising=False)
    before = dict(os.environ)
    with _environment({"AWS_PROFILE": None, "RATTLER_AUTH_FILE": "a"}):
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["RATTLER_AUTH_FILE"] == "a"
    assert dict(os.environ) == before
