"""Every store starts, and keeps what is put."""

from __future__ import annotations

from support.stores.model import Running


def test_an_object_is_kept(running: Running) -> None:
    bucket = running.new_bucket()
    running.server.client().put_object(Bucket=bucket, Key="a/b", Body=b"bytes")
    assert running.server.client().get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"bytes"
