"""The forms of CHANNEL."""

from __future__ import annotations

from pathlib import PurePath, PurePosixPath, PureWindowsPath

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.channel_argument.parse import (
    S3,
    File,
    Reference,
    Stack,
    Web,
    is_channel,
    parse_channel,
    refuse_channels,
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("channel.json", File("channel.json")),
        ("-", File("-")),
        ("C:\\channel.json", File("C:\\channel.json")),
        ("s3://my-bucket/team/stable/", S3("my-bucket", "team/stable")),
        ("s3://my-bucket", S3("my-bucket", "")),
        ("stack:", Stack(None, None)),
        ("stack:prod", Stack("prod", None)),
        ("stack:#one", Stack(None, "one")),
        ("stack:organization/chaninfra/prod#one", Stack("organization/chaninfra/prod", "one")),
        ("https://conda.example.com/c/channel.json", Web("https://conda.example.com/c/channel.json")),
        ("https://conda.example.com/c", Web("https://conda.example.com/c/channel.json")),
        ("http://127.0.0.1:8000/c/", Web("http://127.0.0.1:8000/c/channel.json")),
    ],
)
def test_valid_forms(text: str, meant: Reference) -> None:
    assert parse_channel(text) == meant


@pytest.mark.parametrize(
    "text", ["gs://bucket/c", "s3://", "s3:///c", "s3://b/c?x", "s3://user@b/c", "s3://b/a//c", "http://example.com/c"]
)
def test_an_invalid_form_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_channel(text)
    # The user and password in the URL are not printed.
    assert caught.value.where == text.replace("user@", "…@")
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("S3://my-bucket/c", "s3://my-bucket/c"),
        ("s3:/my-bucket/c", "s3://my-bucket/c"),
        ("s3:my-bucket/c", "s3://my-bucket/c"),
        ("s3://my-bucket/c/channel.json", "s3://my-bucket/c"),
        ("s3://my-bucket/channel.json", "s3://my-bucket"),
        ("s3://my-bucket/c/noarch/repodata.json.zst", "s3://my-bucket/c"),
        ("s3://my-bucket/c/linux-64/a-1-0.conda", "s3://my-bucket/c"),
        ("s3://my-bucket/c/noarch", "s3://my-bucket/c"),
        ("arn:aws:s3:::my-bucket/c", "s3://my-bucket/c"),
        ("https://conda.example.com/c/noarch/repodata.json", "https://conda.example.com/c"),
        ("https://conda.example.com/t/a-token/c/linux-64/", "https://conda.example.com/t/\u2026/c"),
    ],
)
def test_what_was_meant_is_printed(text: str, meant: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_channel(text)
    assert caught.value.remedy == f"did you mean {meant}?"


@pytest.mark.parametrize(
    ("word", "command", "arguments", "remedy"),
    [
        (
            "https://conda.anaconda.org/conda-forge/noarch/a-1-0.conda",
            "publish",
            "FILE",
            "download it first: curl -fLO https://conda.anaconda.org/conda-forge/noarch/a-1-0.conda, "
            "then give the file: a-1-0.conda",
        ),
        (
            "s3://b-b/c/noarch/a-1-0.tar.bz2",
            "publish",
            "FILE",
            "download it first: aws s3 cp s3://b-b/c/noarch/a-1-0.tar.bz2 ., then give the file: a-1-0.tar.bz2",
        ),
        (
            "s3://b-b/c/noarch/a-1-0.conda",
            "yank",
            "PACKAGE",
            "name its file, and the channel: `noarch/a-1-0.conda -c s3://b-b/c`",
        ),
        ("https://h/x/a-1-0.conda", "ls", "PACKAGE", "name its file, and the channel: `a-1-0.conda -c CHANNEL`"),
    ],
)
def test_the_url_of_a_package_is_no_channel(word: str, command: str, arguments: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError, match="is the URL of a package") as caught:
        refuse_channels([word], command, arguments)
    assert (caught.value.where, caught.value.remedy) == (word, remedy)


def test_the_secret_in_the_url_of_a_package_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError, match="is the URL of a package") as caught:
        refuse_channels(["https://me:secret@h/noarch/a-1-0.conda?X-Amz-Signature=secret"], "publish", "FILE")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("path", [PurePosixPath, PureWindowsPath])
def test_a_channel_is_seen_in_a_path(path: type[PurePath]) -> None:
    """Arguments that are files come as paths, which write the slashes of their system."""
    assert is_channel(str(path("s3://my-bucket/my-channel"))) == "s3://my-bucket/my-channel"
    assert is_channel(str(path("output/noarch/a-1-0.conda"))) is None
