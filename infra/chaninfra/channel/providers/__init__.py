"""PROVIDERS: what chaninfra knows about each store, one row per provider.

Every difference between stores is a column of this table. Code asks a row for a fact and never compares a provider's
name.
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
from chaninfra.channel.providers.rows.localstack import LOCALSTACK
from chaninfra.channel.providers.rows.minio import MINIO
from chaninfra.channel.providers.rows.ovh import OVH
from chaninfra.channel.providers.rows.r2 import R2
from chaninfra.channel.providers.rows.rustfs import RUSTFS
from chaninfra.channel.providers.rows.scaleway import SCALEWAY
from chaninfra.channel.providers.rows.seaweedfs import SEAWEEDFS
from chaninfra.channel.providers.rows.tigris import TIGRIS
from chaninfra.channel.providers.rows.versitygw import VERSITYGW
from chaninfra.channel.providers.rows.wasabi import WASABI

_ROWS = (
    AWS,
    MINIO,
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
    VERSITYGW,
    RUSTFS,
    LOCALSTACK,
    CUSTOM,
)

PROVIDERS: dict[str, Provider] = {row.name: row for row in _ROWS}
"""Name of the provider → its row, in the order in which the rows are printed."""
