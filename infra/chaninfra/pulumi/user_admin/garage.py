"""Access keys of Garage, by version 2 of its admin API, which has a port and a token of its own (`admin-url`).

Source: Garage's OpenAPI document of the admin API, v2. A key has rights on whole buckets (`policy.whole_buckets`).
CreateBucket by S3 gives a bucket a name that only the key knows that made it, so each key gets the name too, as an
alias of its own; that one goes with the key, and `pulumi destroy` can still delete the bucket.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

import msgspec

from chaninfra.channel.errors import (
    BucketMissingError,
    CredentialsError,
    StorageError,
    UnreachableError,
)
from chaninfra.channel.policy.whole_buckets import Right, document_of, rights_in
from chaninfra.channel.s3.trust import ca_bundle
from chaninfra.channel.text import one_line
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.user_admin.base import Document, all_or_nothing, new_secret

if TYPE_CHECKING:
    from urllib3 import PoolManager

_VARIABLE = "GARAGE_ADMIN_TOKEN"
_SET = f"set the variable {_VARIABLE}, or: pulumi config set --secret admin-token"
_URL = "set `admin-url` to the address of `api_bind_addr` in the section [admin] of Garage's settings"
_TIMEOUT = 60.0
_LONGEST = 1 << 22
_RIGHTS: tuple[Right, ...] = ("read", "write")
_EVERY_RIGHT = {"read": True, "write": True, "owner": True}

T = TypeVar("T")


class _Rights(msgspec.Struct, frozen=True):
    read: bool
    write: bool
    owner: bool


class _Bucket(msgspec.Struct, frozen=True, rename="camel"):
    """A bucket of a key: what the key may there, and its own names for the bucket."""

    id: str
    local_aliases: tuple[str, ...]
    permissions: _Rights


_NOTHING = _Bucket(id="", local_aliases=(), permissions=_Rights(read=False, write=False, owner=False))


class _MayCreate(msgspec.Struct, frozen=True, rename="camel"):
    create_bucket: bool


class _Key(msgspec.Struct, frozen=True, rename="camel"):
    expired: bool
    permissions: _MayCreate
    buckets: tuple[_Bucket, ...]


class _Found(msgspec.Struct, frozen=True):
    """Any bucket."""

    id: str


class _Problem(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class GarageUserAdmin:
    """See `UserAdmin`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._url = session.admin_url

    def create_user(self, name: str, policy: Document) -> str:
        secret = new_secret()
        given = {"accessKeyId": name, "secretAccessKey": secret, "name": name}
        with all_or_nothing(self, name):
            self._call("create the access key", "ImportKey", body=given)
            self._set_rights(name, (), policy)
        return secret

    def user_policy(self, name: str) -> Document | None:
        key = self._key(name)
        if key is None:
            return None
        # Expired, or one that may create buckets: differs from any policy of ours, so `pulumi up` updates it.
        if key.expired or key.permissions.create_bucket or any(bucket.permissions.owner for bucket in key.buckets):
            return {}
        # A bucket that the key has no name for appears with its id, and so differs from the policy too.
        return document_of(
            {
                name: {right for right in _RIGHTS if getattr(bucket.permissions, right)}
                for bucket in key.buckets
                for name in bucket.local_aliases or (bucket.id,)
            }
        )

    def update_user(self, name: str, policy: Document) -> None:
        key = self._key(name)
        if key is None:
            raise StorageError(
                f"the access key {one_line(name)} is gone", where=self._url, remedy="pulumi refresh, then pulumi up"
            )
        settings = {"neverExpires": True, "deny": {"createBucket": True}}
        self._call("enable the access key", "UpdateKey", {"id": name}, settings)
        self._set_rights(name, key.buckets, policy)

    def delete_user(self, name: str) -> None:
        if self._key(name) is not None:
            self._call("delete the access key", "DeleteKey", {"id": name}, {})

    def _set_rights(self, name: str, before: Sequence[_Bucket], policy: Document) -> None:
        """Lets the key do what the policy says and no more; `before` are the buckets that it has something of."""
        wanted = {self._bucket_id(bucket): (bucket, may) for bucket, may in rights_in(policy).items()}
        for bucket in before:
            kept = wanted.get(bucket.id)
            for alias in bucket.local_aliases:
                if kept is None or alias != kept[0]:
                    self._alias("RemoveBucketAlias", name, bucket.id, alias)
            if kept is None:
                self._permit("DenyBucketKey", name, bucket.id, _EVERY_RIGHT)
        known = {bucket.id: bucket for bucket in before}
        for bucket_id, (alias, may) in wanted.items():
            bucket = known.get(bucket_id, _NOTHING)
            if alias not in bucket.local_aliases:
                self._alias("AddBucketAlias", name, bucket_id, alias)
            has = {right: getattr(bucket.permissions, right) for right in _EVERY_RIGHT}
            if not all(has[right] for right in may):
                self._permit("AllowBucketKey", name, bucket_id, {right: right in may for right in has})
            if any(there and right not in may for right, there in has.items()):
                self._permit("DenyBucketKey", name, bucket_id, {right: right not in may for right in has})

    def _alias(self, call: str, name: str, bucket_id: str, alias: str) -> None:
        given = {"bucketId": bucket_id, "localAlias": alias, "accessKeyId": name}
        self._call("give the bucket a name for the access key", call, body=given)

    def _permit(self, call: str, name: str, bucket_id: str, permissions: dict[str, bool]) -> None:
        given = {"bucketId": bucket_id, "accessKeyId": name, "permissions": permissions}
        self._call("set the rights of the access key", call, body=given)

    def _key(self, name: str) -> _Key | None:
        return self._read("read the access key", "GetKeyInfo", {"id": name}, _Key, absent="NoSuchAccessKey")

    def _bucket_id(self, bucket: str) -> str:
        """The id of the bucket that has this name for the key that deploys. Raises BucketMissingError."""
        own = self._key(self._session.credentials.access_key_id)
        for each in own.buckets if own else ():
            if bucket in each.local_aliases:
                return each.id
        named = {"globalAlias": bucket}
        found = self._read("find the bucket", "GetBucketInfo", named, _Found, absent="NoSuchBucket")
        if found is None:
            raise BucketMissingError(
                f"Garage has no bucket {one_line(bucket)} that the deploying access key knows by this name",
                where=self._url,
                remedy=f"garage bucket list  # for ID; then: garage bucket alias ID {one_line(bucket)}",
            )
        return found.id

    @cached_property
    def _headers(self) -> dict[str, str]:
        token = (self._session.admin_token or os.environ.get(_VARIABLE, "")).strip()
        if not token:
            raise CredentialsError("there is no token for Garage's admin API", where=self._url, remedy=_SET)
        if not re.fullmatch("[!-~]+", token):
            raise CredentialsError(
                "the token for Garage's admin API contains a space, a line break or another character that none has",
                where=self._url,
                remedy=_SET,
            )
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    @cached_property
    def _pool(self) -> PoolManager:
        # Imported here: other stores do not need it.
        from urllib3 import PoolManager, Timeout

        trusted = ca_bundle() if self._url.startswith("https:") else None
        return PoolManager(timeout=Timeout(_TIMEOUT), retries=False, cert_reqs="CERT_REQUIRED", ca_certs=trusted)

    def _read(self, doing: str, call: str, query: Mapping[str, str], kind: type[T], *, absent: str) -> T | None:
        """The answer to a GET; None if it is the error code `absent`."""
        try:
            return msgspec.json.decode(self._call(doing, call, query), type=kind)
        except msgspec.MsgspecError:
            what = f"cannot {doing}: what answers is not Garage's admin API"
            raise StorageError(what, where=self._url, remedy=_URL) from None
        except StorageError as error:
            if error.code == absent:
                return None
            raise

    def _call(
        self, doing: str, call: str, query: Mapping[str, str] | None = None, body: Document | None = None
    ) -> bytes:
        """The answer to a call of the admin API, a GET without a body."""
        from urllib3.exceptions import HTTPError

        try:
            answer = self._pool.request(
                "GET" if body is None else "POST",
                f"{self._url}/v2/{call}{f'?{urlencode(query)}' if query else ''}",
                body=None if body is None else msgspec.json.encode(body),
                headers=self._headers,
                redirect=False,
                preload_content=False,
            )
            text = answer.read(_LONGEST)
            answer.release_conn()
        except HTTPError as error:
            raise UnreachableError(
                f"cannot {doing}: Garage's admin API does not answer ({type(error).__name__})",
                where=self._url,
                remedy=f"{_URL}, and see that the server runs",
            ) from None
        if answer.status == 200:
            return text
        problem = _problem(text)
        said = f": {one_line(problem.message[:300])}" if problem.message else ""
        if problem.code == "AccessDenied":
            what = f"cannot {doing}: Garage's admin API refuses the token{said}"
            raise CredentialsError(what, where=self._url, remedy=_SET, code=problem.code, status=answer.status)
        raise StorageError(
            f"cannot {doing}: Garage's admin API answers {answer.status}{said}",
            where=self._url,
            remedy=None if problem.code else _URL,
            code=problem.code,
            status=answer.status,
        )


def _problem(text: bytes) -> _Problem:
    """What the admin API says is wrong; empty if something else answers."""
    try:
        return msgspec.json.decode(text, type=_Problem)
    except msgspec.MsgspecError:
        return _Problem()
