"""STORES: every store that can be run on this machine."""

from __future__ import annotations

from support.servers import s3_servers
from support.stores.ceph import ceph
from support.stores.localstack import localstack
from support.stores.model import Store
from support.stores.s3s_fs import s3s_fs

_ALL = (
    Store(name="minio", provider="minio", start=s3_servers.minio),
    Store(name="versitygw", provider="versitygw", start=s3_servers.versitygw),
    Store(name="ceph", provider="ceph", start=ceph),
    # As a person runs a store that has no row of its own.
    Store(name="s3s-fs", provider="custom", start=s3s_fs, conditional=False),
    Store(name="localstack", provider="localstack", start=localstack),
)

STORES: dict[str, Store] = {store.name: store for store in _ALL}
"""Name of the server → the store."""
