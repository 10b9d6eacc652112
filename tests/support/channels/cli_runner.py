"""Run the program in a new process, with piped output and without the environment of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.servers.s3_servers import Server

PROGRAM = str(Path(sys.executable).with_name("chaninfra"))


def chaninfra(
    *args: str | Path, server: Server | None = None, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command line; with `server`, its access key is in the environment."""
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **(server.environment() if server else {}),
        **(env or {}),
    }
    return subprocess.run(
        [PROGRAM, *map(str, args)], env=variables, cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
