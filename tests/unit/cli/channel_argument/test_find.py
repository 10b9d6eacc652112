"""CHANNEL and flags → a descriptor: from a file, stdin, a URL, a stack, or flags alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, CredentialsError, DeniedError
from chaninfra.channel.outputs.descriptor import Descriptor, dump, to_document
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.cli.app import app
from chaninfra.cli.channel_argument import find as finding
from chaninfra.cli.channel_argument.find import find, open_channel
from chaninfra.cli.store_flags import StoreFlags
from support.channels.channels import descriptor

NOTHING = StoreFlags()


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "S3_REGION", "CHANINFRA_CHANNEL"):
        monkeypatch.delenv(name, raising=False)
    for kind in ("AWS", "S3"):
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "ENDPOINT_URL", "ENDPOINT_URL_S3"):
            monkeypatch.delenv(f"{kind}_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "channel.json"
    path.write_bytes(dump(descriptor("one")))
    return str(path)


def only(text: str | None, flags: StoreFlags = NOTHING, **more: Any) -> Descriptor:
    (found,) = find(text, flags, more.pop("reading", "strict"), **more)
    return found.descriptor


def test_a_file(file: str) -> None:
    assert only(file) == descriptor("one")


def test_left_out_it_is_the_variable(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANINFRA_CHANNEL", file)
    assert only(None) == descriptor("one")


def test_stdin() -> None:
    done = CliRunner().invoke(app, ["manifest", "-"], input=dump(descriptor("one")))
    assert '"s3://my-bucket/one"' in done.stdout


def test_the_output_of_a_stack_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "channels.json"
    both = {name: to_document(descriptor(name)) for name in ("one", "two")}
    path.write_text(json.dumps(both))
    assert [each.descriptor.name for each in find(str(path), NOTHING, "strict")] == ["one", "two"]
    with pytest.raises(ConfigurationError, match="2 channels"):
        open_channel(str(path), NOTHING, "write")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not JSON"),
        (b"[]", "should be a mapping"),
        (dump(descriptor("one")).replace(b'"region"', b'"regoin"'), "unknown key"),
        (dump(descriptor("one")).replace(b'"version": 1', b'"version": 2'), "newer"),
    ],
)
def test_a_bad_file_is_named_with_a_remedy(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "channel.json"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message) as caught:
        only(str(path))
    assert str(path) in str(caught.value)
    assert caught.value.remedy


def test_a_missing_file_names_the_forms_of_a_channel(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        only(str(tmp_path / "none.json"))
    assert "stack:NAME#CHANNEL" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "asked", "names"),
    [
        ("stack:prod", "prod", ["one", "two"]),
        ("stack:prod#two", "prod", ["two"]),
        ("stack:#one", None, ["one"]),
        (None, None, ["one", "two"]),
    ],
)
def test_a_stack(text: str | None, asked: str | None, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def stack_output(stack: str | None, cwd: Path) -> Any:
        assert stack == asked
        return {name: to_document(descriptor(name)) for name in ("one", "two")}

    monkeypatch.setattr("chaninfra.engine.stacks.stack_output", stack_output)
    assert [each.descriptor.name for each in find(text, NOTHING, "strict")] == names


def test_a_channel_that_the_stack_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    output = {"stable": to_document(descriptor("stable"))}
    monkeypatch.setattr("chaninfra.engine.stacks.stack_output", lambda *_: output)
    with pytest.raises(ConfigurationError, match="no channel 'stabel'") as caught:
        only("stack:prod#stabel")
    assert caught.value.remedy == "did you mean 'stable'?"


@contextmanager
def web(status: int, body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/one"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_url() -> None:
    with web(200, dump(descriptor("one"))) as url:
        assert only(url) == descriptor("one")


@pytest.mark.parametrize(("status", "code"), [(404, 2), (403, 5), (500, 1)])
def test_a_url_that_has_none(status: int, code: int) -> None:
    with web(status, b"") as url, pytest.raises(ChaninfraError) as caught:
        only(url)
    assert caught.value.exit_code == code


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(ChaninfraError, match="no answer") as caught:
        only("http://127.0.0.1:1/one")
    assert caught.value.exit_code == 1


def test_flags_win_over_the_descriptor(file: str) -> None:
    flags = StoreFlags(
        provider="custom", endpoint_url="http://127.0.0.1:9000/", region="eu", addressing_style="virtual-host"
    )
    changed = only(file, flags)
    assert (changed.provider, changed.endpoint_url, changed.region) == ("custom", "http://127.0.0.1:9000", "eu")
    assert changed.force_path_style is False


def test_a_public_url_follows_the_endpoint(tmp_path: Path) -> None:
    own = descriptor("one", visibility="public", auth="public", public_url="https://minio.example.com/my-bucket/one")
    path = tmp_path / "channel.json"
    path.write_bytes(dump(own))
    assert (
        only(str(path), StoreFlags(endpoint_url="http://localhost:1")).public_url == "http://localhost:1/my-bucket/one"
    )


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (StoreFlags(endpoint_url="nonsense"), "endpoint-url"),
        (StoreFlags(provider="nonsense"), "unknown provider"),
    ],
)
def test_a_flag_that_is_not_valid(file: str, flags: StoreFlags, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        only(file, flags)


def test_without_a_provider_it_is_custom_with_an_endpoint_and_else_aws() -> None:
    assert only("s3://b-b/c", StoreFlags(endpoint_url="http://h"), reading="offline").provider == "custom"
    assert only("s3://b-b/c", StoreFlags(region="eu-central-1"), reading="offline").provider == "aws"


def test_the_environment_says_where_the_store_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert only("s3://b-b/c", reading="offline").region == "eu-central-1"
    # It is for AWS, and a store with a region of its own does not take it.
    assert only("s3://b-b/c", StoreFlags(provider="gcs"), reading="offline").region == "us-east-1"
    monkeypatch.setenv("S3_REGION", "de-1")
    monkeypatch.setenv("S3_ENDPOINT_URL", "http://127.0.0.1:9")
    found = only("s3://b-b/c", reading="offline")
    assert (found.region, found.endpoint_url) == ("de-1", "http://127.0.0.1:9")
    assert only("s3://b-b/c", StoreFlags(provider="gcs"), reading="offline").endpoint_url.endswith("googleapis.com")


@pytest.mark.parametrize(
    ("text", "flags", "remedy"),
    [
        ("s3://b-b/c", NOTHING, "--region"),
        ("s3://b-b/c", StoreFlags(provider="hetzner"), "--endpoint-url"),
        ("s3://b-b/c", StoreFlags(provider="minio"), "--endpoint-url"),
        ("s3://b-b/c", StoreFlags(provider="wasabi"), "--region"),
        ("s3://b-b/c", StoreFlags(provider="wasbi"), "wasabi"),
        ("s3://b-b/noarch", StoreFlags(provider="gcs"), "folder"),
        ("s3://B_B/c", StoreFlags(provider="gcs"), "bucket"),
    ],
)
def test_what_is_missing_is_said_in_flags(text: str, flags: StoreFlags, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        only(text, flags, reading="offline")
    assert remedy in (caught.value.remedy or "")


def refuse(error: ChaninfraError) -> Any:
    def get(self: S3Store, key: str) -> Any:
        raise error

    return get


def test_a_channel_json_that_cannot_be_read_stops_a_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Store, "get", refuse(DeniedError("no")))
    given = StoreFlags(endpoint_url="http://h", access_key_id="a", secret_access_key="b")
    with pytest.raises(DeniedError):
        open_channel("s3://b-b/c", given, "write")


def test_manifest_makes_do_with_flags_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(S3Store, "get", refuse(DeniedError("no")))
    assert only("s3://b-b/c", StoreFlags(endpoint_url="http://h"), reading="lenient").name == "c"
    assert "channel.json could not be read" in capsys.readouterr().err
    with pytest.raises(ChaninfraError):
        only("s3://b-b/c", StoreFlags(region="eu"), reading="lenient")


def test_offline_makes_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Store, "get", refuse(AssertionError("a request")))  # type: ignore[arg-type]
    monkeypatch.setattr(finding, "credentials_of", refuse(AssertionError("a look for credentials")))  # type: ignore[arg-type]
    assert only("s3://b-b/c", StoreFlags(provider="gcs"), reading="offline").name == "c"
    with pytest.raises(ConfigurationError):
        only("https://example.com/c", reading="offline")


def test_a_copied_channel_json_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "_read_channel_json", lambda *_: descriptor("one"))
    with pytest.raises(ConfigurationError, match="another channel"):
        only("s3://b-b/c", StoreFlags(provider="gcs"))


def test_half_a_pair_of_credentials_is_not_taken_for_none(file: str) -> None:
    with pytest.raises(CredentialsError, match="no secret access key"):
        open_channel(file, StoreFlags(access_key_id="a"), "read")


def test_a_reader_may_be_anybody_and_a_writer_may_not(file: str) -> None:
    assert open_channel(file, NOTHING, "read").credentials is None
    with pytest.raises(CredentialsError):
        open_channel(file, NOTHING, "write")


def test_init_of_a_descriptor_takes_no_settings(file: str) -> None:
    done = CliRunner().invoke(app, ["init", file, "--name", "x"])
    assert isinstance(done.exception, ConfigurationError)
