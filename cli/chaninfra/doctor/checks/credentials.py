"""The credentials: found, from where, and whether the store knows them."""

from __future__ import annotations

from collections.abc import Iterator

from chaninfra.channel.errors import ClockError, CredentialsError, DeniedError
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.s3.credentials import REMEDY
from chaninfra.doctor.examination import Case


def credentials(case: Case) -> Iterator[Finding]:
    """There are credentials where they are looked for, and the store accepts them."""
    keys = case.credentials
    if case.problem is not None:
        yield _failed(case.problem.message, case.problem.remedy)
    elif case.contact.trouble is not None:
        found = f"found: {keys.source}" if keys else "none were found"
        yield Finding(name="credentials", state="ok", found=f"{found}; nothing answers that could judge them")
    elif keys is None:
        if isinstance(case.answer, DeniedError):
            yield _failed("none were found, and not everybody may read the channel", REMEDY)
        else:
            yield Finding(name="credentials", state="ok", found="none were found: requests are everybody's")
    elif isinstance(case.answer, CredentialsError) and not isinstance(case.answer, ClockError):
        renew = "renew them: log in again, or start the job anew; or " if keys.session_token else ""
        yield _failed(f"found: {keys.source}; {case.answer.message}", f"{renew}{case.answer.remedy}")
    else:
        kind = "temporary" if keys.session_token else "lasting"
        yield Finding(name="credentials", state="ok", found=f"found: {keys.source} ({keys.access_key_id}, {kind})")


def _failed(found: str, remedy: str | None) -> Finding:
    return Finding(name="credentials", state="failed", found=found, remedy=remedy)
