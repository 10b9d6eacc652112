"""Who logs in to a channel by https: the user of its URL, or the entry of pixi's stores for its host.

The forms of entries are those of rattler_networking 0.34 (`Authentication`).
"""

from __future__ import annotations

import base64
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from chaninfra.channel.errors import ConfigurationError, CredentialsError
from chaninfra.index.copy.sources.web_origin import Origin
from chaninfra.pixi import stores

_TOKEN = re.compile(r"[!-~]{1,8192}")
_PATH_TOKEN = re.compile(r"[A-Za-z0-9._~-]{1,1024}")


@dataclass(frozen=True, kw_only=True)
class Login:
    """What is sent to one origin, and to no other."""

    authorization: str | None = field(default=None, repr=False)
    """The header Authorization."""
    path_token: str | None = field(default=None, repr=False)
    """The token of conda's paths, `/t/TOKEN/…`."""
    source: str
    """Where it was found, for messages."""

    def url(self, url: str) -> str:
        """The URL with the token in its path, if this is one and the path has none."""
        parts = urlsplit(url)
        if self.path_token is None or parts.path.startswith("/t/"):
            return url
        return parts._replace(path=f"/t/{self.path_token}{parts.path}").geturl()


def basic(username: str, password: str, source: str) -> Login:
    """The login with a name and a password."""
    both = base64.b64encode(f"{username}:{password}".encode()).decode()
    return Login(authorization=f"Basic {both}", source=source)


def split_user(url: str) -> tuple[str, Login | None]:
    """A URL without the user and password that it may have, and the login of these. Raises ValueError."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    name, _, password = user.partition(":")
    login = basic(unquote(name), unquote(password), "the login in the URL") if user.strip(":") else None
    return parts._replace(netloc=host).geturl(), login


def of_pixi(origin: Origin) -> Login | None:
    """The login that pixi has for a host. Raises CredentialsError for an entry that cannot be used, ConfigurationError
    for a store that pixi could not read either.
    """
    found = stores.read()
    if found.broken:
        file, why = found.broken[0]
        raise ConfigurationError(
            f"pixi's store of keys cannot be read: {why}", where=str(file), remedy=f"correct or remove {file}"
        )
    entries = found.entries(str(origin))
    # pixi sends no keys of S3 to a host either.
    if not entries or (isinstance(entries[0].value, dict) and "S3Credentials" in entries[0].value):
        return None
    if entries[0].value == {} and entries[0].file is None:
        raise CredentialsError(
            f"the entry {entries[0]} is not read here, only files are",
            remedy="log in with a file as the store: export RATTLER_AUTH_FILE=FILE, then pixi auth login "
            f"{origin.host} --token TOKEN",
        )
    login = _login(entries[0].value, f"the entry {entries[0]}", origin.host)
    if login is None:
        raise CredentialsError(
            f"the entry {entries[0]} has no token, name and password that is good for {origin}",
            remedy=f"log in again: pixi auth login {origin.host} --token TOKEN (or --username …, or --conda-token …)",
        )
    return login


def _login(value: object, source: str, host: str) -> Login | None:
    """The login of an entry. Raises CredentialsError for one that has expired."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((form, content),) = value.items()
    match form:
        case "BearerToken" if _is_token(content):
            return Login(authorization=f"Bearer {content}", source=source)
        case "CondaToken" if isinstance(content, str) and _PATH_TOKEN.fullmatch(content):
            return Login(path_token=content, source=source)
        case "BasicHTTP" if isinstance(content, dict):
            name, password = content.get("username"), content.get("password")
            return basic(name, password, source) if isinstance(name, str) and isinstance(password, str) else None
        case "OAuth" if isinstance(content, dict):
            return _oauth(content, source, host)
    return None


def _oauth(content: dict[str, Any], source: str, host: str) -> Login | None:
    token, end = content.get("access_token"), content.get("expires_at")
    if isinstance(end, int) and end < time.time():
        raise CredentialsError(f"the token of {source} has expired", remedy=f"log in again: pixi auth login {host}")
    return Login(authorization=f"Bearer {token}", source=source) if _is_token(token) else None


def _is_token(value: object) -> bool:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None
