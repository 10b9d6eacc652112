"""Settings of boto3 clients, and their errors."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from boto3.session import Session
from botocore.exceptions import (
    BotoCoreError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

from chaninfra.channel.errors import UnreachableError
from chaninfra.channel.location import Location
from chaninfra.channel.s3.boto import s3_client, translating_errors
from chaninfra.channel.s3.error_codes import error_for


@pytest.mark.parametrize(("force_path_style", "style"), [(True, "path"), (False, "virtual")])
def test_addressing_style_in_botocores_words(force_path_style: bool, style: str) -> None:
    location = Location(bucket="b", endpoint_url="http://host", region="eu-1", force_path_style=force_path_style)
    config = s3_client(location, None).meta.config.s3  # type: ignore[attr-defined]
    assert config["addressing_style"] == style


CAUSES = {
    "[Errno 111] Connection refused": "the connection was refused",
    "timed out": "it took too long",
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed": "the certificate is not trusted",
    "[Errno -2] Name or service not known": "there is no host of this name",
}


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("kind", [EndpointConnectionError, ConnectTimeoutError, ReadTimeoutError, SSLError])
def test_why_no_answer_came_is_told_as_by_the_other_client(kind: type[BotoCoreError], cause: str) -> None:
    location = Location(bucket="b-b", endpoint_url="https://h", region="eu-1", force_path_style=True)
    with pytest.raises(UnreachableError) as caught, translating_errors(location, "list"):
        raise kind(endpoint_url="https://h/b-b", error=OSError(cause))
    told = error_for(location, "", None, doing="list", text=cause)
    assert CAUSES[cause] in caught.value.message
    assert (caught.value.message, caught.value.remedy) == (told.message, told.remedy)


def test_threads_that_ask_at_once_share_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    location = Location(bucket="b", endpoint_url="http://127.0.0.1:7", region="at-once", force_path_style=True)
    begun = Session.__init__

    def slow(self: Session) -> None:
        time.sleep(0.1)
        begun(self)

    monkeypatch.setattr(Session, "__init__", slow)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: s3_client(location, None), range(8)))
    assert len(set(map(id, made))) == 1
