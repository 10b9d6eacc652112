"""Admin APIs that make users with an access key and few permissions, one module per API (`Provider.keys`)."""

from __future__ import annotations

from collections.abc import Callable

from chaninfra.channel.providers.model import KeyWay
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.user_admin.base import Document, UserAdmin
from chaninfra.pulumi.user_admin.ceph import CephUserAdmin
from chaninfra.pulumi.user_admin.garage import GarageUserAdmin
from chaninfra.pulumi.user_admin.minio import MinioUserAdmin
from chaninfra.pulumi.user_admin.rustfs import RustfsUserAdmin
from chaninfra.pulumi.user_admin.seaweedfs import SeaweedfsUserAdmin
from chaninfra.pulumi.user_admin.versitygw import VersitygwUserAdmin

__all__ = ["ADMIN_APIS", "Document", "UserAdmin"]

ADMIN_APIS: dict[KeyWay, Callable[[Session], UserAdmin]] = {
    "minio-admin": MinioUserAdmin,
    "versitygw-admin": VersitygwUserAdmin,
    "ceph-admin": CephUserAdmin,
    "seaweedfs-iam": SeaweedfsUserAdmin,
    "rustfs-admin": RustfsUserAdmin,
    "garage-admin": GarageUserAdmin,
}
"""`Provider.keys` → the API; stores without one are not in it."""
