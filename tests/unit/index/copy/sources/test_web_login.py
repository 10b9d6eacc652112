"""Who logs in to a channel by https."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError, CredentialsError
from chaninfra.index.copy.sources.web_login import Login, of_pixi, split_user
from chaninfra.index.copy.sources.web_origin import Origin

ORIGIN = Origin("https", "repo.prefix.dev", 443)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of RATTLER_AUTH_FILE, which is the only store of this machine."""
    for name in ("PIXI_HOME", "RATTLER_HOME", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RATTLER_AUTH_FILE", str(tmp_path / "auth.json"))
    return tmp_path / "auth.json"


def of(store: Path, entry: Any, name: str = "*.prefix.dev") -> Login | None:
    store.write_text(json.dumps({name: entry, "other.dev": {"BearerToken": "another"}}))
    return of_pixi(ORIGIN)


@pytest.mark.parametrize(
    ("entry", "header"),
    [
        ({"BearerToken": "pfx_a"}, "Bearer pfx_a"),
        ({"BasicHTTP": {"username": "jo", "password": "a secret"}}, "Basic am86YSBzZWNyZXQ="),
        ({"OAuth": {"access_token": "tok", "expires_at": None, "client_id": "x"}}, "Bearer tok"),
        ({"OAuth": {"access_token": "tok", "expires_at": time.time() + 1000}}, "Bearer tok"),
    ],
)
def test_a_header_of_an_entry(store: Path, entry: Any, header: str) -> None:
    login = of(store, entry)
    assert login is not None
    assert login.authorization == header
    assert login.url("https://repo.prefix.dev/c/x") == "https://repo.prefix.dev/c/x"
    assert header.split()[1] not in repr(login)


def test_a_token_of_conda_goes_before_the_path(store: Path) -> None:
    login = of(store, {"CondaToken": "a-token"}, "repo.prefix.dev")
    assert login is not None
    assert login.authorization is None
    assert login.url("https://repo.prefix.dev/c/x?y") == "https://repo.prefix.dev/t/a-token/c/x?y"
    assert login.url("https://repo.prefix.dev/t/other/c/x") == "https://repo.prefix.dev/t/other/c/x"
    assert "a-token" not in repr(login)


def test_no_entry_and_a_key_of_s3_are_no_login(store: Path) -> None:
    assert of_pixi(ORIGIN) is None
    assert of(store, {"S3Credentials": {"access_key_id": "A", "secret_access_key": "B"}}) is None
    assert of(store, {"BearerToken": "x"}, "prefix.dev") is None


@pytest.mark.parametrize(
    "entry",
    [
        {},
        [],
        "a-secret",
        {"BearerToken": 1},
        {"BearerToken": "a-secret\r\nX-Other: 1"},
        {"BearerToken": ""},
        {"BearerToken": "a-secret", "CondaToken": "b"},
        {"CondaToken": "a-secret/../x"},
        {"CondaToken": "a-secret?x"},
        {"BasicHTTP": {"username": "a-secret"}},
        {"OAuth": {"access_token": None}},
        {"Kerberos": "a-secret"},
    ],
)
def test_an_entry_that_cannot_be_used_is_named_and_not_shown(store: Path, entry: Any) -> None:
    with pytest.raises(CredentialsError, match=r"'\*\.prefix\.dev' of ") as error:
        of(store, entry)
    assert "pixi auth login repo.prefix.dev" in str(error.value)
    assert "a-secret" not in str(error.value)


def test_an_expired_token_and_a_broken_store(store: Path) -> None:
    with pytest.raises(CredentialsError, match="expired"):
        of(store, {"OAuth": {"access_token": "tok", "expires_at": 1000}})
    store.write_text("{")
    with pytest.raises(ConfigurationError, match="it is not a JSON object"):
        of_pixi(ORIGIN)


def test_the_user_of_a_url() -> None:
    url, login = split_user("https://jo:a%20secret@conda.example:8443/main")
    assert url == "https://conda.example:8443/main"
    assert login is not None
    assert login.authorization == "Basic am86YSBzZWNyZXQ="
    assert login.source == "the login in the URL"
    assert split_user("https://conda.example/main") == ("https://conda.example/main", None)
    assert split_user("https://@conda.example/main") == ("https://conda.example/main", None)
