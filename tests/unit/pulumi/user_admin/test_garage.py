"""What Garage's admin API may answer besides the truth, and how a token is found."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from chaninfra.channel.errors import CredentialsError, StorageError, UnreachableError
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.user_admin.garage import GarageUserAdmin
from support.servers.web_server import Answer, WebServer, redirect, web_server

PATH = "/v2/GetKeyInfo"
TOKEN = "sesame"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setenv("GARAGE_ADMIN_TOKEN", TOKEN)
    with web_server() as running:
        yield running


def admin(url: str, **config: str) -> GarageUserAdmin:
    store = {"bucket": "b", "endpoint-url": "http://127.0.0.1:9", "region": "garage", "force-path-style": True}
    return GarageUserAdmin(Session({**store, "namespace": "ns", "admin-url": url}, config))  # type: ignore[typeddict-item]


def answers(server: WebServer, body: object, status: int = 200) -> None:
    server.on(PATH, Answer(status, body=body if isinstance(body, bytes) else json.dumps(body).encode()))


def test_the_token_of_the_config_comes_before_that_of_the_environment(server: WebServer) -> None:
    answers(server, {"code": "NoSuchAccessKey", "message": "none"}, 404)
    assert admin(server.url).user_policy("ci") is None
    assert admin(server.url, **{"ns:admin-token": "other"}).user_policy("ci") is None
    assert [each.headers["authorization"] for each in server.requests] == [f"Bearer {TOKEN}", "Bearer other"]


@pytest.mark.parametrize(("token", "said"), [("", "there is no token"), ("se same", "contains a space")])
def test_without_a_token_nothing_is_asked(
    server: WebServer, monkeypatch: pytest.MonkeyPatch, token: str, said: str
) -> None:
    monkeypatch.setenv("GARAGE_ADMIN_TOKEN", token)
    with pytest.raises(CredentialsError, match=said) as refused:
        admin(server.url).user_policy("ci")
    assert "GARAGE_ADMIN_TOKEN" in (refused.value.remedy or "")
    assert server.requests == []
    assert not token or token not in str(refused.value)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>a console</html>",
        b"[]",
        b"null",
        b'{"expired": 1, "permissions": {}, "buckets": []}',
        b'{"expired": false, "permissions": {"createBucket": false}, "buckets": [{"id": 7}]}',
        b'{"expired": false, "permissions": {"createBucket": false}, "buckets": [' + b" " * (5 << 20) + b"]}",
    ],
    ids=["html", "list", "null", "types", "bucket", "long"],
)
def test_what_is_no_answer_of_the_api_is_an_error_and_not_an_absent_key(server: WebServer, body: bytes) -> None:
    answers(server, body)
    with pytest.raises(StorageError, match="not Garage's admin API") as wrong:
        admin(server.url).user_policy("ci")
    assert "admin-url" in (wrong.value.remedy or "")


@pytest.mark.parametrize("status", [400, 404, 500])
def test_only_the_code_of_an_absent_key_means_that_it_is_absent(server: WebServer, status: int) -> None:
    answers(server, b"no such file", status)
    with pytest.raises(StorageError, match=f"answers {status}"):
        admin(server.url).user_policy("ci")


def test_a_redirect_is_not_followed_with_the_token(server: WebServer) -> None:
    server.on(PATH, redirect(f"{server.url}/elsewhere"))
    with pytest.raises(StorageError, match="answers 302"):
        admin(server.url).user_policy("ci")
    assert [path.partition("?")[0] for path in server.paths()] == [PATH]


def test_a_message_of_the_server_is_made_safe_and_short(server: WebServer) -> None:
    answers(server, {"code": "InternalError", "message": "\x1b[2J\n::error::" + "x" * 9000}, 500)
    with pytest.raises(StorageError) as wrong:
        admin(server.url).user_policy("ci")
    assert wrong.value.message.isprintable()
    assert len(wrong.value.message) < 500
    assert TOKEN not in str(wrong.value)


def test_a_port_where_nobody_listens_says_where_and_what_to_set() -> None:
    with web_server() as gone:
        url = gone.url
    with pytest.raises(UnreachableError) as wrong:
        admin(url, **{"ns:admin-token": TOKEN}).user_policy("ci")
    assert wrong.value.where == url
    assert "admin-url" in (wrong.value.remedy or "")
    assert TOKEN not in str(wrong.value)
