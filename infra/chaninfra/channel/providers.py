"""PROVIDERS: what chaninfra knows of each store, one row a provider.

A difference between stores is a column here. Code asks a row for a fact; it never asks for a provider by name.
"""

from __future__ import annotations

from chaninfra.channel.provider import Provider
from chaninfra.channel.rows.hosted import DIGITALOCEAN, OVH, SCALEWAY, TIGRIS
from chaninfra.channel.rows.pixi_page import AWS, B2, GCS, HETZNER, R2, WASABI
from chaninfra.channel.rows.servers import CEPH, CUSTOM, GARAGE, MINIO_ROW, SEAWEEDFS, VERSITYGW_ROW

_ROWS = (
    AWS,
    MINIO_ROW,
    R2,
    WASABI,
    B2,
    GCS,
    HETZNER,
    DIGITALOCEAN,
    SCALEWAY,
    OVH,
    TIGRIS,
    CEPH,
    GARAGE,
    SEAWEEDFS,
    VERSITYGW_ROW,
    CUSTOM,
)

PROVIDERS: dict[str, Provider] = {row.name: row for row in _ROWS}
