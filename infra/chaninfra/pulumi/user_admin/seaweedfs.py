"""Users of SeaweedFS, by the part of the IAM API that its S3 server has at the S3 endpoint.

It is like that of AWS (IAM API Reference), except that CreateAccessKey takes the key from the caller, so that the user
can be named as the access key id. Only a server with `-s3.iam.readOnly=false` takes changes.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from xml.etree import ElementTree

from chaninfra.channel.errors import CredentialsError, DeniedError, StorageError
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.signed_request import send
from chaninfra.pulumi.user_admin.base import Document, all_or_nothing, new_secret, with_admin_named

_POLICY = "channel"
"""The name of the user's own policy."""
_ABSENT = frozenset({"NoSuchEntity"})


class SeaweedfsUserAdmin:
    """See `UserAdmin`. A user may make more keys for itself, unless the server is told otherwise; they are removed with
    the next update, and with the user."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create_user(self, name: str, policy: Document) -> str:
        secret = new_secret()
        self._call("create the user", "CreateUser", name)
        with all_or_nothing(self, name):
            self._put_policy(name, policy)
            self._call("make the key of the user", "CreateAccessKey", name, AccessKeyId=name, SecretAccessKey=secret)
        return secret

    def user_policy(self, name: str) -> Document | None:
        keys = self._keys(name)
        if name not in keys:
            self._check_writable(name)
            return None
        policies = self._names("list the policies of the user", "ListUserPolicies", name, "member")
        attached = self._attached(name)
        # With more keys or policies, or a key that is not active: differs from any policy of ours, so that `pulumi up`
        # updates the user.
        if keys != {name: "Active"} or policies != [_POLICY] or attached:
            return {}
        answer = self._call("read the policy of the user", "GetUserPolicy", name, PolicyName=_POLICY)
        return dict(json.loads(answer.findtext(".//{*}PolicyDocument") or "{}"))

    def update_user(self, name: str, policy: Document) -> None:
        self._put_policy(name, policy)
        for other in self._names("list the policies of the user", "ListUserPolicies", name, "member"):
            if other != _POLICY:
                self._call("delete a policy of the user", "DeleteUserPolicy", name, PolicyName=other)
        for arn in self._attached(name):
            self._call("detach a policy from the user", "DetachUserPolicy", name, PolicyArn=arn)
        for key, status in self._keys(name).items():
            if key != name:
                self._call("delete a key of the user", "DeleteAccessKey", name, AccessKeyId=key)
            elif status != "Active":
                self._call("enable the key of the user", "UpdateAccessKey", name, AccessKeyId=key, Status="Active")

    def delete_user(self, name: str) -> None:
        """The store deletes only a user without keys."""
        for key in self._keys(name):
            self._call("delete a key of the user", "DeleteAccessKey", name, AccessKeyId=key)
        self._call("delete the user", "DeleteUser", name, absent=_ABSENT)

    def _put_policy(self, name: str, policy: Document) -> None:
        document = json.dumps(policy)
        self._call("write the policy of the user", "PutUserPolicy", name, PolicyName=_POLICY, PolicyDocument=document)

    def _keys(self, name: str) -> dict[str, str]:
        """Access key id → status, of all keys of the user; empty if there is no such user."""
        answer = self._call("list the keys of the user", "ListAccessKeys", name)
        return {
            key: found.findtext("{*}Status") or ""
            for found in answer.findall(".//{*}member")
            if (key := found.findtext("{*}AccessKeyId")) and found.findtext("{*}UserName") in (name, None)
        }

    def _attached(self, name: str) -> list[str]:
        """The ARNs of the policies that are attached to the user."""
        return self._names("list the policies of the user", "ListAttachedUserPolicies", name, "PolicyArn")

    def _names(self, doing: str, action: str, name: str, tag: str) -> list[str]:
        return [found.text for found in self._call(doing, action, name).findall(f".//{{*}}{tag}") if found.text]

    def _check_writable(self, name: str) -> None:
        """Raises DeniedError if the API takes no changes. It deletes the key of a user who has none: no change."""
        try:
            self._call("change users", "DeleteAccessKey", name, AccessKeyId=name)
        except CredentialsError:
            raise
        except DeniedError as error:
            raise DeniedError(
                "the store's IAM API lets these credentials read users and change none",
                where=error.where,
                remedy="start the S3 server of SeaweedFS with -s3.iam.readOnly=false (`weed s3`: -iam.readOnly=false); "
                "or remove `key`, and make a key by hand with the rights that `chaninfra policy` prints",
                code=error.code,
                status=error.status,
            ) from None

    def _call(
        self, doing: str, action: str, name: str, *, absent: Collection[str] = (), **parameters: str
    ) -> ElementTree.Element:
        """The answer; an empty one if it is one of the error codes `absent`. What is sent is in the body alone, since
        URLs are logged."""
        form = {"Action": action, "Version": "2010-05-08", "UserName": name, **parameters}
        url = f"{self._session.location.endpoint_url}/"
        words = f"{doing} by the IAM API for"
        try:
            answer = send(self._session, "POST", url, form=form, doing=words, service="iam")
        except StorageError as error:
            if error.code in absent:
                return ElementTree.Element("nothing")
            raise with_admin_named(error) from None
        return ElementTree.fromstring(answer)  # noqa: S314 - the server's own
