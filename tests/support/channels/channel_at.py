"""A channel at a place, and the program run on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import boto3

from chaninfra.channel.policy.statements import document
from support.channels.cli_runner import chaninfra
from support.channels.new_channel import create_channel
from support.servers.s3_servers import REGION, Server

PREFIX = "team/c"


@dataclass(frozen=True)
class Place:
    """A bucket, and a channel in it."""

    server: Server
    bucket: str
    url: str

    def run(self, command: str, *args: str | Path, **env: str) -> CompletedProcess[str]:
        """A command on the channel."""
        with_option = command in ("publish", "copy", "yank", "unyank", "delete") or command.startswith(
            ("snapshot ", "notice ", "patch ")
        )
        where = ("-c", self.url) if with_option else (self.url,)
        store = ["--endpoint-url", self.server.endpoint_url]
        if self.server.region != REGION:
            store += ["--region", self.server.region]
        return chaninfra(*command.split(), *where, *store, *args, server=self.server, env=env)

    def done(self, command: str, *args: str | Path) -> str:
        """The output of a command that must not fail."""
        done = self.run(command, *args)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def set_page(self, *, page: bool = True) -> None:
        """Give the channel a page, or take it: so it has summaries of its packages, or none."""
        self._set({"page": page}, {})

    def set_index(self, **index: Any) -> None:
        """Set keys of `index` in channel.json; `_` stands for `-`, None takes the key out."""
        self._set({}, {key.replace("_", "-"): value for key, value in index.items()})

    def _set(self, keys: dict[str, Any], index: dict[str, Any]) -> None:
        which = {"Bucket": self.bucket, "Key": f"{self.url.removeprefix(f's3://{self.bucket}/')}/channel.json"}
        document = json.loads(self.server.client().get_object(**which)["Body"].read()) | keys
        document["index"] = {key: value for key, value in (document["index"] | index).items() if value is not None}
        self.server.client().put_object(**which, Body=json.dumps(document).encode())

    def repodata(self, subdir: str) -> dict[str, Any]:
        """The index of a subdir."""
        found = self.server.client().get_object(Bucket=self.bucket, Key=f"{PREFIX}/{subdir}/repodata.json")
        document: dict[str, Any] = json.loads(found["Body"].read())
        return document


def new_place(server: Server, bucket: str, *subdirs: str) -> Place:
    """A new bucket with a channel of these subdirs, of noarch alone where none is given."""
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": server.region}}
    server.client().create_bucket(Bucket=bucket, **({} if server.region == REGION else elsewhere))
    made = Place(server, bucket, f"s3://{bucket}/{PREFIX}")
    create_channel(server, made.url, *(subdirs or ("noarch",)))
    return made


def allowed(server: Server, bucket: str, *actions: str, **at: str | tuple[str, ...]) -> dict[str, str]:
    """The variables with keys that may do only this on the bucket; MinIO, whose sessions take a policy.

    `at`: an action of S3, and the resources in the bucket that it is allowed on.
    """
    sts = boto3.session.Session().client(
        "sts",
        endpoint_url=server.endpoint_url,
        region_name=server.region,
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
    )
    arn = f"arn:aws:s3:::{bucket}"
    policy = document(
        [
            {"Effect": "Allow", "Action": [*actions], "Resource": [arn, f"{arn}/*"]},
            *(
                {"Effect": "Allow", "Action": f"s3:{name}", "Resource": [f"{arn}/{key}" for key in keys]}
                for name, given in at.items()
                for keys in [(given,) if isinstance(given, str) else given]
            ),
        ]
    )
    given = sts.assume_role(RoleArn="arn:minio:iam:::nobody", RoleSessionName="some", Policy=json.dumps(policy))
    names = {"AccessKeyId": "ACCESS_KEY_ID", "SecretAccessKey": "SECRET_ACCESS_KEY", "SessionToken": "SESSION_TOKEN"}
    return {f"AWS_{variable}": given["Credentials"][name] for name, variable in names.items()}
