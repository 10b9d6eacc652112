"""pixi's stores of keys and tokens on this machine, and the entries in them for a channel, the one that wins first.

The order is that of rattler_networking 0.34 (`AuthenticationStorage::from_env_and_defaults`, `get_by_url_with_host`)
and of pixi 0.77 (`pixi_auth::get_auth_store`): the bucket's name in all stores, then its URLs, the longest first; for
https the host's name, then `*.` before it and before the domains above it. Only the ids of keys are shown.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chaninfra.channel.text import shown
from chaninfra.pixi import config as pixi_config
from chaninfra.pixi import netrc_file

_MOST = 1 << 20
"""The largest file that is read, in bytes."""
_SECONDS = 10.0
_SHOWN = 40
"""So many characters of an id are shown; those of AWS have 20."""
_SERVICE = "rattler"
"""The name under which pixi keeps its entries in a keyring."""
_ADDRESS = re.compile(r"[0-9.]+|.*:.*")
"""A host that is no name."""
_OVERRIDE = "authentication-override-file"


@dataclass(frozen=True)
class Entry:
    """An entry of a store. `access_key_id` None: it is not known, or the entry is no key of S3."""

    name: str
    store: str
    access_key_id: str | None
    file: Path | None = None
    value: object = field(default=None, repr=False, compare=False)
    """What it holds: a secret in one of pixi's forms, `{"BearerToken": "…"}`; {} if the store does not give it away."""
    is_default: bool = False
    """Whether `pixi auth login` and `logout` change it."""

    def __str__(self) -> str:
        return f"{self.name!r} of {self.store}"


@dataclass(frozen=True)
class Stores:
    """The stores, in pixi's order.

    `override`: the file that pixi's configuration names, with its entries. `broken`: files that pixi cannot read, which
    stops it, and why. `unasked`: the keyring that could not be asked, although there may be one.
    """

    finders: tuple[_Store, ...]
    override: tuple[Path, Mapping[str, Any]] | None = None
    broken: tuple[tuple[Path, str], ...] = ()
    unasked: str | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """The files among them."""
        return tuple(store.file for store in self.finders if store.file is not None)

    def entries(self, url: str) -> list[Entry]:
        """The entries for the s3:// or https:// URL of a channel, the one that pixi takes first."""
        finders = [store for store in self.finders if not (store.is_of_hosts and url.startswith("s3:"))]
        found = [(name, store, store.find(name)) for name in _names(f"{url}/noarch/") for store in finders]
        return [
            Entry(name, store.title, _key_id(value), store.file, value, store.is_default)
            for name, store, value in found
            if value is not None
        ]


@dataclass(frozen=True)
class _Store:
    title: str
    find: Callable[[str], object | None] = field(repr=False)
    file: Path | None = None
    is_default: bool = False
    is_of_hosts: bool = False
    """Whether it has nothing for buckets."""


def read() -> Stores:
    """The stores of this machine, by the environment as it is."""
    named = os.environ.get("RATTLER_AUTH_FILE")
    home = pixi_config.home_folder()
    override = next((Path(path) for path in map(_override, pixi_config.files()) if path), None)
    files = [
        (Path(named) if named else None, False),
        (override, False),
        (home / ".rattler/credentials.json" if home else None, True),
    ]
    stores: list[_Store] = []
    broken = []
    contents: dict[Path, Mapping[str, Any]] = {}
    for path, is_default in files:
        if is_default:
            stores += _keyring()
        if path is None:
            continue
        try:
            contents[path] = _entries(path)
        except OSError as error:
            broken.append((path, error.strerror or "it cannot be read"))
            continue
        except ValueError:
            broken.append((path, "it is not a JSON object"))
            continue
        stores.append(_Store(str(path), contents[path].get, path, is_default))
    if netrc := netrc_file.path():
        stores.append(_Store(str(netrc), netrc_file.logins(netrc).get, is_of_hosts=True))
    return Stores(
        tuple(stores),
        (override, contents.get(override, {})) if override else None,
        tuple(broken),
        _why_unasked(),
    )


def _override(config: Path) -> str | None:
    try:
        found = tomllib.loads(_text(config)).get(_OVERRIDE)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, str) and found else None


def _names(url: str) -> Iterator[str]:
    """What pixi looks up for the URL of a file, in its order: the bucket, then the URL and each folder above it; for
    https the host, then the wildcards of its domains.
    """
    if not url.startswith("s3://"):
        host = urlsplit(url).hostname or ""
        yield f"[{host}]" if ":" in host else host
        while host and not _ADDRESS.fullmatch(host):
            yield f"*.{host}"
            host = host.partition(".")[2]
        return
    yield url.removeprefix("s3://").partition("/")[0]
    while url.startswith("s3://"):
        url = url.rpartition("/")[0]
        yield url


def _entries(path: Path) -> Mapping[str, Any]:
    """The entries of a file; none if it is not there. Raises OSError and ValueError if it cannot be read."""
    try:
        found = json.loads(_text(path))
    except FileNotFoundError:
        return {}
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(_MOST + 1)
    if len(data) > _MOST:
        raise OSError(errno.EFBIG, "it is larger than 1 MiB")
    return data.decode("utf-8")


def _key_id(entry: object) -> str | None:
    keys = entry.get("S3Credentials") if isinstance(entry, dict) else None
    found = keys.get("access_key_id") if isinstance(keys, dict) else None
    return shown(found[:_SHOWN])[1:-1] if isinstance(found, str) and found else None


def _keyring() -> list[_Store]:
    """The system's keyring, where a program that is there can ask it: secret-tool, or macOS's security."""
    if sys.platform == "darwin":
        return [_Store("the keychain", _in_keychain, is_default=True)]
    if _has_secret_service() and shutil.which("secret-tool"):
        return [_Store("the keyring", _in_secret_service, is_default=True)]
    return []


def _why_unasked() -> str | None:
    if sys.platform == "win32":
        return "the Windows credential manager"
    if sys.platform != "darwin" and _has_secret_service() and not shutil.which("secret-tool"):
        return "the keyring, for want of secret-tool"
    return None


def _has_secret_service() -> bool:
    """Whether there is a session bus, without which pixi has no keyring either."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return bool(os.environ.get("DBUS_SESSION_BUS_ADDRESS")) or bool(runtime and Path(runtime, "bus").exists())


def _in_secret_service(name: str) -> object | None:
    found = _asked("secret-tool", "lookup", "service", _SERVICE, "username", name)
    try:
        return None if not found else json.loads(found)
    except (ValueError, RecursionError):
        return {}


def _in_keychain(name: str) -> object | None:
    """An entry without its content, for which the system would ask the user."""
    return None if _asked("/usr/bin/security", "find-generic-password", "-s", _SERVICE, "-a", name) is None else {}


def _asked(*words: str) -> str | None:
    try:
        done = subprocess.run(words, capture_output=True, encoding="utf-8", timeout=_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout if done.returncode == 0 else None
