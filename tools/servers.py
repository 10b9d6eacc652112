"""The S3 servers that the tests run against: built from their sources into the user's cache, once a version.

As a program: builds all, or those named, and prints where they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

import programs
from chaninfra.channel.errors import EngineError
from chaninfra.engine.process import Report, end_as_by_ctrl_c

# name → the package to build, and the module in that server's go.mod whose version is the server's
SERVERS = {
    "minio": ("github.com/minio/minio", "github.com/minio/minio"),
    "versitygw": ("github.com/versity/versitygw/cmd/versitygw", "github.com/versity/versitygw"),
}


def ensure(name: str, report: Report) -> Path:
    """The program of the server `name` (a key of SERVERS), built if the cache does not have it. Raises EngineError."""
    package, versioned = SERVERS[name]
    return programs.built(Path(__file__).parent / "servers" / name, package, versioned, report)


def main(names: list[str]) -> int:
    """Prints where each server of `names`, or each there is, lies; the exit code."""

    def report(line: str) -> None:
        print(f"servers: {line}", file=sys.stderr, flush=True)

    end_as_by_ctrl_c()
    try:
        for name in names or SERVERS:
            print(ensure(name, report))
    except EngineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
