"""The endpoint: does it answer, is it trusted, and do the clocks agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from chaninfra.channel.errors import ClockError, UnreachableError
from chaninfra.channel.probe.finding import Finding, State
from chaninfra.doctor.examination import Case

REFUSED = timedelta(minutes=15)
"""S3 refuses what was signed by a clock that differs by more (AWS, "Signature Version 4": RequestTimeTooSkewed)."""
NOTICED = timedelta(minutes=5)
_LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")


def endpoint(case: Case) -> Iterator[Finding]:
    """Something answers at the endpoint."""
    url, found = case.given.endpoint_url, case.contact
    if found.trouble == "endpoint":
        yield Finding(
            name="endpoint",
            state="failed",
            found=f"{url}: {found.says}",
            remedy="check `endpoint-url` (`--endpoint-url`), the network, and whether the store is up",
        )
        return
    yield Finding(name="endpoint", state="ok", found=f"{url} answers")


def tls(case: Case) -> Iterator[Finding]:
    """The endpoint's certificate is trusted here."""
    url, found = case.given.endpoint_url, case.contact
    trust = "have its CA trusted by this machine, or export SSL_CERT_FILE=/path/to/ca.pem, for chaninfra and for pixi"
    if found.trouble == "tls":
        yield Finding(name="tls", state="failed", found=f"{url}: {found.says}", remedy=trust)
    elif url.startswith("http:"):
        near = url.startswith(_LOOPBACK)
        yield Finding(
            name="tls",
            state="ok" if near else "warning",
            found=f"not used: {url} is this machine" if near else f"{url}: what goes over the network is not encrypted",
            remedy=None if near else "have the store serve https, and change `endpoint-url`",
        )
    elif isinstance(case.answer, UnreachableError) and "certificate" in case.answer.message:
        # Another list of authorities than Python's.
        yield Finding(name="tls", state="failed", found=f"{url}: {case.answer.message}", remedy=trust)
    else:
        yield Finding(name="tls", state="ok", found="its certificate is trusted")


def clock(case: Case) -> Iterator[Finding]:
    """This machine's clock and the store's agree."""
    ahead = case.contact.ahead
    if isinstance(case.answer, ClockError):
        state: State = "failed"
        found = f"the store refuses what is signed with this time; {_said(ahead)}"
    else:
        off = abs(ahead or timedelta(0))
        state = "failed" if off >= REFUSED else "warning" if off >= NOTICED else "ok"
        found = _said(ahead)
    remedy = None if state == "ok" else "set this machine's clock, or have the store's set: requests are signed with it"
    yield Finding(name="clock", state=state, found=found, remedy=remedy)


def _said(ahead: timedelta | None) -> str:
    if ahead is None:
        return "the store does not say what time it is"
    if abs(ahead) < NOTICED:
        return "this clock and the store's agree"
    side = "behind" if ahead > timedelta(0) else "ahead of"
    return f"this clock is {abs(ahead).total_seconds() / 60:.0f} minutes {side} the store's"
