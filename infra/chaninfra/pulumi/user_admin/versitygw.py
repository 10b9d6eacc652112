"""Users of versitygw, by its admin API. The bucket policy holds their permissions and names their access keys.

Source: the `versitygw admin` command. The API is at the S3 endpoint, unless the server runs with `--admin-port`.
"""

from __future__ import annotations

from urllib.parse import quote
from xml.etree import ElementTree

from chaninfra.channel.errors import DeniedError
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.signed_request import send
from chaninfra.pulumi.user_admin.base import Document, new_secret, with_admin_named


class VersitygwUserAdmin:
    """See `UserAdmin`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create_user(self, name: str, policy: Document) -> str:
        secret = new_secret()
        self._call("create the user", "create-user", {"Access": name, "Secret": secret, "Role": "user"})
        return secret

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
        """The body of the answer; `account` is sent as XML."""
        url = f"{self._session.location.endpoint_url}/{path}"
        try:
            return send(self._session, "PATCH", url, _xml(account), doing=f"{doing} by the admin API for")
        except DeniedError as error:
            raise with_admin_named(error) from None


def _xml(account: dict[str, str] | None) -> bytes:
    if account is None:
        return b""
    root = ElementTree.Element("Account")
    for name, value in account.items():
        ElementTree.SubElement(root, name).text = value
    return ElementTree.tostring(root)
