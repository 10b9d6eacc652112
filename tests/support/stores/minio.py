"""MinIO as it is run for the tests of stores: with a key for encryption, and a target of events."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.servers import s3_servers
from support.servers.s3_servers import Server, Webhook, free_port
from support.stores.model import Store


@contextmanager
def start(folder: Path) -> Iterator[Server]:
    """MinIO on the files in `folder`. Nobody listens where it sends its events."""
    with s3_servers.minio(folder, webhook=Webhook(free_port(), secrets.token_hex(16)), encrypts=True) as server:
        yield server


def limited(server: Server, bucket: str, document: Mapping[str, Any]) -> dict[str, str]:
    """A session, which may do what its policy allows."""
    given = server.service("sts").assume_role(
        RoleArn="arn:minio:iam:::anybody", RoleSessionName="limited", Policy=json.dumps(document)
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


MINIO = Store(
    name="minio",
    provider="minio",
    start=start,
    limited=limited,
    target=lambda server: "arn:minio:sqs::F:webhook",
    elsewhere=lambda folder: s3_servers.minio(folder, region="eu-central-1"),
)
