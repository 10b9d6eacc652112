"""The endpoint: whether it answers, whether its certificate is trusted, and whether its clock agrees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from chaninfra.channel.errors import ClockError, UnreachableError
from chaninfra.channel.probe.finding import Finding, State
from chaninfra.channel.s3.unreachable import TRUST, other_scheme
from chaninfra.doctor import pixi_trust

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

REFUSED = timedelta(minutes=15)
"""S3 refuses requests signed with a clock that differs by more (AWS, "Signature Version 4": RequestTimeTooSkewed)."""
NOTICEABLE = timedelta(minutes=5)
_LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")


def endpoint(exam: Examination) -> Iterator[Finding]:
    """The endpoint answers an HTTP request."""
    url, contact = exam.given.endpoint_url, exam.contact
    if contact.failed_at == "endpoint":
        yield Finding(
            state="failed",
            found=f"{url}: {contact.message}",
            remedy="check `endpoint-url` (`--endpoint-url`), the network, and whether the store is running",
        )
        return
    if contact.failed_at == "scheme":
        other = other_scheme(url)
        yield Finding(
            state="failed",
            found=f"{url}: {contact.message}",
            remedy=exam.remedies.store_setting("endpoint-url", other, stored=False),
        )
        return
    yield Finding(state="ok", found=f"{url} answers")


def tls(exam: Examination) -> Iterator[Finding]:
    """This machine trusts the endpoint's certificate."""
    url, contact = exam.given.endpoint_url, exam.contact
    if contact.failed_at == "tls":
        yield Finding(state="failed", found=f"{url}: {contact.message}", remedy=TRUST)
    elif url.startswith(_LOOPBACK):
        yield Finding(state="ok", found=f"no TLS: {url} is on this machine")
    elif url.startswith("http:"):
        yield Finding(
            state="warning",
            found=f"no TLS: traffic to {url} is not encrypted",
            remedy="serve the store over https, and change `endpoint-url`",
        )
    elif isinstance(exam.channel_json_read, UnreachableError) and "certificate" in exam.channel_json_read.message:
        # The S3 client is stricter than Python's ssl module, for example with old forms of certificates.
        yield Finding(state="failed", found=f"{url}: {exam.channel_json_read.message}", remedy=TRUST)
    elif not exam.pixi_trusts_endpoint:
        yield Finding(
            state="warning",
            found="this machine trusts the certificate, but pixi does not, which has a list of CAs of its own",
            remedy=pixi_trust.remedy(),
        )
    else:
        yield Finding(state="ok", found="the certificate is trusted")


def clock(exam: Examination) -> Iterator[Finding]:
    """The clocks of this machine and of the store agree."""
    ahead = exam.contact.clock_ahead
    if isinstance(exam.channel_json_read, ClockError):
        state: State = "failed"
        found = f"the store refuses requests that are signed with this time; {_difference(ahead)}"
    else:
        off = abs(ahead or timedelta(0))
        state = "failed" if off >= REFUSED else "warning" if off >= NOTICEABLE else "ok"
        found = _difference(ahead)
    remedy = None if state == "ok" else "set this machine's clock or the store's: requests are signed with the time"
    yield Finding(state=state, found=found, remedy=remedy)


def _difference(ahead: timedelta | None) -> str:
    if ahead is None:
        return "the store does not send its time"
    if abs(ahead) < NOTICEABLE:
        return "this clock and the store's agree"
    side = "behind" if ahead > timedelta(0) else "ahead of"
    return f"this clock is {abs(ahead).total_seconds() / 60:.0f} minutes {side} the store's"
