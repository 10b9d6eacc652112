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

_TIMEOUT_SECONDS = 10.0

FailedAt = Literal["endpoint", "tls"]


@dataclass(frozen=True, kw_only=True)
class Contact:
    """The outcome of the request: `failed_at` None means that the endpoint answered; `message` describes the outcome.

    `clock_ahead` is the endpoint's time minus this machine's; None if the answer has no usable Date header.
    """

    failed_at: FailedAt | None
    message: str
    clock_ahead: timedelta | None = None


def contact(url: str) -> Contact:
    """Send one unsigned GET to the endpoint. Any HTTP status, redirects included, counts as an answer."""
    started = datetime.now(UTC)
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "chaninfra"})  # noqa: S310 (http or https)
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return _answered(answer.status, answer.headers, started)
    except urllib.error.HTTPError as error:
        return _answered(error.code, error.headers, started)
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            return Contact(failed_at="tls", message=f"the certificate is not trusted: {reason.verify_message}")
        if isinstance(reason, ssl.SSLError):
            return Contact(failed_at="tls", message=f"the TLS handshake failed ({reason.reason or reason})")
        return Contact(failed_at="endpoint", message=f"no answer ({reason})")


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
