"""CHANNEL and flags to descriptors: from a file, stdin, a URL or a stack."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    ConfigurationError,
    CredentialsError,
    DeniedError,
    NotS3Error,
    UnreachableError,
)
from chaninfra.channel.objects import ObjectBody, ObjectMeta, StoredObject
from chaninfra.channel.outputs.descriptor import Descriptor, dump, to_document
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.cli.app import app
from chaninfra.cli.channel_argument import find as finding
from chaninfra.cli.channel_argument.find import find, open_channel
from chaninfra.cli.store_flags import StoreFlags
from support.channels.channels import descriptor
from support.index_model.memory_store import MemoryStore

NOTHING = StoreFlags()


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "channel.json"
    path.write_bytes(dump(descriptor("one")))
    return str(path)


def only(text: str | None, flags: StoreFlags = NOTHING, **more: Any) -> Descriptor:
    (found,) = find(text, flags, more.pop("reading", "strict"), **more)
    return found.descriptor


def test_a_descriptor_in_a_file(file: str) -> None:
    assert only(file) == descriptor("one")


def test_without_the_argument_the_variable_is_used(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANINFRA_CHANNEL", file)
    assert only(None) == descriptor("one")


def test_a_descriptor_from_stdin() -> None:
    done = CliRunner().invoke(app, ["manifest", "-"], input=dump(descriptor("one")))
    assert '"s3://my-bucket/one"' in done.stdout


def test_a_file_with_the_stack_output_names_several_channels(tmp_path: Path) -> None:
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
        (dump(descriptor("one")).replace(b'"version": 2', b'"version": 3'), "newer"),
    ],
)
def test_an_invalid_file_is_named_with_a_remedy(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "channel.json"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message) as caught:
        only(str(path))
    assert str(path) in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "meant"),
    [("my-bucket", "s3://my-bucket, for a stack stack:my-bucket;"), ("my-bucket/c/", "s3://my-bucket/c;")],
)
def test_a_bucket_without_its_scheme_is_printed_with_it(
    text: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        only(text)
    assert f"for a bucket write {meant}" in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Pulumi.prod.yaml", "stack:prod"),
        ("a-1.0-0.conda", "that is a package"),
        ("pixi.toml", "--into pixi.toml"),
    ],
)
def test_a_file_of_another_kind_is_told_where_it_belongs(name: str, meant: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("a: 1")
    with pytest.raises(ConfigurationError, match=r"is not a channel\.json") as caught:
        only(str(tmp_path / name))
    assert meant in str(caught.value.remedy)


def test_an_empty_pipe_is_called_empty() -> None:
    done = CliRunner().invoke(app, ["manifest", "-"], input="\n")
    assert isinstance(done.exception, ConfigurationError)
    assert str(done.exception).startswith("stdin: is empty")


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHANINFRA_CHANNEL", "no-such.json")
    with pytest.raises(ConfigurationError) as caught:
        only(None)
    assert str(caught.value.remedy).endswith("\nCHANNEL comes from $CHANINFRA_CHANNEL")


def test_a_wrong_option_is_not_blamed_on_the_variable(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for channel in (file, "s3://b-b/c"):
        monkeypatch.setenv("CHANINFRA_CHANNEL", channel)
        with pytest.raises(ConfigurationError, match="unknown provider") as caught:
            only(None, StoreFlags(provider="mino", endpoint_url="http://h"))
        assert caught.value.where == "--provider"
        assert caught.value.remedy == "did you mean 'minio'?"


def test_a_deleted_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ConfigurationError, match="does not exist any more"):
        only(None)


def test_a_folder_with_a_channel_json_names_that(file: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        only(str(Path(file).parent))
    assert caught.value.remedy == f"did you mean {file}?"


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
def test_the_channels_of_a_stack(
    text: str | None, asked: str | None, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stack_output(stack: str | None, cwd: Path) -> Any:
        assert stack == asked
        return {name: to_document(descriptor(name)) for name in ("one", "two")}

    monkeypatch.setattr("chaninfra.engine.stacks.stack_output", stack_output)
    assert [each.descriptor.name for each in find(text, NOTHING, "strict")] == names


def test_an_unknown_channel_of_a_stack_gets_a_suggestion(monkeypatch: pytest.MonkeyPatch) -> None:
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
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/one"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_descriptor_at_a_url() -> None:
    with web(200, dump(descriptor("one"))) as url:
        assert only(url) == descriptor("one")


@pytest.mark.parametrize(("status", "code"), [(404, 2), (403, 5), (500, 1)])
def test_an_http_error_has_its_exit_code(status: int, code: int) -> None:
    with web(status, b"") as url, pytest.raises(ChaninfraError) as caught:
        only(url)
    assert caught.value.exit_code == code


def test_a_server_that_does_not_answer() -> None:
    with pytest.raises(ChaninfraError, match="no answer") as caught:
        only("http://127.0.0.1:1/one")
    assert caught.value.exit_code == 1


def test_flags_override_the_descriptor(file: str) -> None:
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
def test_an_invalid_flag_is_refused(file: str, flags: StoreFlags, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        only(file, flags)


def refuse(error: ChaninfraError) -> Any:
    def get(self: S3Store, key: str, most: int = 0) -> Any:
        raise error

    return get


def test_strict_fails_if_channel_json_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Store, "get", refuse(DeniedError("no")))
    given = StoreFlags(endpoint_url="http://h", access_key_id="a", secret_access_key="b")
    with pytest.raises(DeniedError):
        open_channel("s3://b-b/c", given, "write")


@pytest.mark.parametrize(
    ("error", "reading"),
    [
        (DeniedError, "lenient"),
        (UnreachableError, "lenient"),
        (DeniedError, "probe"),
        (CredentialsError, "probe"),
        (UnreachableError, "probe"),
        (NotS3Error, "probe"),
    ],
)
def test_lenient_uses_the_flags_with_a_warning(
    error: type[ChaninfraError], reading: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(S3Store, "get", refuse(error("no", remedy="mend it")))
    assert only("s3://b-b/c", StoreFlags(endpoint_url="http://h"), reading=reading).name == "c"
    told = capsys.readouterr().err
    assert told.startswith("warning: channel.json could not be read, so the options are used instead")
    assert "whether there is a channel at s3://b-b/c is not known" in told
    with pytest.raises(error) as caught:
        only("s3://b-b/c", StoreFlags(region="eu"), reading=reading)
    offline = "; or add --offline, which prints what the options say" if reading == "lenient" else ""
    assert caught.value.remedy == f"mend it{offline}"


@pytest.mark.parametrize(("error", "offline"), [(CredentialsError, True), (NotS3Error, False)])
def test_lenient_fails_where_what_was_typed_is_wrong(
    error: type[ChaninfraError],
    offline: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(S3Store, "get", refuse(error("no", remedy="mend it")))
    with pytest.raises(error) as caught:
        only("s3://b-b/c", StoreFlags(endpoint_url="http://h"), reading="lenient")
    assert ("--offline" in (caught.value.remedy or "")) is offline
    assert capsys.readouterr().err == ""


def test_without_credentials_the_warning_names_the_variables(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(finding, "credentials_for", lambda *_: None)
    monkeypatch.setattr(S3Store, "get", refuse(DeniedError("no", remedy="set AWS_ACCESS_KEY_ID")))
    only("s3://b-b/c", StoreFlags(endpoint_url="http://h"), reading="lenient")
    assert "is not known; set AWS_ACCESS_KEY_ID" in capsys.readouterr().err


def test_a_web_page_is_no_channel_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """As MinIO's console answers to whoever has no credentials."""
    entry = ObjectMeta(key="c/channel.json", size=22, etag="x", modified=datetime.now(UTC))
    page = StoredObject(data=b"\n<!DOCTYPE html><html>", entry=entry, content_type="text/html")
    monkeypatch.setattr(S3Store, "get", lambda *_: page)
    for reading in ("strict", "lenient"):
        with pytest.raises(NotS3Error, match="not the S3 API"):
            only("s3://b-b/c", StoreFlags(endpoint_url="http://h:9001"), reading=reading)


