"""What stands in for pixi and rattler-build in printed jobs that upload: neither can be had here.

`pixi exec --spec NAME==VERSION PROGRAM …` runs the program that is here. `rattler-build upload s3` has the options,
variables and rules of rattler_upload 0.15 and rattler_s3 0.4 (`S3Opts`, `S3CredentialsOpts`), and writes the object
that they write; it uploads with boto3, and has no credential store. (By hand the jobs were run with rattler_upload
0.15.3 itself.)
"""

from __future__ import annotations

import hashlib
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

_PIXI = """#!/bin/bash
[ "$1 $2" = "exec --spec" ] || { echo "pixi: not known: $*" >&2; exit 2; }
shift 3
exec "$@"
"""


def install(folder: Path) -> None:
    """Write both programs into the folder `bin` of `folder`."""
    (folder / "bin").mkdir(exist_ok=True)
    mine = f'#!/bin/sh\nexec {sys.executable} {__file__} "$@"\n'
    for name, text in {"pixi": _PIXI, "rattler-build": mine}.items():
        (folder / "bin" / name).write_text(text, "utf-8")
        (folder / "bin" / name).chmod(0o755)


def main() -> None:
    """`rattler-build upload s3`."""
    parser = ArgumentParser("rattler-build upload s3")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--channel", default=os.environ.get("S3_CHANNEL"))
    parser.add_argument("--endpoint-url", default=os.environ.get("S3_ENDPOINT_URL"))
    parser.add_argument("--region", default=os.environ.get("S3_REGION"))
    parser.add_argument(
        "--addressing-style",
        choices=("virtual-host", "path"),
        default=os.environ.get("S3_ADDRESSING_STYLE", "virtual-host"),
    )
    words = sys.argv[1:]
    assert words[:2] == ["upload", "s3"], words
    options = parser.parse_args(words[2:])
    assert all((options.channel, options.endpoint_url, options.region)), options
    channel = urlsplit(options.channel)
    styles = {"virtual-host": "virtual", "path": "path"}
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=options.endpoint_url,
        region_name=options.region,
        aws_access_key_id=os.environ["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["S3_SECRET_ACCESS_KEY"],
        aws_session_token=os.environ.get("S3_SESSION_TOKEN"),
        config=Config(s3={"addressing_style": styles[options.addressing_style]}),
    )
    for file in options.files:
        # rattler_upload reads the subdir in the package; these are built into a folder of that name.
        key = f"{channel.path.strip('/')}/{file.parent.name}/{file.name}"
        data = file.read_bytes()
        try:
            client.put_object(
                Bucket=channel.netloc,
                Key=key,
                Body=data,
                IfNoneMatch="*",
                ContentDisposition=f"attachment; filename={file.name}",
                Metadata={
                    "package-sha256": hashlib.sha256(data).hexdigest(),
                    "package-md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
                },
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 412:
                raise
            sys.exit(f"Package s3://{channel.netloc}/{key} already exists. Use --force to overwrite.")


if __name__ == "__main__":
    main()
