"""A request that no client of boto3 makes, signed with the credentials of a session."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlencode

from chaninfra.channel.s3.boto import no_answer
from chaninfra.channel.s3.error_codes import error_for
from chaninfra.channel.s3.trust import ca_bundle
from chaninfra.pulumi.bucket_session import Session

_TIMEOUT = 30
# As XML or JSON; Ceph's IAM API answers some errors with XML that is not well-formed.
_CODE = re.compile(rb"""<Code>\s*(\w{1,100})\s*</Code>|"Code"\s*:\s*"(\w{1,100})\"""")


def send(
    session: Session,
    method: str,
    url: str,
    data: bytes = b"",
    *,
    form: Mapping[str, str] | None = None,
    service: Literal["s3", "iam"] = "s3",
    doing: str,
) -> str:
    """The body of the answer. Raises StorageError; `doing` is the verb for its message. `form`: the body, as a form."""
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from botocore.exceptions import BotoCoreError
    from botocore.httpsession import URLLib3Session

    location, known = session.location, session.credentials
    headers = {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
    body = data if form is None else urlencode(form).encode()
    request = AWSRequest(method=method, url=url, data=body, headers=headers)
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


def _code(body: bytes) -> str:
    """The error code in an answer; "" if it has none."""
    found = _CODE.search(body)
    return (found[1] or found[2]).decode() if found else ""
