"""STORES: every store that can be run on this machine."""

from __future__ import annotations

from support.stores import minio, s3s_fs, versitygw
from support.stores.model import Store

_ALL = (
    minio.MINIO,
    versitygw.VERSITYGW,
    s3s_fs.S3S_FS,
)

STORES: dict[str, Store] = {store.name: store for store in _ALL}
"""Name of the server → the store."""
