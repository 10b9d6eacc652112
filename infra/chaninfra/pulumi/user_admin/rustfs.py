"""Users and policies of RustFS, by its admin API, which is at the S3 endpoint: `/rustfs/admin/v3`.

Source: RustFS's source, 1.0.1, src/admin/handlers. It is MinIO's API with bodies that are not encrypted, and other
answers.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from chaninfra.channel.errors import DeniedError, StorageError
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.signed_request import send
from chaninfra.pulumi.user_admin.base import Document, all_or_nothing, new_secret, with_admin_named

_MISSING = "NoSuchResource"


class RustfsUserAdmin:
    """See `UserAdmin`. A user has the policy of its own name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create_user(self, name: str, policy: Document) -> str:
        secret = new_secret()
        with all_or_nothing(self, name):
            self._put_policy(name, policy)
            account = {"secretKey": secret, "status": "enabled"}
            self._call("create the user", "PUT", "add-user", {"accessKey": name}, account)
            self._attach(name)
        return secret

    def user_policy(self, name: str) -> Document | None:
        found = self._find("read the user", "user-info", {"accessKey": name})
        if found is None:
            return None
        # Disabled or with another policy: differs from any policy of ours, so `pulumi up` updates the user.
        if found.get("status") != "enabled" or found.get("policyName") != name:
            return {}
        return self._policy(name) or {}

    def update_user(self, name: str, policy: Document) -> None:
        self._put_policy(name, policy)
        self._call("enable the user", "PUT", "set-user-status", {"accessKey": name, "status": "enabled"})
        self._attach(name)

    def delete_user(self, name: str) -> None:
        if self._find("read the user", "user-info", {"accessKey": name}) is not None:
            self._call("delete the user", "DELETE", "remove-user", {"accessKey": name})
        # To delete a missing policy is an internal error of the server.
        if self._policy(name) is not None:
            self._call("delete the policy", "DELETE", "remove-canned-policy", {"name": name})

    def _policy(self, name: str) -> Document | None:
        """The policy of this name; None if there is none."""
        found = self._find("read the policy", "info-canned-policy", {"name": name})
        return None if found is None else dict(found.get("policy") or {})

    def _put_policy(self, name: str, policy: Document) -> None:
        self._call("write the policy", "PUT", "add-canned-policy", {"name": name}, policy)

    def _attach(self, name: str) -> None:
        query = {"policyName": name, "userOrGroup": name, "isGroup": "false"}
        self._call("attach the policy to the user", "PUT", "set-user-or-group-policy", query)

    def _find(self, doing: str, command: str, query: dict[str, str]) -> dict[str, Any] | None:
        """The object that is answered; None if there is no such user or policy."""
        try:
            return dict(json.loads(self._call(doing, "GET", command, query)))
        except StorageError as error:
            if error.code == _MISSING:
                return None
            raise

    def _call(self, doing: str, method: str, command: str, query: dict[str, str], body: Document | None = None) -> str:
        """The body of the answer; `body` is sent as JSON."""
        url = f"{self._session.location.endpoint_url}/rustfs/admin/v3/{command}?{urlencode(query)}"
        data = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        try:
            return send(self._session, method, url, data, doing=f"{doing} by the admin API for")
        except DeniedError as error:
            raise with_admin_named(error) from None
