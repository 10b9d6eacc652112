"""How access keys with few rights are made on a store, one module a way (the column `keys` of PROVIDERS)."""

from __future__ import annotations

from collections.abc import Callable

from chaninfra.channel.providers.model import KeyWay
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.user_admin.base import Document, UserAdmin
from chaninfra.pulumi.user_admin.minio import MinioUserAdmin
from chaninfra.pulumi.user_admin.versitygw import VersitygwUserAdmin

__all__ = ["ADMIN_APIS", "BY_BUCKET_POLICY", "Document", "UserAdmin"]

ADMIN_APIS: dict[KeyWay, Callable[[Session], UserAdmin]] = {
    "minio-admin": MinioUserAdmin,
    "versitygw-admin": VersitygwUserAdmin,
}
BY_BUCKET_POLICY: frozenset[KeyWay] = frozenset({"versitygw-admin"})
"""Ways whose users have no policies: the bucket's names their keys."""
