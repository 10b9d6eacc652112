"""PROVIDERS: what chaninfra knows of each store, one row a provider.

A difference between stores is a column here. Code asks a row for a fact; it never asks for a provider by name.
"""

from __future__ import annotations

from chaninfra.channel.providers.model import Provider
from chaninfra.channel.providers.rows.aws import AWS
from chaninfra.channel.providers.rows.b2 import B2
from chaninfra.channel.providers.rows.ceph import CEPH
from chaninfra.channel.providers.rows.custom import CUSTOM
from chaninfra.channel.providers.rows.digitalocean import DIGITALOCEAN
from chaninfra.channel.providers.rows.garage import GARAGE
from chaninfra.channel.providers.rows.gcs import GCS
from chaninfra.channel.providers.rows.hetzner import HETZNER
from chaninfra.channel.providers.rows.minio import MINIO_ROW
from chaninfra.channel.providers.rows.ovh import OVH
from chaninfra.channel.providers.rows.r2 import R2
from chaninfra.channel.providers.rows.scaleway import SCALEWAY
from chaninfra.channel.providers.rows.seaweedfs import SEAWEEDFS
from chaninfra.channel.providers.rows.tigris import TIGRIS
from chaninfra.channel.providers.rows.versitygw import VERSITYGW_ROW
from chaninfra.channel.providers.rows.wasabi import WASABI

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
