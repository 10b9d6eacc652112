"""Users of Ceph, by its Admin Ops API, and their policies, by its IAM API; both are at the S3 endpoint.

Sources: https://docs.ceph.com/en/pacific/radosgw/adminops/, and `radosgw-admin caps`.
"""

from __future__ import annotations

import json
from contextlib import suppress
from shlex import quote
from typing import Any, NoReturn
from urllib.parse import urlencode
from xml.etree import ElementTree

from chaninfra.channel.errors import CredentialsError, DeniedError, StorageError, UnsupportedError
from chaninfra.channel.text import one_line
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.signed_request import send
from chaninfra.pulumi.user_admin.base import BY_HAND, Document, all_or_nothing

_POLICY = "channel"
"""The name of the user's policy."""
_CAPS = "users=*;user-policy=*"
_NO_USER, _NO_POLICY = "NoSuchUser", "NoSuchEntity"
# A gateway without the API takes /admin for a bucket, and a POST to / for one with a form.
_NO_API = frozenset({"NoSuchBucket", "NoSuchKey", "MethodNotAllowed", "NotImplemented"})


class CephUserAdmin:
    """See `UserAdmin`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create_user(self, name: str, policy: Document) -> str:
        # Ceph makes the secret: it takes one only as a parameter of the URL, and radosgw logs the URLs of requests. Of
        # itself, a new user may make buckets of its own.
        params = {"display-name": name, "access-key": name, "max-buckets": "-1"}
        made = self._user("create the user", "PUT", name, params, caps="users=write")
        with all_or_nothing(self, name):
            self._put_policy(name, policy)
            return _secret(made, name)

    def user_policy(self, name: str) -> Document | None:
        # The policies first, and then the user, also if it has none: so a preview tells which of the two is denied.
        names = self._policies(name)
        try:
            user = json.loads(self._user("read the user", "GET", name, caps="users=read"))
        except StorageError as error:
            if error.code == _NO_USER:
                return None
            raise
        # Without its key the user is of no use, and this key cannot be made again.
        if not any(key.get("access_key") == name for key in user.get("keys", [])):
            return None
        # Suspended or with another policy: differs from any policy of ours, so `pulumi up` updates the user.
        if user.get("suspended") or names != [_POLICY]:
            return {}
        answer = self._iam(
            "read the policy of the user", "GetUserPolicy", name, caps="user-policy=read", policy=_POLICY
        )
        return dict(json.loads(ElementTree.fromstring(answer).findtext(".//PolicyDocument") or "{}"))  # noqa: S314

    def update_user(self, name: str, policy: Document) -> None:
        # First: with any change of a user Ceph 16 forgets the user's policies.
        self._user("enable the user", "POST", name, {"suspended": "false"}, caps="users=write")
        for other in self._policies(name):
            if other != _POLICY:
                doing = "remove another policy of the user"
                self._iam(doing, "DeleteUserPolicy", name, caps="user-policy=write", policy=other)
        self._put_policy(name, policy)

    def delete_user(self, name: str) -> None:
        """See `UserAdmin`. Ceph deletes the key and the policy with the user."""
        try:
            self._user("delete the user", "DELETE", name, caps="users=write")
        except StorageError as error:
            if error.code != _NO_USER:
                raise

    def _policies(self, name: str) -> list[str]:
        """The names of the user's policies; none if there is no such user."""
        try:
            answer = self._iam("list the policies of the user", "ListUserPolicies", name, caps="user-policy=read")
        except StorageError as error:
            if error.code == _NO_POLICY:
                return []
            raise
        return [member.text or "" for member in ElementTree.fromstring(answer).iter("member")]  # noqa: S314

    def _put_policy(self, name: str, policy: Document) -> None:
        text = json.dumps(policy, separators=(",", ":"))
        doing = "write the policy of the user"
        self._iam(doing, "PutUserPolicy", name, caps="user-policy=write", policy=_POLICY, document=text)

    def _user(self, doing: str, method: str, name: str, params: dict[str, str] | None = None, *, caps: str) -> str:
        """The answer of the Admin Ops API, which has the secret of the user's key: it must not get into an error."""
        query = urlencode({"format": "json", "uid": name, **(params or {})})
        return self._send(doing, method, f"admin/user?{query}", caps=caps)

    def _iam(
        self, doing: str, action: str, name: str, *, caps: str, policy: str | None = None, document: str | None = None
    ) -> str:
        """The answer of the IAM API."""
        form = {"Action": action, "Version": "2010-05-08", "UserName": name}
        form |= {} if policy is None else {"PolicyName": policy}
        form |= {} if document is None else {"PolicyDocument": document}
        return self._send(doing, "POST", "", form, caps=caps)

    def _send(self, doing: str, method: str, path: str, form: dict[str, str] | None = None, *, caps: str) -> str:
        url = f"{self._session.location.endpoint_url}/{path}"
        try:
            return send(self._session, method, url, form=form, doing=f"{doing} by the admin API for")
        except CredentialsError:
            raise
        except DeniedError as error:
            self._without_caps(error, caps)
        except StorageError as error:
            if error.code not in _NO_API:
                raise
            raise UnsupportedError(
                f"cannot {doing}: this gateway answers neither at /admin nor to calls of IAM ({error.code})",
                where=error.where,
                remedy="let `rgw_enable_apis` of the gateway have s3, admin and iam (the default has them), and "
                f"`rgw_admin_entry` be admin; {BY_HAND}",
                code=error.code,
                status=error.status,
            ) from None

    def _without_caps(self, error: DeniedError, caps: str) -> NoReturn:
        """The error, with what is missing and the command that adds it."""
        raise DeniedError(
            f"{error.message}: the deployer has not the admin capability `{caps}` of Ceph, and `key` makes users",
            where=error.where,
            remedy="let the operator of the cluster run `radosgw-admin caps add "
            f"--uid={self._deployer()} --caps={quote(_CAPS)}`, and run this again; {BY_HAND}",
            code=error.code,
            status=error.status,
        ) from None

    def _deployer(self) -> str:
        """The user of Ceph whose key this is, for a shell: what ListBuckets calls the owner."""
        with suppress(Exception):
            return quote(one_line(self._session.client.list_buckets()["Owner"]["ID"][:200]))
        return "DEPLOYER"


def _secret(answer: str, name: str) -> str:
    """The secret of the user's key in the answer. Raises StorageError, without what was answered."""
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        user: Any = json.loads(answer)
        for key in user["keys"]:
            if key["access_key"] == name and isinstance(key["secret_key"], str) and key["secret_key"]:
                return str(key["secret_key"])
    raise StorageError(f"the store made the user {name}, and its answer has no key of it")
