"""The login that is sent is the one that rattler's client sends, whatever is stored."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chaninfra.index.copy.sources.flags import FromFlags
from chaninfra.index.copy.sources.web import web_source
from support.copies.web_clients import impatient
from support.servers.web_server import web_server

BEARER, BASIC = {"BearerToken": "one"}, {"BasicHTTP": {"username": "jo", "password": "two"}}
CONDA, OTHER = {"CondaToken": "three"}, {"BearerToken": "four"}
KEYS = {"S3Credentials": {"access_key_id": "A", "secret_access_key": "B", "session_token": None}}


NETRC = {"netrc": "machine localhost login jo password five\ndefault login x password y\n"}


@pytest.mark.parametrize(
    "entries",
    [
        {},
        NETRC,
        {"localhost": BEARER} | NETRC,
        {"*.localhost": BEARER} | NETRC,
        {"netrc": "default login x password y\n"},
        {"localhost": BEARER, "*.localhost": OTHER},
        {"*.localhost": BASIC},
        {"localhost": CONDA},
        {"*.localhost": CONDA, "127.0.0.1": OTHER},
        {"https://localhost": BEARER, "http://localhost": BEARER, "*.local": OTHER, "*": OTHER},
        {"localhost": KEYS, "*.localhost": BEARER},
    ],
)
def test_the_login_is_that_of_rattler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entries: Mapping[str, Any]
) -> None:
    from rattler import Client, Gateway
    from rattler.networking import AuthenticationMiddleware

    impatient(monkeypatch)
    for name in ("PIXI_HOME", "RATTLER_HOME", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RATTLER_AUTH_FILE", str(tmp_path / "auth.json"))
    (tmp_path / ".netrc").write_text(entries.get("netrc", ""))
    (tmp_path / "auth.json").write_text(json.dumps({name: entries[name] for name in entries if name != "netrc"}))
    with web_server(host="localhost") as server:
        prefix = "/t/three" if "three" in str(entries) else ""
        server.files[f"{prefix}/c/noarch/repodata.json"] = b'{"info":{"subdir":"noarch"},"packages":{}}'
        gateway = Gateway(cache_dir=tmp_path / "cache", client=Client([AuthenticationMiddleware()]))
        asyncio.run(gateway.query([f"{server.url}/c"], ["noarch"], ["x"]))
        theirs = {(each.path.rpartition("/")[0], each.headers.get("authorization")) for each in server.requests}
        server.requests.clear()
        assert web_source(f"{server.url}/c", FromFlags()).subdirs() == ("noarch",)
        ours = {(each.path.rpartition("/")[0], each.headers.get("authorization")) for each in server.requests}
    of_noarch = {each for each in ours if each[0].endswith("/noarch")}
    assert theirs == of_noarch
    assert theirs
