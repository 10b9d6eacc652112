"""RustFS without a KMS: it would take the setting and then refuse every PUT."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from chaninfra.channel.errors import UnsupportedError
from chaninfra.channel.spec.model import BucketSettings
from chaninfra.pulumi.bucket_config import settings_documents
from support.pulumi.handlers import Store as Handlers
from support.stores.rustfs import rustfs

ONLY = ("rustfs",)


def test_encryption_is_refused_before_it_is_set_where_the_server_has_no_kms(bucket_name: str, tmp_path: Path) -> None:
    wanted = settings_documents(BucketSettings(encryption="sse-s3"))
    with rustfs(tmp_path, encrypts=False) as server:
        handlers, client = Handlers(server, bucket_name), server.client()
        handlers.handler("bucket").create(handlers.props())
        with pytest.raises(UnsupportedError, match="it answered 400 InvalidRequest"):
            handlers.handler("settings").create(handlers.props(settings=wanted))
        client.put_object(Bucket=bucket_name, Key="a", Body=b"works")
        # What it would have done.
        client.put_bucket_encryption(Bucket=bucket_name, ServerSideEncryptionConfiguration=wanted["encryption"])
        with pytest.raises(ClientError):
            client.put_object(Bucket=bucket_name, Key="b", Body=b"fails")
