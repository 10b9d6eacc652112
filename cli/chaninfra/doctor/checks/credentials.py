"""The credentials: whether there are any, where they come from, and whether the store accepts them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chaninfra.channel.errors import ClockError, CredentialsError, DeniedError
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.s3.credentials import REMEDY

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_RENEW = "renew them: log in again, or restart the job"


def credentials(exam: Examination) -> Iterator[Finding]:
    """Credentials are found, and the store accepts them; or the channel is readable without."""
    keys, error = exam.credentials, exam.credentials_error
    if error is not None:
        yield Finding(state="failed", found=error.message, remedy=error.remedy)
    elif exam.contact.failed_at is not None:
        found = f"found: {keys.source}" if keys else "none found"
        yield Finding(state="ok", found=f"{found}; not verified, since the endpoint does not answer")
    elif keys is None:
        if isinstance(exam.channel_json_read, DeniedError):
            yield Finding(
                state="failed", found="none found, and the channel is not readable without credentials", remedy=REMEDY
            )
        else:
            yield Finding(state="ok", found="none found; requests are anonymous")
    elif isinstance(exam.channel_json_read, CredentialsError) and not isinstance(exam.channel_json_read, ClockError):
        refusal = exam.channel_json_read
        ways = [_RENEW if keys.session_token else None, refusal.remedy]
        yield Finding(
            state="failed",
            found=f"found: {keys.source}; {refusal.message}",
            remedy="; or ".join(filter(None, ways)) or None,
        )
    else:
        kind = "temporary" if keys.session_token else "long-lived"
        yield Finding(state="ok", found=f"found: {keys.source} ({keys.access_key_id}, {kind})")
