"""pixi's stores of keys, in its order; its client's own choice is tested against a server."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from chaninfra.pixi import stores as pixi_stores

URL = "s3://my-bucket/team/c"


@pytest.fixture(autouse=True)
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without stores, whose home folder is `tmp_path`."""
    for name in ("RATTLER_AUTH_FILE", "PIXI_HOME", "RATTLER_HOME", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def stored(file: Path, *names: str, key_id: str = "AK") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    entry = {"S3Credentials": {"access_key_id": key_id, "secret_access_key": "a-secret", "session_token": None}}
    file.write_text(json.dumps(dict.fromkeys(names, entry)))
    return file


def found(url: str = URL) -> list[tuple[str, str]]:
    return [(entry.name, entry.store) for entry in pixi_stores.read().entries(url)]


def test_a_machine_without_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pixi_stores.read().entries(URL) == []
    monkeypatch.setenv("HOME", "/dev/null")
    assert pixi_stores.read().entries(URL) == []


def test_the_name_comes_first_in_every_store_then_the_longest_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = stored(tmp_path / "auth.json", "s3://my-bucket", "s3://my-bucket/team", "my-bucket-2", "s3://my-bucket/")
    own = stored(tmp_path / ".rattler/credentials.json", "my-bucket", "s3://my-bucket/team/c", "*.my-bucket")
    monkeypatch.setenv("RATTLER_AUTH_FILE", str(file))
    assert found() == [
        ("my-bucket", str(own)),
        ("s3://my-bucket/team/c", str(own)),
        ("s3://my-bucket/team", str(file)),
        ("s3://my-bucket", str(file)),
    ]


def test_the_stores_are_asked_in_pixis_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """secret-tool is a stand-in here, which has one entry."""
    program = tmp_path / "bin/secret-tool"
    program.parent.mkdir()
    answer = json.dumps({"S3Credentials": {"access_key_id": "AKRING", "secret_access_key": "a-secret"}})
    program.write_text(
        f"#!/bin/sh\n[ \"$*\" = 'lookup service rattler username my-bucket' ] || exit 1\necho '{answer}'\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    override = stored(tmp_path / "override.json", "my-bucket")
    stored(tmp_path / ".rattler/credentials.json", "my-bucket")
    (tmp_path / ".pixi").mkdir()
    (tmp_path / ".pixi/config.toml").write_text(f'authentication-override-file = "{override}"\n')
    monkeypatch.setenv("RATTLER_AUTH_FILE", str(stored(tmp_path / "auth.json", "my-bucket")))
    stores = pixi_stores.read()
    entries = stores.entries(URL)
    titles = [str(tmp_path / "auth.json"), str(override), "the keyring", str(tmp_path / ".rattler/credentials.json")]
    assert [entry.store for entry in entries] == titles
    assert entries[2].access_key_id == "AKRING"
    assert stores.unasked is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pixi_stores.read().unasked == "the keyring, for want of secret-tool"


@pytest.mark.parametrize("text", ["{", "[]", '{"a": ', "[" * 100_000, "\xff"])
def test_a_file_that_pixi_cannot_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    file = tmp_path / "auth.json"
    file.write_bytes(text.encode("latin-1"))
    monkeypatch.setenv("RATTLER_AUTH_FILE", str(file))
    stores = pixi_stores.read()
    assert (stores.broken, stores.entries(URL)) == (((file, "it is not a JSON object"),), [])
    file.unlink()
    file.mkdir()
    assert pixi_stores.read().broken == ((file, "Is a directory"),)
    file.rmdir()
    file.write_text(" " * (1 << 20) + "{}")
    assert pixi_stores.read().broken == ((file, "it is larger than 1 MiB"),)


@pytest.mark.parametrize("entry", [None, 1, {"BearerToken": "a-secret"}, {"S3Credentials": 1}, {"S3Credentials": {}}])
def test_an_entry_that_is_no_key_of_s3_wins_all_the_same(tmp_path: Path, entry: Any) -> None:
    file = tmp_path / ".rattler/credentials.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"my-bucket": entry}))
    entries = pixi_stores.read().entries(URL)
    assert [(each.name, each.access_key_id) for each in entries] == ([("my-bucket", None)] if entry else [])
    assert "a-secret" not in repr(entries)


def test_a_host_is_looked_up_by_its_name_and_then_by_wildcards(tmp_path: Path) -> None:
    names = ("repo.prefix.dev", "*.repo.prefix.dev", "*.prefix.dev", "*.dev")
    others = ("prefix.dev", "https://repo.prefix.dev", "repo.prefix.dev:443", "*.notprefix.dev", "*.", "*")
    stored(tmp_path / ".rattler/credentials.json", *others, *names[::-1])
    assert [name for name, _ in found("https://repo.prefix.dev/conda-forge")] == list(names)
    assert [name for name, _ in found("https://Repo.Prefix.dev:8443/x")] == list(names)
    assert found("https://xrepo.prefix.example/x") == []


@pytest.mark.parametrize(("host", "name"), [("127.0.0.1:9000", "127.0.0.1"), ("[::1]:9000", "[::1]")])
def test_an_address_has_no_wildcards(tmp_path: Path, host: str, name: str) -> None:
    stored(tmp_path / ".rattler/credentials.json", name, f"*.{name}", "*.0.0.1", "*.1", "::1")
    assert [each for each, _ in found(f"https://{host}/c")] == [name]


def test_netrc_is_asked_last_and_for_hosts_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text(
        "machine prefix.dev login jo password a-secret\nmachine my-bucket login a password b\n"
        "machine none\ndefault login x password y\n"
    )
    own = stored(tmp_path / ".rattler/credentials.json", "*.prefix.dev")
    url = "https://prefix.dev/c"
    assert found(url) == [("prefix.dev", str(tmp_path / ".netrc")), ("*.prefix.dev", str(own))]
    entry = pixi_stores.read().entries(url)[0]
    assert entry.value == {"BasicHTTP": {"username": "jo", "password": "a-secret"}}
    assert "a-secret" not in repr(entry) + str(entry)
    assert (found("https://other.dev"), found("s3://my-bucket/c")) == ([], [])
    other = tmp_path / "other"
    monkeypatch.setenv("NETRC", str(other))
    assert found(url) == [("*.prefix.dev", str(own))]
    for text in (
        "nonsense",
        "\xff",
        " " * (1 << 20) + "machine prefix.dev login a password b",
    ):
        other.write_bytes(text.encode("latin-1"))
        assert found(url) == [("*.prefix.dev", str(own))]
    other.write_text("machine prefix.dev login a password b")
    assert found(url)[0] == ("prefix.dev", str(other))


def test_an_entry_gives_its_content_and_does_not_show_it(tmp_path: Path) -> None:
    file = tmp_path / ".rattler/credentials.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"*.prefix.dev": {"BearerToken": "a-secret"}}))
    entry = pixi_stores.read().entries("https://prefix.dev/c")[0]
    assert entry.value == {"BearerToken": "a-secret"}
    assert "a-secret" not in repr(entry) + str(entry)
