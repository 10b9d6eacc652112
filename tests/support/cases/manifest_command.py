"""Runs of `chaninfra manifest` in this process."""

from __future__ import annotations

from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from chaninfra.channel.errors import ChaninfraError
from chaninfra.cli.app import app

URL = "s3://my-bucket/my-channel"
MINIO = ("--offline", "--provider", "minio", "--endpoint-url", "https://minio.example.com")
"""Flags that describe a channel on MinIO."""
AWS = ("--offline", "--region", "eu-central-1")
"""Flags that describe a channel on AWS."""


def manifest(*args: str | Path, ok: bool = True) -> Result:
    """A run of the command, which must succeed, or, if `ok` is false, must fail."""
    done = CliRunner().invoke(app, ["manifest", *map(str, args)])
    assert done.exit_code == 0 if ok else done.exit_code != 0, done.output
    return done


def refused(*args: str | Path) -> ChaninfraError:
    """The error that the command ends with."""
    error = manifest(*args, ok=False).exception
    assert isinstance(error, ChaninfraError)
    return error
