"""What an endpoint answers to anybody: is there one, is its certificate trusted, and what does its clock say."""

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

_TIMEOUT = 10.0

Trouble = Literal["endpoint", "tls"]


@dataclass(frozen=True, kw_only=True)
class Contact:
    """`trouble` None: it answered. `ahead` is by how much its clock is ahead of ours, where it says what time it is."""

    trouble: Trouble | None
    says: str
    ahead: timedelta | None = None


def contact(url: str) -> Contact:
    """Ask the endpoint for anything; one request, not signed."""
    started = datetime.now(UTC)
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "chaninfra"})  # noqa: S310 (http or https)
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=_TIMEOUT) as answer:
            return _answered(answer.status, answer.headers, started)
    except urllib.error.HTTPError as error:
        return _answered(error.code, error.headers, started)
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            return Contact(trouble="tls", says=f"its certificate is not trusted: {reason.verify_message}")
        if isinstance(reason, ssl.SSLError):
            return Contact(trouble="tls", says=f"it does not speak TLS as it should ({reason.reason or reason})")
        return Contact(trouble="endpoint", says=f"no answer ({reason})")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer."""

    def redirect_request(self, *_: object) -> None:
        return None


def _answered(status: int, headers: Message, started: datetime) -> Contact:
    return Contact(trouble=None, says=f"http {status} to a request of nobody's", ahead=_ahead(headers, started))


def _ahead(headers: Message, started: datetime) -> timedelta | None:
    date = headers.get("Date")
    try:
        theirs = parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
    if theirs is None or theirs.tzinfo is None:
        return None
    # It was said at some moment of the request, to the second.
    ended = datetime.now(UTC)
    if started - timedelta(seconds=1) <= theirs <= ended + timedelta(seconds=1):
        return timedelta(0)
    return theirs - (ended if theirs > ended else started)
