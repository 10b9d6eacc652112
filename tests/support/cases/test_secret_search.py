"""The search for secrets finds them, so that what it does not find is not there."""

from __future__ import annotations

import base64
import secrets

import pytest

from support.cases.secret_search import found


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz", "{'a': '"])
@pytest.mark.parametrize("after", ["", "x", "xy", "'}"])
def test_a_secret_is_found_plain_and_in_base64(before: str, after: str) -> None:
    secret = secrets.token_hex(20)
    text = f"{before}{secret}{after}"
    encoded = base64.b64encode(text.encode()).decode()
    other = base64.b64encode(f"{before}{secrets.token_hex(20)}{after}".encode()).decode()
    texts = {"plain": text, "base64": f"… {encoded} …", "other": other}
    assert found([secret], texts) == ["plain", "base64"]
