"""The S3 servers that the tests run against, each got once a version: into the user's cache, or from Debian's packages.

As a program: gets those of `make test`, or those named, or with `all` each there is, and prints where they are.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Protocol

from chaninfra.channel.errors import EngineError
from chaninfra.engine.process import Report, end_as_by_ctrl_c
from packages import Debian, Wheels
from programs import Crate, GoProgram, GoSources


class Program(Protocol):
    """How a server is got."""

    def version(self, name: str) -> str:
        """Its version."""

    def get(self, name: str, report: Report) -> Path:
        """The program that starts it, got if it is not there. Raises EngineError."""


SERVERS: dict[str, Program] = {
    "minio": GoProgram("github.com/minio/minio", "github.com/minio/minio"),
    "versitygw": GoProgram("github.com/versity/versitygw/cmd/versitygw", "github.com/versity/versitygw"),
    "ceph": Debian(
        ("ceph-mon", "ceph-mgr", "ceph-osd", "radosgw"), program="radosgw", package="radosgw", pinned="16.2.15"
    ),
    # 4.53, as `weed version` says: its tags are no versions of a Go module.
    "seaweedfs": GoSources(
        "github.com/seaweedfs/seaweedfs",
        "0.0.0-20261109003541-7506e5f91cd6",
        "h1:LOYZFToHq9F7pSR6lkPGfkM8RmHlVFrzndKdhmNZjrU=",
        "./weed",
    ),
    "garage": Crate(
        "garage", "2.5.0", ("--profile", "dev", "--no-default-features", "--features", "bundled-libs,sqlite")
    ),
    "s3s-fs": Crate("s3s-fs", "0.14.1", ("--features", "binary")),
    # 810 crates: also without optimization they take more than an hour of CPU, and the last of them 8 GB of memory.
    "rustfs": Crate(
        "rustfs",
        "1.0.1",
        (
            "--no-default-features",
            *("--config", "profile.release.opt-level=0"),
            *("--config", "profile.release.lto='off'"),
            *("--config", "profile.release.codegen-units=64"),
            *("--config", "profile.release.strip='symbols'"),
        ),
        toolchain="1.98.1",
        needs={"protoc": "protobuf-compiler"},
    ),
    "localstack": Wheels("localstack-core", "3.13"),
}
"""Name of the server → how it is got. Those that only `make test-stores` runs may need apt-get, cargo and root."""
USUAL = ("minio", "versitygw")
"""Those that `make test` runs."""


def ensure(name: str, report: Report) -> Path:
    """The program of the server `name` (a key of SERVERS), got if it is not there. Raises EngineError."""
    return SERVERS[name].get(name, report)


def version(name: str) -> str:
    """The version of the server `name`."""
    return SERVERS[name].version(name)


def main(names: list[str]) -> int:
    """Prints where each server of `names`, or each that `make test` runs, lies; the exit code."""

    def report(line: str) -> None:
        print(f"servers: {line}", file=sys.stderr, flush=True)

    end_as_by_ctrl_c()
    try:
        for name in SERVERS if names == ["all"] else names or USUAL:
            print(ensure(name, report))
    except EngineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyError as error:
        print(f"servers: no server {error}; there are {', '.join(SERVERS)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
