"""Users and policies of MinIO, by its admin API (https://github.com/minio/madmin-go)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from chaninfra.channel.extras import require
from chaninfra.channel.s3.error_codes import error_for
from chaninfra.channel.s3.trust import ca_bundle
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.user_admin.base import Document, all_or_nothing, new_secret, with_admin_named

if TYPE_CHECKING:
    from minio import MinioAdmin

_NO_USER, _NO_POLICY = "XMinioAdminNoSuchUser", "XMinioAdminNoSuchPolicy"
_TIMEOUT = 30.0


class MinioUserAdmin:
    """See `UserAdmin`. `get_policy`, `put_policy` and `delete_policy` also serve policies without a user."""

    def __init__(self, session: Session) -> None:
        """Raises MissingExtraError without the client of the admin API."""
        require("pulumi", "minio", what="an access key of MinIO")
        self._session = session

    def create_user(self, name: str, policy: Document) -> str:
        secret = new_secret()
        with all_or_nothing(self, name):
            self.put_policy(name, policy)
            self._call("create the user", lambda: self._admin.user_add(name, secret))
            self._attach(name)
        return secret

    def user_policy(self, name: str) -> Document | None:
        found = self._call("read the user", lambda: self._admin.user_info(name), absent=_NO_USER)
        if found is None:
            return None
        user = json.loads(found)
        # Disabled or with another policy: differs from any policy of ours, so `pulumi up` updates the user.
        if user.get("status") != "enabled" or user.get("policyName") != name:
            return {}
        return self.get_policy(name) or {}

    def update_user(self, name: str, policy: Document) -> None:
        self.put_policy(name, policy)
        self._call("enable the user", lambda: self._admin.user_enable(name))
        self._attach(name)

    def delete_user(self, name: str) -> None:
        self._call("delete the user", lambda: self._admin.user_remove(name), absent=_NO_USER)
        self.delete_policy(name)

    def get_policy(self, name: str) -> Document | None:
        """The policy of this name; None if there is none."""
        found = self._call("read the policy", lambda: self._admin.policy_info(name), absent=_NO_POLICY)
        return None if found is None else dict(json.loads(found))

    def put_policy(self, name: str, policy: Document) -> None:
        """Writes the policy of this name."""
        self._call("write the policy", lambda: self._admin.policy_add(name, policy=policy))

    def delete_policy(self, name: str) -> None:
        """Deletes the policy of this name; a missing one is no error."""
        self._call("delete the policy", lambda: self._admin.policy_remove(name), absent=_NO_POLICY)

    def _attach(self, name: str) -> None:
        self._call("attach the policy to the user", lambda: self._admin.policy_set(name, user=name))

    @cached_property
    def _admin(self) -> MinioAdmin:
        # Imported here: the import is slow, and other stores do not need it.
        from minio import MinioAdmin
        from minio.credentials.providers import StaticProvider
        from urllib3 import PoolManager, Retry, Timeout

        url, known = urlsplit(self._session.location.endpoint_url), self._session.credentials
        return MinioAdmin(
            endpoint=url.netloc,
            secure=url.scheme == "https",
            credentials=StaticProvider(known.access_key_id, known.secret_access_key, known.session_token),
            http_client=PoolManager(
                timeout=Timeout(_TIMEOUT),
                retries=Retry(total=3, redirect=False, backoff_factor=0.2, status_forcelist=[502, 503, 504]),
                cert_reqs="CERT_REQUIRED",
                ca_certs=ca_bundle() if url.scheme == "https" else None,
            ),
        )

    def _call(self, doing: str, call: Callable[[], str], *, absent: str = "") -> str | None:
        """The answer; None if it is the error code `absent`."""
        with self._translating_errors(doing, absent):
            return call()
        return None

    @contextmanager
    def _translating_errors(self, doing: str, absent: str) -> Iterator[None]:
        from minio.error import MinioAdminException
        from urllib3.exceptions import HTTPError

        try:
            yield
        except MinioAdminException as error:
            status, code = error._code, _code(error._body)
            if code != absent:
                raise with_admin_named(
                    error_for(self._session.location, code, int(status), doing=f"{doing} by the admin API for")
                ) from None
        except HTTPError as error:
            raise error_for(
                self._session.location, "", None, doing=doing, detail=type(error).__name__, text=str(error)
            ) from None


def _code(body: Any) -> str:
    try:
        return str(json.loads(body).get("Code", ""))
    except (ValueError, AttributeError):
        return ""
