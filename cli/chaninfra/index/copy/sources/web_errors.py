"""What went wrong with a request by http(s), in words. Texts of urllib3 are not printed: they have URLs with tokens."""

from __future__ import annotations

import socket
import ssl

from urllib3.exceptions import HTTPError, ProxyError
from urllib3.exceptions import TimeoutError as SlowError

from chaninfra.channel.errors import (
    CredentialsError,
    DeniedError,
    InvalidRepodataError,
    StorageError,
    UnreachableError,
)
from chaninfra.channel.s3.unreachable import TRUST
from chaninfra.index.copy.sources.source_errors import WebPageError
from chaninfra.index.copy.sources.web_login import Login
from chaninfra.index.copy.sources.web_origin import origin_of, public_url

_CHECK = "check the URL and the network, and try again"


def is_final(error: BaseException) -> bool:
    """Whether another try will end in the same way."""
    return any(isinstance(each, ssl.SSLCertVerificationError) for each in _causes(error))


def broken(error: HTTPError | OSError, url: str, kind: type[UnreachableError] = UnreachableError) -> UnreachableError:
    """The error where no answer came, or only a part of one."""
    why, remedy = _reason(error)
    return kind(f"no answer: {why}", where=public_url(url), remedy=remedy)


def _reason(error: BaseException) -> tuple[str, str]:
    causes = list(_causes(error))
    for each in causes:
        if isinstance(each, ProxyError):
            return "the proxy does not let it through", "check https_proxy and no_proxy"
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"the certificate is not trusted: {each.verify_message}", TRUST
        if isinstance(each, socket.gaierror):
            return "there is no host of this name", "check the host in the URL, and the network"
        if isinstance(each, ssl.SSLError):
            return f"TLS failed ({each.reason or 'no reason given'})", "check whether it speaks https"
        if isinstance(each, SlowError | TimeoutError):
            return "it took too long", _CHECK
        if isinstance(each, ConnectionRefusedError):
            return "the connection was refused", "check the port in the URL, and whether the server is running"
    system = next((each.strerror for each in causes if isinstance(each, OSError) and each.strerror), None)
    return system.lower() if system else "the connection broke off", _CHECK


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error, and those that it was made of."""
    found: list[BaseException] = []
    while error is not None and error not in found and len(found) < 10:
        found.append(error)
        inner = next((each for each in error.args if isinstance(each, BaseException)), None)
        error = error.__cause__ or error.__context__ or inner
    return found


def status_error(status: int, url: str, answered_by: str, login: Login | None) -> StorageError:
    """The error for an answer that is none of those that are expected."""
    where = public_url(url)
    origin, asked = origin_of(answered_by), origin_of(url)
    by = "" if origin == asked else f" by {origin}, to which it redirects"
    if status in (401, 403):
        if login is None:
            return DeniedError(
                f"is not public (HTTP {status}{by})",
                where=where,
                remedy=f"log in as pixi does: pixi auth login {asked.host} --token TOKEN (or --username NAME)",
                status=status,
            )
        return CredentialsError(
            f"the server does not accept {login.source} (HTTP {status}{by})",
            where=where,
            remedy=f"check whether it may read this channel; log in again: pixi auth login {asked.host}",
            status=status,
        )
    if status == 407:
        return UnreachableError(
            "the proxy wants a login", where=where, remedy="set https_proxy to http://NAME:PASSWORD@HOST:PORT"
        )
    if 300 <= status < 400:
        return StorageError(f"redirects nowhere (HTTP {status})", where=where, remedy="check the URL of the channel")
    return StorageError(f"the server answers HTTP {status}{by}", where=where, remedy="try again later", status=status)


def web_page(url: str) -> WebPageError:
    """The error for a page that is meant for people."""
    return WebPageError(
        "is a web page, and no file of a channel",
        where=public_url(url),
        remedy="give the URL that clients use: https://conda.anaconda.org/NAME, https://prefix.dev/NAME, …; or log in, "
        "if the page asks for that",
    )


def too_large(url: str, most: int) -> InvalidRepodataError:
    """The error for a body of more bytes than it may have."""
    size = f"{most:,} bytes" if most < 10 << 20 else f"{most >> 20:,} MiB"
    return InvalidRepodataError(f"is larger than {size}", where=public_url(url), remedy="tell the owner of the channel")
