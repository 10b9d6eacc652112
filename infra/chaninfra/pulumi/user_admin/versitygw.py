"""Users of versitygw, by its admin API. The bucket policy holds their permissions and names their access keys.

Source: the `versitygw admin` command. The API is at the S3 endpoint, unless the server runs with `--admin-port`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from chaninfra.channel.s3.boto import no_answer
from chaninfra.channel.s3.error_codes import error_for
from chaninfra.channel.s3.trust import ca_bundle
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.user_admin.base import Document, with_admin_named

_TIMEOUT = 30


class VersitygwUserAdmin:
    """See `UserAdmin`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create_user(self, name: str, secret: str, policy: Document) -> None:
        self._call("create the user", "create-user", {"Access": name, "Secret": secret, "Role": "user"})

    def user_policy(self, name: str) -> Document | None:
        answer = self._call("list the users", "list-users")
        names = [found.text for found in ElementTree.fromstring(answer).iter("Access")]  # noqa: S314 - the server's own
        return {} if name in names else None

    def update_user(self, name: str, policy: Document) -> None:
        """Does nothing: the bucket policy holds the permissions."""

    def delete_user(self, name: str) -> None:
        if self.user_policy(name) is not None:
            self._call("delete the user", f"delete-user?access={quote(name, safe='')}")

    def _call(self, doing: str, path: str, account: dict[str, str] | None = None) -> str:
        """The body of the answer to a request signed with the session's credentials; `account` is sent as XML."""
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        from botocore.exceptions import BotoCoreError
        from botocore.httpsession import URLLib3Session

        location, known = self._session.location, self._session.credentials
        request = AWSRequest(method="PATCH", url=f"{location.endpoint_url}/{path}", data=_xml(account))
        keys = Credentials(known.access_key_id, known.secret_access_key, known.session_token)
        S3SigV4Auth(keys, "s3", location.region).add_auth(request)
        verify: Any = ca_bundle() if location.endpoint_url.startswith("https:") else True
        try:
            answer = URLLib3Session(timeout=_TIMEOUT, verify=verify).send(request.prepare())
        except BotoCoreError as error:
            raise no_answer(location, error, doing=doing) from None
        if answer.status_code >= 300:
            raise with_admin_named(
                error_for(location, _code(answer.content), answer.status_code, doing=f"{doing} by the admin API for")
            )
        return str(answer.text)


def _xml(account: dict[str, str] | None) -> bytes:
    if account is None:
        return b""
    root = ElementTree.Element("Account")
    for name, value in account.items():
        ElementTree.SubElement(root, name).text = value
    return ElementTree.tostring(root)


def _code(body: Any) -> str:
    try:
        return ElementTree.fromstring(body).findtext("Code") or ""  # noqa: S314 - the server's own
    except ElementTree.ParseError:
        return ""
