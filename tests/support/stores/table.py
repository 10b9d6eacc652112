"""STORES: every store that can be run on this machine."""

from __future__ import annotations

from support.servers import s3_servers
from support.stores.ceph import ceph
from support.stores.garage import GARAGE
from support.stores.model import Store
from support.stores.seaweedfs import seaweedfs
from support.stores.s3s_fs import S3S_FS

_ALL = (
    Store(name="minio", provider="minio", start=s3_servers.minio),
    Store(name="versitygw", provider="versitygw", start=s3_servers.versitygw),
    S3S_FS,
    Store(name="ceph", provider="ceph", start=ceph),
    Store(name="seaweedfs", provider="seaweedfs", start=seaweedfs),
    GARAGE,
)

STORES: dict[str, Store] = {store.name: store for store in _ALL}
"""Name of the server → the store."""