def nothing_there(monkeypatch: pytest.MonkeyPatch, *, listed: Any) -> None:
    """A place without channel.json; `listed`: the folders in it, or the error of the listing."""

    def folders(_: object) -> tuple[str, ...]:
        if isinstance(listed, Exception):
            raise listed
        return tuple(listed)

    monkeypatch.setattr(S3Store, "get", lambda *_: None)
    monkeypatch.setattr(S3Store, "head", lambda *_: None)
    monkeypatch.setattr("chaninfra.index.contents.subdir_folders", folders)
    has_index = listed if isinstance(listed, Exception) else "indexed" in listed

    def look(*_: object) -> bool:
        if isinstance(has_index, Exception):
            raise has_index
        return bool(has_index)

    monkeypatch.setattr("chaninfra.index.place.has_index", look)
    monkeypatch.setattr("chaninfra.index.place._channels_below", lambda *_: ["team/prod"])


@pytest.mark.parametrize(
    ("reading", "listed", "refused"),
    [
        ("strict", [], True),
        ("strict", ["linux-64"], False),
        ("strict", ["indexed", "noarch"], False),
        ("strict", DeniedError("no"), False),
        ("lenient", [], True),
        ("lenient", ["linux-64"], True),
        ("lenient", ["indexed", "linux-64"], False),
        ("lenient", DeniedError("no"), False),
        ("probe", [], False),
    ],
)
def test_a_place_where_no_channel_is_gets_one_error_and_no_note(
    reading: str, listed: Any, refused: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing_there(monkeypatch, listed=listed)
    if not refused:
        assert only("s3://b-b/c", StoreFlags(endpoint_url="http://h"), reading=reading).name == "c"
        assert "s3://b-b/c has no channel.json" in capsys.readouterr().err
        return
    with pytest.raises(ConfigurationError, match="there is no channel: neither") as caught:
        only("s3://b-b/c", StoreFlags(endpoint_url="http://h"), reading=reading)
    assert "s3://b-b/team/prod" in str(caught.value.remedy)
    assert capsys.readouterr().err == ""


def test_manifest_of_a_channel_that_does_not_exist_prints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_there(monkeypatch, listed=[])
    done = CliRunner().invoke(app, ["manifest", "s3://b-b/c", "--endpoint-url", "http://h"])
    assert (done.stdout, isinstance(done.exception, ConfigurationError)) == ("", True)


@pytest.mark.parametrize("reading", ["lenient", "strict", "probe"])
def test_a_bucket_that_does_not_exist_has_no_channel(reading: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Store, "get", refuse(BucketMissingError("there is no bucket")))
    with pytest.raises(BucketMissingError):
        only("s3://b-b/c", StoreFlags(endpoint_url="http://h"), reading=reading)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (StoreFlags(region="eu-1"), "`region` is us-east-1 there, and eu-1 by --region, which is used"),
        (StoreFlags(provider="custom"), "`provider` is minio there, and custom by --provider, which is used"),
        (StoreFlags(addressing_style="virtual-host"), "`force-path-style` is true there, and false by"),
        (
            StoreFlags(endpoint_url="http://inner"),
            "`endpoint-url` is https://minio.example.com there, and http://inner",
        ),
    ],
)
def test_an_option_that_contradicts_the_descriptor_is_told(
    flags: StoreFlags, told: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    only(file, flags)
    assert f"note: {file}: {told}" in capsys.readouterr().err


def test_options_that_say_the_same_are_not_told(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    own = descriptor("one")
    only(file, StoreFlags(provider="minio", endpoint_url=f"{own.endpoint_url}/", region=own.region))
    assert capsys.readouterr().err == ""


def test_a_broken_channel_json_in_a_bucket_names_the_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    monkeypatch.setattr(S3Store, "get", lambda _, key, most=0: store.get(key, 1 << 20))
    for content, remedy in (
        (b"{", "run `chaninfra doctor`, which says how to fix it"),
        (b'{"version": 3}', "upgrade chaninfra"),
        (dump(descriptor("c", bucket="b-b")).replace(b'"region"', b'"regoin"'), "`region`? Or run `chaninfra doctor`"),
    ):
        store.objects["c/channel.json"] = ObjectBody(data=content, content_type="")
        with pytest.raises(ConfigurationError) as caught:
            only("s3://b-b/c", StoreFlags(endpoint_url="http://h"))
        assert remedy in str(caught.value.remedy)
        assert "pulumi stack output" not in str(caught.value.remedy)


def test_offline_makes_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Store, "get", refuse(AssertionError("a request")))  # type: ignore[arg-type]
    monkeypatch.setattr(finding, "credentials_for", refuse(AssertionError("a look for credentials")))  # type: ignore[arg-type]
    assert only("s3://b-b/c", StoreFlags(provider="gcs"), reading="offline").name == "c"
    with pytest.raises(ConfigurationError):
        only("https://example.com/c", reading="offline")


def test_a_channel_json_of_another_channel_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "read_channel_json", lambda *_: descriptor("one"))
    with pytest.raises(ConfigurationError, match="another channel"):
        only("s3://b-b/c", StoreFlags(provider="gcs"))


def test_an_access_key_without_its_secret_is_refused(file: str) -> None:
    with pytest.raises(CredentialsError, match="no secret access key"):
        open_channel(file, StoreFlags(access_key_id="a"), "read")


def test_reading_may_be_anonymous_and_writing_may_not(file: str) -> None:
    assert open_channel(file, NOTHING, "read").credentials is None
    with pytest.raises(CredentialsError):
        open_channel(file, StoreFlags(endpoint_url=descriptor("one").endpoint_url), "write")


def test_init_with_a_descriptor_refuses_settings(file: str) -> None:
    done = CliRunner().invoke(app, ["init", file, "--name", "x"])
    assert isinstance(done.exception, ConfigurationError)


def test_a_file_without_an_end_is_not_read(tmp_path: Path) -> None:
    endless = tmp_path / "endless.json"
    endless.symlink_to("/dev/zero")
    with pytest.raises(ConfigurationError, match="larger than"):
        only(str(endless))
