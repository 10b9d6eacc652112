"""STORES: every store that can be run on this machine."""

from __future__ import annotations

from support.servers import s3_servers
from support.stores import s3s_fs
from support.stores.model import Store

_ALL = (
    Store(name="minio", provider="minio", start=s3_servers.minio),
    Store(name="versitygw", provider="versitygw", start=s3_servers.versitygw),
    s3s_fs.S3S_FS,
)

STORES: dict[str, Store] = {store.name: store for store in _ALL}
"""Name of the server → the store."""
