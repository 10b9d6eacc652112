"""A channel by https as a source, from servers that behave like those of conda-forge."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rattler_build import ArchiveType

from chaninfra.channel.errors import (
    ConfigurationError,
    CredentialsError,
    DeniedError,
    SkippedError,
)
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.copy.sources.flags import FromFlags
from chaninfra.index.copy.sources.indexed import IndexedSource
from chaninfra.index.copy.sources.web import web_source
from support.channels.packages import make_package
from support.copies.web_clients import impatient
from support.servers.cdn_channel import CdnChannel, cdn_channel
from support.servers.web_server import Answer, Request, WebServer, web_server


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without logins."""
    impatient(monkeypatch)
    for name in ("RATTLER_AUTH_FILE", "PIXI_HOME", "RATTLER_HOME", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("NETRC", raising=False)
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Packages that are not indexed yet."""
    folder = tmp_path / "channel"
    for name in ("hello", "other"):
        make_package(folder / "noarch", name, "1.0")
    make_package(folder / "noarch", "old", "1!2.0+local", archive=ArchiveType.TarBz2)
    make_package(folder / "linux-64", "tool", "2.0", subdir="linux-64", depends=["hello"], payload=b"x" * 3_000_000)
    return folder


def hotfix(file: str, record: dict[str, Any]) -> None:
    """As conda-forge's repodata patches do."""
    if file.startswith("tool-"):
        record["depends"] = ["hello >=1,<2"]
        record["features"] = None


def source(cdn: CdnChannel, monkeypatch: pytest.MonkeyPatch, *allowed: str, url: str = "") -> IndexedSource:
    monkeypatch.setenv("SSL_CERT_FILE", str(cdn.authority))
    return web_source(url or cdn.url, FromFlags(allow_origin=allowed))


def records(packages: Iterable[SourcePackage]) -> dict[str, Any]:
    return {each.path_in_channel: msgspec.json.decode(each.record) for each in packages}


def everything(source: IndexedSource) -> list[SourcePackage]:
    return [package for subdir in source.subdirs() for package in source.packages(subdir)]


@pytest.mark.parametrize(
    ("without", "base_url"),
    [
        ((), None),
        ((), "{url}/{subdir}"),
        (("shards.msgpack.zst",), "../{subdir}/"),
        (("shards.msgpack.zst", "json.zst"), "{url}/{subdir}"),
    ],
)
def test_records_and_bytes_are_those_of_the_channel(
    folder: Path, monkeypatch: pytest.MonkeyPatch, without: tuple[str, ...], base_url: str | None
) -> None:
    with cdn_channel(folder, hotfix, base_url=base_url) as cdn:
        for path in [path for path in cdn.index.files if path.endswith(without or "-")]:
            del cdn.index.files[path]
        asked = source(cdn, monkeypatch)
        assert asked.subdirs() == ("noarch", "linux-64")
        packages = everything(asked)
        assert records(packages) == cdn.records
        assert {each.path_in_channel: b"".join(asked.chunks(each)) for each in packages} == cdn.packages
        assert (asked.refused(), asked.tells_patches) == ((), False)
        assert {asked.s3_object(each) for each in packages} == {None}
    assert records(packages)["linux-64/tool-2.0-0.conda"]["depends"] == ["hello >=1,<2"]


def test_only_what_is_asked_for_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cdn_channel(folder) as cdn:
        asked = source(cdn, monkeypatch)
        (package,) = asked.packages("noarch", ["hello"])
        assert len(cdn.index.requests) == 2, cdn.index.paths()
        cdn.store.on(
            f"/conda-forge/{package.path_in_channel}",
            lambda _: Answer(body=cdn.packages[package.path_in_channel]),
        )
        assert b"".join(asked.chunks(package)) == cdn.packages[package.path_in_channel]
        assert asked.sidecar(package, 1000) is None
        assert len(cdn.index.requests) == 3, cdn.index.paths()


def test_a_login_goes_to_the_channel_and_not_to_its_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Path.home() / ".rattler/credentials.json"
    store.parent.mkdir()
    store.write_text(json.dumps({"*.localhost": {"BearerToken": "a-secret"}, "127.0.0.1": {"BearerToken": "other"}}))
    with cdn_channel(folder) as cdn:
        asked = source(cdn, monkeypatch)
        for package in everything(asked):
            assert b"".join(asked.chunks(package)) == cdn.packages[package.path_in_channel]
        assert {each.headers.get("authorization") for each in cdn.index.requests} == {"Bearer a-secret"}
        assert cdn.store.requests
        assert {each.headers.get("authorization") for each in cdn.store.requests} == {None}


def test_a_token_and_a_password_in_the_url(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cdn_channel(folder, name="t/a-token/mine") as cdn:
        cdn.index.on("/t/a-token/mine/noarch/hello-1.0-0.conda", Answer(403))
        asked = source(cdn, monkeypatch, url=cdn.url.replace("://", "://jo:a-secret@"))
        assert asked.url == f"{cdn.index.url}/t/\u2026/mine"
        (hello,) = asked.packages("noarch", ["hello"])
        with pytest.raises(CredentialsError) as error:
            list(asked.chunks(hello))
        assert "a-token" not in f"{error.value}{asked!r}{hello}"
        assert "a-secret" not in f"{error.value}{asked!r}{hello}"
        assert cdn.index.requests[0].headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize("base_url", ["https://cdn.example/x/", "file:///etc", "http://169.254.169.254/x"])
def test_packages_that_are_elsewhere_are_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch, base_url: str) -> None:
    with cdn_channel(folder, base_url=base_url) as cdn:
        asked = source(cdn, monkeypatch)
        (hello,) = asked.packages("noarch", ["hello"])
        with pytest.raises(SkippedError, match="files are at") as error:
            list(asked.chunks(hello))
    assert "--allow-origin" in str(error.value) or "tell the owner" in str(error.value)


def test_packages_on_a_server_that_the_user_allows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with web_server() as other, cdn_channel(folder, base_url=f"{other.url}/pool/{{subdir}}") as cdn:
        other.files = {f"/pool/{path}": body for path, body in cdn.packages.items()}
        with pytest.raises(SkippedError) as error:
            list(source(cdn, monkeypatch).chunks(next(iter(source(cdn, monkeypatch).packages("noarch", ["hello"])))))
        assert f"--allow-origin {other.url}" in str(error.value)
        asked = source(cdn, monkeypatch, other.url)
        for package in everything(asked):
            assert b"".join(asked.chunks(package)) == cdn.packages[package.path_in_channel]


def test_a_file_that_is_not_there_and_one_that_is_denied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cdn_channel(folder) as cdn:
        asked = source(cdn, monkeypatch)
        hello, other = (next(iter(asked.packages("noarch", [name]))) for name in ("hello", "other"))
        cdn.index.on(f"/conda-forge/{hello.path_in_channel}", Answer(404))
        cdn.index.on(f"/conda-forge/{other.path_in_channel}", Answer(403))
        with pytest.raises(SkippedError, match="is listed, and its file is not there"):
            list(asked.chunks(hello))
        with pytest.raises(DeniedError, match="is not public"):
            list(asked.chunks(other))


def test_servers_that_fail_every_other_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with cdn_channel(folder, hotfix) as cdn:
        faults = [Answer(503), Answer(429, {"Retry-After": "0"}), "cut", Answer(500, body=b"x" * 100_000), "cut"]

        def fault(server: WebServer, numbers: Iterator[int], request: Request) -> Answer | None:
            number = next(numbers)
            what = faults[number // 2 % len(faults)]
            if number % 2 or isinstance(what, Answer):
                return None if number % 2 else what
            others = (each(request) for each in reversed(server.behaviours[:-1]))
            whole = next((each for each in others if each is not None), None)
            return whole and replace(whole, cut=len(whole.body) // 2)

        for server in (cdn.index, cdn.store):
            server.behaviours.append(partial(fault, server, count()))
        asked = source(cdn, monkeypatch)
        packages = everything(asked)
        assert records(packages) == cdn.records
        assert {each.path_in_channel: b"".join(asked.chunks(each)) for each in packages} == cdn.packages


def test_a_package_of_a_later_index_is_not_mixed_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection breaks off, and the rest is of other bytes under the same name."""
    with cdn_channel(folder) as cdn:
        asked = source(cdn, monkeypatch)
        (tool,) = asked.packages("linux-64")
        path = f"/conda-forge/{tool.path_in_channel}"
        answers = [
            Answer(headers={"ETag": '"1"'}, body=b"a" * 100_000, cut=50_000),
            Answer(headers={"ETag": '"2"'}, body=b"b" * 100_000),
        ]
        cdn.store.on(path, lambda _: answers.pop(0))
        with pytest.raises(Exception, match="changed while it was read"):
            list(asked.chunks(tool))


def test_no_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    with web_server() as server:
        with pytest.raises(ConfigurationError, match="no subdir has an index"):
            web_source(f"{server.url}/x", FromFlags()).subdirs()
        server.files["/x/channel.json"] = b'{"subdirs": ["noarch", "../etc", 1]}'
        server.files["/y/channel.json"] = b'{"subdirs": ["noarch", "../etc"]}'
        server.requests.clear()
        with pytest.raises(ConfigurationError, match="no subdir has an index"):
            web_source(f"{server.url}/y/", FromFlags()).subdirs()
        assert len(server.requests) == 4, "channel.json, and the three forms of an index of one subdir"


def test_a_web_site_is_no_channel() -> None:
    """It answers any path with the same page, so that there is no channel, as where nothing is."""
    with web_server() as server:
        server.behaviours.append(lambda _: Answer(headers={"Content-Type": "text/html; charset=utf-8"}, body=b"<html>"))
        with pytest.raises(ConfigurationError, match="is a web page") as error:
            web_source(f"{server.url}/channels/x", FromFlags()).subdirs()
    assert "https://conda.anaconda.org/NAME" in str(error.value)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://conda.example/main", "--allow-origin http://conda.example"),
        ("https://conda.example/main?token=a-secret", "it has a query"),
        ("https://conda.example/main#x", "it has a fragment"),
        ("https:///main", "no valid host"),
        ("https://conda.example/main/linux-64/", "did you mean https://conda.example/main?"),
        (
            "https://conda.example/t/a-secret/main/noarch/a-1-0.conda",
            "did you mean https://conda.example/t/\u2026/main?",
        ),
        ("https://jo:a-secret@[::1/main", "no valid host"),
        ("https://conda.exämple/main", "ASCII"),
        ("ftp://jo:a-secret@conda.example/main", "ASCII"),
    ],
)
def test_a_url_that_is_none_of_a_channel(url: str, text: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        web_source(url, FromFlags())
    assert text in str(error.value)
    assert "a-secret" not in str(error.value)


def test_flags() -> None:
    url = "https://conda.example/main"
    assert web_source("http://conda.example/main", FromFlags(allow_origin=("http://conda.example/",))).url
    for origin in ("cdn.example", "https://u:a-secret@cdn.example", "file:///"):
        with pytest.raises(ConfigurationError, match="--allow-origin '") as error:
            web_source(url, FromFlags(allow_origin=(origin,)))
        assert "a-secret" not in str(error.value)
