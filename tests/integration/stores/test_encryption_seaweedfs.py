"""SeaweedFS without a key for SSE-S3: it would take the setting and then fail with every PUT."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from chaninfra.channel.errors import UnsupportedError
from chaninfra.channel.spec.model import BucketSettings
from chaninfra.pulumi.bucket_config import settings_documents
from support.pulumi.handlers import Store as Handlers
from support.stores.seaweedfs import seaweedfs

ONLY = ("seaweedfs",)


def test_encryption_is_refused_before_it_is_set_where_the_server_has_no_key(bucket_name: str, tmp_path: Path) -> None:
    wanted = settings_documents(BucketSettings(encryption="sse-s3"))
    with seaweedfs(tmp_path, encrypts=False) as server:
        handlers, client = Handlers(server, bucket_name), server.client()
        handlers.handler("bucket").create(handlers.props())
        with pytest.raises(UnsupportedError, match="it answered 500 InternalError") as caught:
            handlers.handler("settings").create(handlers.props(settings=wanted))
        assert "WEED_S3_SSE_KEY" in caught.value.for_stack()
        client.put_object(Bucket=bucket_name, Key="a", Body=b"works")
        assert client.list_multipart_uploads(Bucket=bucket_name).get("Uploads", []) == []
        # What it would have done.
        client.put_bucket_encryption(Bucket=bucket_name, ServerSideEncryptionConfiguration=wanted["encryption"])
        with pytest.raises(ClientError, match="InternalError"):
            client.put_object(Bucket=bucket_name, Key="b", Body=b"fails")
        client.delete_bucket_encryption(Bucket=bucket_name)
    # With a key it is set, and no upload is left.
    with seaweedfs(tmp_path / "encrypts") as server:
        handlers, client = Handlers(server, bucket_name), server.client()
        handlers.handler("bucket").create(handlers.props())
        props = handlers.props(settings=wanted)
        handlers.handler("settings").create(props)
        assert handlers.handler("settings").read(props) == props
        assert client.put_object(Bucket=bucket_name, Key="a", Body=b"works")["ServerSideEncryption"] == "AES256"
        assert client.list_multipart_uploads(Bucket=bucket_name).get("Uploads", []) == []
