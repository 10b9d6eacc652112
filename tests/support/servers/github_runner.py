"""Runs the steps of a printed job as GitHub's runner does: their commands, environment and expressions, and the address
at which a job requests its tokens. Steps that use an action are left out.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_hex
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit


def run_steps(
    steps: Sequence[Mapping[str, Any]],
    folder: Path,
    token: str = "",
    audience: str = "",
    secrets: Mapping[str, str] | None = None,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """Run the commands of the steps in `folder` until one fails; how the last one ended.

    `token` is what the job gets when it asks for one with `audience`; `variables` and `secrets` are those of the
    repository. Programs in the folder `bin` come before others. Conditions of steps count as met.
    """
    temporary = folder / "runner"
    temporary.mkdir(exist_ok=True)
    values = {"runner.temp": str(temporary)} | {f"vars.{name}": value for name, value in variables.items()}
    values |= {f"secrets.{name}": value for name, value in (secrets or {}).items()}
    with _tokens(token, audience) as request:
        path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        environment = {"PATH": path, "HOME": str(temporary), "RUNNER_TEMP": str(temporary), **request}
        for step in steps:
            if "run" in step:
                more = {name: _evaluated(str(value), values) for name, value in step.get("env", {}).items()}
                # Its shell where a step names none.
                done = subprocess.run(
                    ["bash", "-e", "-c", _evaluated(step["run"], values)],
                    cwd=folder,
                    env={**environment, **more},
                    capture_output=True,
                    text=True,
                    timeout=120,
                )
                if done.returncode:
                    break
    return done


def _evaluated(text: str, values: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        # A secret that nobody has set is empty.
        return values.get(found[1], "") if found[1].startswith("secrets.") else values[found[1]]

    return re.sub(r"\$\{\{ ([a-z.A-Z_0-9]+) \}\}", value, text)


@contextmanager
def _tokens(token: str, audience: str) -> Iterator[dict[str, str]]:
    """The variables by which a job requests a token; only who has the secret in them and names the audience gets it."""
    secret = token_hex(8)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query).get("audience")
            allowed = self.headers["Authorization"].lower() == f"bearer {secret}" and asked == [audience]
            self.send_response(200 if allowed else 401)
            self.end_headers()
            self.wfile.write(json.dumps({"count": 1, "value": token} if allowed else {}).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://127.0.0.1:{server.server_port}/?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": secret,
        }
        server.shutdown()
