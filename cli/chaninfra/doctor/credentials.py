"""The credentials: found, from where, and whether the store knows them."""

from __future__ import annotations

from collections.abc import Iterator

from chaninfra.channel.credentials import REMEDY
from chaninfra.channel.errors import ClockError, CredentialsError, DeniedError
from chaninfra.channel.result import Result
from chaninfra.doctor.case import Case


def credentials(case: Case) -> Iterator[Result]:
    """There are credentials where they are looked for, and the store accepts them."""
    keys = case.credentials
    if case.problem is not None:
        yield _failed(case.problem.message, case.problem.remedy)
    elif case.contact.trouble is not None:
        found = f"found: {keys.source}" if keys else "none were found"
        yield Result(name="credentials", state="ok", found=f"{found}; nothing answers that could judge them")
    elif keys is None:
        if isinstance(case.answer, DeniedError):
            yield _failed("none were found, and not everybody may read the channel", REMEDY)
        else:
            yield Result(name="credentials", state="ok", found="none were found: requests are everybody's")
    elif isinstance(case.answer, CredentialsError) and not isinstance(case.answer, ClockError):
        renew = "renew them: log in again, or start the job anew; or " if keys.session_token else ""
        yield _failed(f"found: {keys.source}; {case.answer.message}", f"{renew}{case.answer.remedy}")
    else:
        kind = "temporary" if keys.session_token else "lasting"
        yield Result(name="credentials", state="ok", found=f"found: {keys.source} ({keys.access_key_id}, {kind})")


def _failed(found: str, remedy: str | None) -> Result:
    return Result(name="credentials", state="failed", found=found, remedy=remedy)
