"""Clients of web servers on this machine, for unit tests, and stand-ins for what is elsewhere."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

import pytest

from chaninfra.index.copy.sources import web_client, web_connection
from chaninfra.index.copy.sources.web_client import WebClient
from chaninfra.index.copy.sources.web_login import Login
from chaninfra.index.copy.sources.web_origin import Kind, Reach, origin_of
from support.servers.web_server import WebServer

MOST = 64 << 20


def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that no server asks for are short, and no proxy is used."""
    monkeypatch.setattr(web_client.random, "uniform", lambda *_: 0.01)
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def client(server: WebServer | str, *allowed: str, login: Login | None = None, **options: Any) -> WebClient:
    source = origin_of(server if isinstance(server, str) else server.url)
    reach = Reach(source=source, allowed=frozenset(map(origin_of, allowed)))
    return WebClient(reach, {source: login} if login else {}, **options)


def read(client: WebClient, url: str, most: int = MOST) -> bytes | None:
    found = client.body(url, most)
    return None if found is None else b"".join(found)


def names(monkeypatch: pytest.MonkeyPatch, **hosts: list[str]) -> None:
    """A stand-in for DNS: the hosts (`_` for a dot) have the first of their addresses, and later the next ones."""
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *args: Any, **options: Any) -> Any:
        addresses = hosts.get(host.replace(".", "_"))
        if addresses is not None:
            host = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        return real(host, *args, **options)

    monkeypatch.setattr(web_connection.socket, "getaddrinfo", getaddrinfo)


def kinds(monkeypatch: pytest.MonkeyPatch, table: Mapping[str, Kind]) -> None:
    """Addresses of this machine that pass for others."""
    real = web_connection.kind_of
    monkeypatch.setattr(web_connection, "kind_of", lambda address: table.get(address) or real(address))
