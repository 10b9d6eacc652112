"""The check of the credentials."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.errors import ClockError, CredentialsError, DeniedError
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.doctor.checks.credentials import credentials
from chaninfra.doctor.endpoint_contact import Contact
from support.channels.examination import examination

LONG_LIVED = Credentials("AKIA1", "a-secret", source="AWS_ACCESS_KEY_ID")
TEMPORARY = Credentials("ASIA1", "a-secret", "a-token", source="AWS_ACCESS_KEY_ID")
REFUSED = CredentialsError("the store does not accept them", remedy="check them")


@pytest.mark.parametrize(
    ("keys", "result", "state", "found", "remedy"),
    [
        (LONG_LIVED, None, "ok", "found: AWS_ACCESS_KEY_ID (AKIA1, long-lived)", None),
        (TEMPORARY, None, "ok", "found: AWS_ACCESS_KEY_ID (ASIA1, temporary)", None),
        # The clock has a check of its own.
        (LONG_LIVED, ClockError("skewed"), "ok", "found: AWS_ACCESS_KEY_ID (AKIA1, long-lived)", None),
        (LONG_LIVED, REFUSED, "failed", "found: AWS_ACCESS_KEY_ID; the store does not accept them", "check them"),
        (
            TEMPORARY,
            REFUSED,
            "failed",
            "found: AWS_ACCESS_KEY_ID; the store does not accept them",
            "renew them: log in again, or restart the job; or check them",
        ),
        (LONG_LIVED, CredentialsError("no"), "failed", "found: AWS_ACCESS_KEY_ID; no", None),
        (None, None, "ok", "none found; requests are anonymous", None),
    ],
)
def test_credentials_are_judged_by_the_stores_answer(
    keys: Credentials | None, result: Any, state: str, found: str, remedy: str | None
) -> None:
    (finding,) = credentials(examination(channel_json_read=result, cached={"credentials": keys}))
    assert (finding.state, finding.found, finding.remedy) == (state, found, remedy)


def test_no_credentials_fail_where_the_channel_needs_them() -> None:
    (finding,) = credentials(examination(channel_json_read=DeniedError("403")))
    assert finding.state == "failed"
    assert "AWS_ACCESS_KEY_ID" in str(finding.remedy)


def test_credentials_that_cannot_be_loaded_fail() -> None:
    error = CredentialsError("AWS_PROFILE has no access key", remedy="log in")
    (finding,) = credentials(examination(cached={"credentials_error": error}))
    assert (finding.state, finding.found, finding.remedy) == ("failed", "AWS_PROFILE has no access key", "log in")


def test_nothing_is_verified_if_the_endpoint_does_not_answer() -> None:
    silent = Contact(failed_at="endpoint", message="no answer")
    (finding,) = credentials(examination(contact=silent, cached={"credentials": LONG_LIVED}))
    assert finding.state == "ok"
    assert finding.found == "found: AWS_ACCESS_KEY_ID; not verified, since the endpoint does not answer"
