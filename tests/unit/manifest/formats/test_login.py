"""The login command, as a shell runs it."""

from __future__ import annotations

import subprocess
from functools import partial

import pytest

from support.cases.manifests import Case, possible


@pytest.mark.parametrize("case", possible("login", "env", "rattler-build"), ids=str)
def test_a_shell_accepts_the_syntax(case: Case) -> None:
    done = subprocess.run(["sh", "-n"], input=case.text(), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("token", ["", "a token"])
def test_the_login_takes_the_keys_from_the_environment(shell: str, token: str) -> None:
    run = partial(subprocess.run, capture_output=True, text=True, timeout=30, check=True)
    script = "pixi() { printf '%s\\n' \"$@\"; }\n" + Case("login", "pixi", "minio").text()
    keys = {"AWS_ACCESS_KEY_ID": "an id", "AWS_SECRET_ACCESS_KEY": "$HOME*", "AWS_SESSION_TOKEN": token}
    done = run([shell, "-eu"], input=script, env=keys)
    words = ["auth", "login", "s3://my-bucket", "--s3-access-key-id", "an id", "--s3-secret-access-key", "$HOME*"]
    assert done.stdout.splitlines() == [*words, *([f"--s3-session-token={token}"] if token else [])]


def test_the_login_says_who_can_see_the_secret_and_how_to_avoid_it() -> None:
    notes = " ".join(line for line in Case("login", "pixi", "minio").text().splitlines() if line.startswith("#"))
    for words in ("among its arguments", "other users", "RATTLER_AUTH_FILE", "--format auth-file --into FILE"):
        assert words in notes
