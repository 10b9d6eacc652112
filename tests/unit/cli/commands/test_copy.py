"""What `chaninfra copy` prints of its arguments."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from chaninfra.cli import copy_run
from chaninfra.cli.app import app
from chaninfra.cli.copy_run import CopyJob
from chaninfra.index.copy.sources.web_answer import Answer


def job_of(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> CopyJob:
    """What is to be copied; nothing is."""
    jobs: list[CopyJob] = []
    monkeypatch.setattr(copy_run, "copy_once", lambda job, _: jobs.append(job))
    done = CliRunner().invoke(app, ["copy", *arguments, "--to", "s3://my-bucket/c"])
    assert done.exit_code == 0, done.output
    return jobs[0]


WEB = (
    *("--from", "https://me:a-secret@conda.example/t/a-token/c"),
    *("--allow-origin", "https://me:a-secret@cdn.example"),
)
S3 = (
    *("--from", "s3://source-bucket/c", "--from-endpoint-url", "https://me:a-secret@s3.example"),
    *("--from-secret-access-key", "a-secret", "--from-access-key-id", "me", "--allow-origin", "s3://source-bucket/x"),
)


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        (WEB, "--from 'https://conda.example/t/\u2026/c' --allow-origin https://cdn.example"),
        (
            S3,
            "--from s3://source-bucket/c --allow-origin s3://source-bucket/x --from-endpoint-url https://s3.example",
        ),
    ],
)
def test_a_login_is_not_in_the_command_that_goes_on(
    monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], printed: str
) -> None:
    job = job_of(monkeypatch, "x", *given)
    for text in (job.again, repr(job)):
        assert "a-secret" not in text
        assert "a-token" not in text
    assert job.again.endswith(f" x {printed}")


def test_an_answer_shows_no_token() -> None:
    assert "a-token" not in repr(Answer(None, "https://conda.example/t/a-token/c/noarch/repodata.json?sig=a-token"))
