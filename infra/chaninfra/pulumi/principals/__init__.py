"""How access keys with few rights are made on a store, one module a way (the column `keys` of PROVIDERS)."""

from __future__ import annotations

from collections.abc import Callable

from chaninfra.channel.provider import KeyWay
from chaninfra.pulumi.principals.base import Document, Principals
from chaninfra.pulumi.principals.minio import MinioPrincipals
from chaninfra.pulumi.principals.versitygw import VersitygwPrincipals
from chaninfra.pulumi.session import Session

__all__ = ["BY_BUCKET_POLICY", "WAYS", "Document", "Principals"]

WAYS: dict[KeyWay, Callable[[Session], Principals]] = {
    "minio-admin": MinioPrincipals,
    "versitygw-admin": VersitygwPrincipals,
}
BY_BUCKET_POLICY: frozenset[KeyWay] = frozenset({"versitygw-admin"})
"""Ways whose users have no policies: the bucket's names their keys."""
