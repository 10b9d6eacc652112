"""A process that publishes packages through the library, one a call. It runs with the code of either commit.

Arguments: the channel.json, and {"modules": where this commit has `parse`, `Credentials` and `read`, "files": paths} as
JSON. Prints [[seconds, null or the error], ...] as JSON, one a package.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from chaninfra.index.channel import Channel
from chaninfra.index.publish import publish


class _Nobody:
    """Is told how far it is, and does not care."""

    def __getattr__(self, name: str) -> Any:
        # An older chaninfra calls other methods.
        return lambda *_, **__: None


def main(descriptor: str, given: str) -> None:
    """Publishes them, and goes on where one fails."""
    arguments = json.loads(given)

    def of(name: str) -> Any:
        return getattr(importlib.import_module(arguments["modules"][name]), name)

    parse, credentials, read = of("parse"), of("Credentials"), of("read")
    keys = credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
    channel = Channel(descriptor=parse(descriptor, where="channel.json"), credentials=keys)
    told: list[tuple[float, str | None]] = []
    for file in arguments["files"]:
        start = time.perf_counter()
        error: Exception | None
        try:
            error = publish(channel, [read(Path(file))], "refuse", _Nobody()).error
        except Exception as raised:
            error = raised
        told.append((time.perf_counter() - start, None if error is None else f"{type(error).__name__}: {error}"))
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
