"""One unsigned request to an endpoint: whether it answers, whether its certificate is trusted, and its clock."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Literal

from chaninfra.channel.s3.trust import context_for, mozilla_context
from chaninfra.channel.s3.unreachable import other_scheme

_TIMEOUT_SECONDS = 10.0
_TO_TLS_PORT = "HTTPS"
"""What servers say to plain http at a port for https: Go's "Client sent an HTTP request to an HTTPS server", nginx's
"The plain HTTP request was sent to HTTPS port"."""

FailedAt = Literal["endpoint", "tls", "scheme"]


@dataclass(frozen=True, kw_only=True)
class Contact:
    """The outcome of the request: `failed_at` None means that the endpoint answered; `message` describes the outcome.

    `failed_at` "scheme": it speaks http where https was tried, or the other way round. `clock_ahead` is the endpoint's
    time minus this machine's; None if the answer has no usable Date header.
    """

    failed_at: FailedAt | None
    message: str
    clock_ahead: timedelta | None = None


def contact(url: str) -> Contact:
    """Send one unsigned GET to the endpoint. Any HTTP status, redirects included, counts as an answer.

    Raises ConfigurationError where a variable names trusted CAs that are not there.
    """
    found = _contact(url, context_for(url))
    scheme = url.partition(":")[0]
    if found.failed_at in ("endpoint", "tls") and "refused" not in found.message:
        other = other_scheme(url)
        # No certificate is needed to see that it speaks TLS.
        answered = _contact(other, _unverified() if scheme == "http" else None)
        if answered.failed_at is None:
            spoken = other.partition(":")[0]
            return Contact(failed_at="scheme", message=f"it speaks {spoken}, not {scheme}")
    return found


def pixi_trusts(url: str) -> bool:
    """Whether a client trusts the endpoint that has Mozilla's list of CAs, as pixi's release build has it."""
    return _contact(url, mozilla_context()).failed_at != "tls"


def _contact(url: str, context: ssl.SSLContext | None) -> Contact:
    started = datetime.now(UTC)
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "chaninfra"})  # noqa: S310 (http or https)
        opener = urllib.request.build_opener(_NoRedirects, urllib.request.HTTPSHandler(context=context))
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return _answered(answer.status, answer.headers, started)
    except urllib.error.HTTPError as error:
        if error.code == 400 and url.startswith("http:") and _TO_TLS_PORT in error.read(1000).decode(errors="replace"):
            return Contact(failed_at="scheme", message="it speaks https, not http")
        return _answered(error.code, error.headers, started)
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            return Contact(failed_at="tls", message=f"the certificate is not trusted: {reason.verify_message}")
        if isinstance(reason, ssl.SSLError):
            return Contact(failed_at="tls", message=f"the TLS handshake failed ({reason.reason or reason})")
        return Contact(failed_at="endpoint", message=f"no answer ({reason})")


def _unverified() -> ssl.SSLContext:
    """For a look that sends and believes nothing."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Reports a redirect as the answer instead of following it."""

    def redirect_request(self, *_: object) -> None:
        return None


def _answered(status: int, headers: Message, started: datetime) -> Contact:
    return Contact(
        failed_at=None, message=f"http {status} to an unsigned request", clock_ahead=_clock_ahead(headers, started)
    )


def _clock_ahead(headers: Message, started: datetime) -> timedelta | None:
    date = headers.get("Date")
    try:
        theirs = parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
    if theirs is None or theirs.tzinfo is None:
        return None
    # The header was written at an unknown moment of the request and is rounded to the second.
    ended = datetime.now(UTC)
    if started - timedelta(seconds=1) <= theirs <= ended + timedelta(seconds=1):
        return timedelta(0)
    return theirs - (ended if theirs > ended else started)
