"""STORES: every store that can be run on this machine."""

from __future__ import annotations

from support.stores.ceph import CEPH
from support.stores.garage import GARAGE
from support.stores.localstack import LOCALSTACK
from support.stores.minio import MINIO
from support.stores.model import Store
from support.stores.rustfs import RUSTFS
from support.stores.s3s_fs import S3S_FS
from support.stores.seaweedfs import SEAWEEDFS
from support.stores.versitygw import VERSITYGW

_ALL = (
    MINIO,
    VERSITYGW,
    CEPH,
    SEAWEEDFS,
    GARAGE,
    RUSTFS,
    S3S_FS,
    LOCALSTACK,
)

STORES: dict[str, Store] = {store.name: store for store in _ALL}
"""Name of the server → the store."""
