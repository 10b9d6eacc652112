"""The `export` lines, as a shell reads them."""

from __future__ import annotations

import subprocess

from support.cases.manifests import Case


def test_a_shell_has_the_location_of_the_bucket() -> None:
    script = Case("env", "pixi", "r2").text() + 'printf "%s\\n" "$S3_ENDPOINT_URL" "$S3_REGION" "$S3_ADDRESSING_STYLE"'
    done = subprocess.run(["sh", "-eu"], input=script, env={}, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.splitlines() == ["https://0123abcd.eu.r2.cloudflarestorage.com", "WEUR", "virtual-host"]
