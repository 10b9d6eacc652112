"""`chaninfra browse` as a process, and a browser that knows cookies and nothing else."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
from contextlib import closing
from email.message import Message
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from support.channels.cli_runner import PROGRAM


class Browsing:
    """The command, from its start until it is stopped."""

    def __init__(self, errors: Path, *args: str, env: dict[str, str]) -> None:
        """`errors`: the file that its stderr goes to."""
        self._errors = errors
        with errors.open("wb") as err:
            self.process = subprocess.Popen(
                [PROGRAM, "browse", *args],
                env={"PATH": os.environ["PATH"], "HOME": os.devnull, "AWS_EC2_METADATA_DISABLED": "true", **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                text=True,
            )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().rstrip("\n")
        self.cookie = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def told(self) -> str:
        """What it has written to stderr."""
        return self._errors.read_text()

    def come_in(self) -> None:
        """Open the URL, as a browser does."""
        assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/\?token=[A-Za-z0-9_-]{43}(?:#[!-~]+)?", self.url), self.told()
        # A browser keeps the fragment to itself, also when it is sent on.
        status, headers, _ = self.get(self.url.partition("#")[0])
        assert status == 303, self.told()
        self.cookie = headers["Set-Cookie"].partition(";")[0]

    def get(self, path: str) -> tuple[int, Message, bytes]:
        """Status, headers and body of the answer to a GET with the cookie."""
        target = path.removeprefix(f"http://{urlsplit(self.url).netloc}")
        with closing(http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)) as connected:
            connected.request("GET", target, headers={"Cookie": self.cookie} if self.cookie else {})
            answer = connected.getresponse()
            return answer.status, answer.headers, answer.read()

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send the signal; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)
