"""The endpoint: does it answer, is it trusted, and do the clocks agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from chaninfra.channel.errors import ClockError, UnreachableError
from chaninfra.channel.result import Result
from chaninfra.doctor.case import Case

REFUSED = timedelta(minutes=15)
"""S3 refuses what was signed by a clock that differs by more (AWS, "Signature Version 4": RequestTimeTooSkewed)."""
NOTICED = timedelta(minutes=5)
_LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")


def endpoint(case: Case) -> Iterator[Result]:
    """Something answers at the endpoint."""
    url, found = case.given.endpoint_url, case.contact
    if found.trouble == "endpoint":
        yield Result(
            name="endpoint",
            state="failed",
            found=f"{url}: {found.says}",
            remedy="check `endpoint-url` (`--endpoint-url`), the network, and whether the store is up",
        )
        return
    yield Result(name="endpoint", state="ok", found=f"{url} answers")


def tls(case: Case) -> Iterator[Result]:
    """The endpoint's certificate is trusted here."""
    url, found = case.given.endpoint_url, case.contact
    trust = "have its CA trusted by this machine, or export SSL_CERT_FILE=/path/to/ca.pem, for chaninfra and for pixi"
    if found.trouble == "tls":
        yield Result(name="tls", state="failed", found=f"{url}: {found.says}", remedy=trust)
    elif url.startswith("http:"):
        near = url.startswith(_LOOPBACK)
        yield Result(
            name="tls",
            state="ok" if near else "warning",
            found=f"not used: {url} is this machine" if near else f"{url}: what goes over the network is not encrypted",
            remedy=None if near else "have the store serve https, and change `endpoint-url`",
        )
    elif isinstance(case.answer, UnreachableError) and "certificate" in case.answer.message:
        # Another list of authorities than Python's.
        yield Result(name="tls", state="failed", found=f"{url}: {case.answer.message}", remedy=trust)
    else:
        yield Result(name="tls", state="ok", found="its certificate is trusted")


def clock(case: Case) -> Iterator[Result]:
    """This machine's clock and the store's agree."""
    ahead, answer = case.contact.ahead, case.answer
    refused = isinstance(answer, ClockError)
    remedy = "set this machine's clock, or have the store's set: requests are signed with the time"
    if ahead is None:
        state, found = "ok", "the store does not say what time it is; it takes what is signed now"
    else:
        minutes = abs(ahead).total_seconds() / 60
        side = "behind" if ahead > timedelta(0) else "ahead of"
        found = f"this clock is {minutes:.0f} minutes {side} the store's" if abs(ahead) >= NOTICED else "they agree"
        state = "failed" if abs(ahead) >= REFUSED else "warning" if abs(ahead) >= NOTICED else "ok"
    if refused:
        state, found = "failed", f"the store refuses what is signed with this time; {found}"
    yield Result(
        name="clock",
        state="failed" if state == "failed" else "warning" if state == "warning" else "ok",
        found=found,
        remedy=None if state == "ok" else remedy,
    )
