"""A request that no client of boto3 makes, signed with the credentials of a session."""

from __future__ import annotations

from typing import Any, Literal
from xml.etree import ElementTree

from chaninfra.channel.s3.boto import no_answer
from chaninfra.channel.s3.error_codes import error_for
from chaninfra.channel.s3.trust import ca_bundle
from chaninfra.pulumi.bucket_session import Session

_TIMEOUT = 30


def send(
    session: Session,
    method: str,
    url: str,
    data: bytes = b"",
    *,
    doing: str,
    service: Literal["s3", "iam"] = "s3",
    content_type: str | None = None,
) -> str:
    """The body of the answer. Raises StorageError; `doing` is the verb for its message."""
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session

    location, known = session.location, session.credentials
    headers = {"Content-Type": content_type} if content_type else {}
    request = AWSRequest(method=method, url=url, data=data, headers=headers)
    keys = Credentials(known.access_key_id, known.secret_access_key, known.session_token)
    sign = S3SigV4Auth if service == "s3" else SigV4Auth
    sign(keys, service, location.region).add_auth(request)
    verify: Any = ca_bundle() if location.endpoint_url.startswith("https:") else True
    try:
        answer = URLLib3Session(timeout=_TIMEOUT, verify=verify).send(request.prepare())
    except BotoCoreError as error:
        raise no_answer(location, error, doing=doing) from None
    if answer.status_code >= 300:
        raise error_for(location, _code(answer.content), answer.status_code, doing=doing)
    return str(answer.text)


def _code(body: Any) -> str:
    try:
        # S3 has it in <Error>, the other services in <ErrorResponse><Error>, with a namespace.
        return ElementTree.fromstring(body).findtext(".//{*}Code") or ""  # noqa: S314 - the server's own
    except ElementTree.ParseError:
        return ""
