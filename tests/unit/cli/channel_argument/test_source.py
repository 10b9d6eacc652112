"""`--from` and its options on the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import to_document
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.cli.channel_argument import source
from chaninfra.cli.channel_argument.source import FromFlags, open_from, with_from_flags
from chaninfra.cli.command import Group
from chaninfra.cli.store_flags import StoreCommand
from chaninfra.index.channel import Channel
from chaninfra.index.copy.sources.open import S3Place
from support.channels.channels import descriptor

TARGET = Channel(descriptor=descriptor("prod"), credentials=Credentials("target", "target-secret"))
GIVEN = FromFlags(access_key_id="given", secret_access_key="given-secret")


def parsed(*args: str) -> FromFlags:
    got: list[FromFlags] = []

    def command(*, name: Annotated[str, typer.Argument()], source: FromFlags) -> None:
        got.append(source)

    command.__annotations__ = {"name": Annotated[str, typer.Argument()], "source": FromFlags}
    made = typer.Typer(cls=Group)
    made.command("run", cls=StoreCommand)(with_from_flags(command))
    made.command("other")(lambda: None)
    done = CliRunner().invoke(made, ["run", "x", *args])
    if isinstance(done.exception, ConfigurationError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return got[0]


@pytest.mark.parametrize(
    ("args", "flags"),
    [
        ((), FromFlags()),
        (("--from-provider", "aws", "--from-region", "eu-west-1"), FromFlags(provider="aws", region="eu-west-1")),
        (("--from-endpoint-url", "http://x", "--from-profile", "p"), FromFlags(endpoint_url="http://x", profile="p")),
        (("--from-addressing-style", "path"), FromFlags(addressing_style="path")),
        (
            ("--from-access-key-id", "a", "--from-secret-access-key", "b", "--from-session-token", "c"),
            FromFlags(access_key_id="a", secret_access_key="b", session_token="c"),
        ),
        (
            ("--allow-origin", "https://a", "--allow-origin", "https://b", "--rate", "20MB", "--at-once", "4"),
            FromFlags(allow_origin=("https://a", "https://b"), rate="20MB", at_once=4),
        ),
    ],
)
def test_the_options(args: Sequence[str], flags: FromFlags) -> None:
    assert parsed(*args) == flags


@pytest.mark.parametrize("rate", ["20", "20 MB", "0MB", "-1MB", "20mb", "99999MB", "20MB\n"])
def test_a_rate_that_is_none(rate: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is not valid|has a control character") as caught:
        parsed("--rate", rate)
    assert (caught.value.where, caught.value.remedy) == ("--rate", "for 20 MB a second: --rate 20MB")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[S3Place]:
    """The places that were opened, in which nothing is read."""
    places: list[S3Place] = []
    monkeypatch.setattr("chaninfra.index.copy.sources.open.open_s3", lambda place, _: places.append(place))
    return places


def document(folder: Path, **changed: object) -> str:
    path = folder / "channel.json"
    path.write_text(json.dumps(to_document(descriptor("staging", **changed))))
    return str(path)


def test_an_s3_url_is_parsed_as_channel_is(opened: list[S3Place]) -> None:
    open_from("s3://staging/main/", FromFlags(), TARGET)
    assert opened[0].url == "s3://staging/main"
    with pytest.raises(ConfigurationError) as caught:
        open_from("s3://staging/main/noarch", FromFlags(), TARGET)
    assert caught.value.remedy == "did you mean s3://staging/main?"


def test_the_target_is_no_source(opened: list[S3Place], tmp_path: Path) -> None:
    (tmp_path / "channel.json").write_text(json.dumps(to_document(TARGET.descriptor)))
    for text in (f"{TARGET.descriptor.url}/", str(tmp_path / "channel.json")):
        with pytest.raises(ConfigurationError, match="the source is the channel that is copied to"):
            open_from(text, FromFlags(), TARGET)
    assert not opened
    # Another store may have a bucket of this name.
    open_from(TARGET.descriptor.url, FromFlags(endpoint_url="https://other.example.com", provider="minio"), TARGET)
    assert len(opened) == 1


def test_a_document_in_the_store_of_the_target(opened: list[S3Place], tmp_path: Path) -> None:
    open_from(document(tmp_path), FromFlags(), TARGET)
    assert (opened[0].prefix, opened[0].credentials) == ("staging", TARGET.credentials)


def test_a_document_that_alone_names_its_store_gets_no_key(opened: list[S3Place], tmp_path: Path) -> None:
    path = document(tmp_path, endpoint_url="https://evil.example.com")
    open_from(path, FromFlags(), TARGET)
    assert opened[0].credentials is None
    with pytest.raises(ConfigurationError, match="since only this document names it") as caught:
        open_from(path, GIVEN, TARGET)
    assert caught.value.remedy is not None
    assert caught.value.remedy.endswith("--from-endpoint-url https://evil.example.com")
    said = FromFlags(endpoint_url="https://evil.example.com", access_key_id="given", secret_access_key="given-secret")
    open_from(path, said, TARGET)
    assert opened[1].credentials == Credentials("given", "given-secret")


def test_a_document_of_aws_gets_the_key_that_is_given(opened: list[S3Place], tmp_path: Path) -> None:
    path = document(
        tmp_path, provider="aws", endpoint_url="https://s3.eu-central-1.amazonaws.com", region="eu-central-1"
    )
    open_from(path, GIVEN, TARGET)
    assert opened[0].credentials == Credentials("given", "given-secret")


def test_a_document_that_says_another_endpoint(
    opened: list[S3Place], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_S3_ENDPOINT_URL", "https://other.example.com")
    with pytest.raises(ConfigurationError, match=r"https://other\.example\.com by FROM_S3_ENDPOINT_URL"):
        open_from(document(tmp_path), FromFlags(), TARGET)
    assert not opened


def test_the_help_names_every_form() -> None:
    for form in ("s3://", "https://", "folder", "stack:", "channel.json"):
        assert form in source.FROM_HELP
