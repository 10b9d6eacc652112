"""A URL with credentials, wherever it is written: no error repeats them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import check_endpoint
from chaninfra.channel.outputs.descriptor import from_document, to_document
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.stack_file import read_stack_file
from chaninfra.cli.channel_argument.assumed import NewChannel, assume
from chaninfra.cli.channel_argument.find import overridden
from chaninfra.cli.channel_argument.parse import S3, parse_channel
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags
from support.channels.channels import descriptor

SECRET = "hunter2"
URLS = [
    f"https://user:{SECRET}@minio.example.com",
    f"https://{SECRET}@minio.example.com",
    f"https://user:{SECRET}/x@minio.example.com",
    f"https://user:x@{SECRET}@minio.example.com",
    f"https://user:{SECRET}@[minio",
    f"https://user:{SECRET}@minio.example.com:port",
    f"user:{SECRET}@minio.example.com",
    f"http:/user:{SECRET}@minio.example.com",
    f"https:user:{SECRET}@minio.example.com",
    f"https://minio.example.com/?X-Amz-Signature={SECRET}",
    f"https://minio.example.com?token={SECRET}",
]
CONFIG = {"provider": "minio", "bucket": "my-bucket", "prefix": "c"}


WAYS: dict[str, Callable[[str], object]] = {
    "stack config": lambda url: build_spec({**CONFIG, "endpoint-url": url}, where="Pulumi.prod.yaml"),
    "public-url": lambda url: build_spec(
        {**CONFIG, "endpoint-url": "https://h", "visibility": "public", "public-url": url}, where="Pulumi.prod.yaml"
    ),
    "provider": lambda url: build_spec({**CONFIG, "provider": url}, where="Pulumi.prod.yaml"),
    "a list": lambda url: build_spec({**CONFIG, "endpoint-url": "https://h", "cors": [url, 1]}, where="x"),
    "a mapping": lambda url: build_spec({**CONFIG, "endpoint-url": {url: url}}, where="x"),
    "subdirs": lambda url: build_spec({**CONFIG, "endpoint-url": "https://h", "subdirs": [url]}, where="x"),
    "descriptor": lambda url: from_document({**to_document(descriptor()), "endpoint-url": url}, where="channel.json"),
    "url": lambda url: from_document({**to_document(descriptor()), "url": url}, where="channel.json"),
    "flag": lambda url: assume(S3("my-bucket", "c"), StoreFlags(endpoint_url=url), NewChannel()),
    "flag over a descriptor": lambda url: overridden(descriptor(), StoreFlags(endpoint_url=url)),
    "check": lambda url: check_endpoint(url, "here"),
    "CHANNEL": parse_channel,
}


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("way", WAYS)
def test_no_error_repeats_credentials(way: str, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        WAYS[way](url)
    except ConfigurationError as error:
        streams.error(error)
        printed = capsys.readouterr().err
        assert "error" in printed
        assert SECRET not in printed, printed
    else:
        # A path of a file; or a URL whose query is not looked at here.
        assert way in ("CHANNEL", "public-url"), way


@pytest.mark.parametrize("url", URLS)
def test_nor_does_that_of_a_stack_file(url: str, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.prod.yaml"
    keys = "".join(f"  chaninfra:{name}: {value}\n" for name, value in {**CONFIG, "endpoint-url": f'"{url}"'}.items())
    file.write_text(f"config:\n{keys}")
    with pytest.raises(ConfigurationError) as caught:
        read_stack_file(file)
    assert SECRET not in str(caught.value)
    assert "endpoint-url" in str(caught.value)


@pytest.mark.parametrize("url", URLS)
def test_nor_does_what_is_printed_to_stderr(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    streams.note(f"cannot read {url}, so another is used")
    printed = capsys.readouterr().err
    if "@" in url:
        assert SECRET not in printed
    assert "cannot read" in printed
    assert "so another is used" in printed


@pytest.mark.parametrize("url", URLS)
def test_nor_do_the_flags(url: str) -> None:
    assert SECRET not in repr(StoreFlags(endpoint_url=url))


@pytest.mark.parametrize(
    "url",
    [
        "https://minio.example.com\n",
        "https://minio.example.com#x",
        "https://evil.example?.s3.eu-central-1.amazonaws.com",
        "https://a b",
        "ftp://minio.example.com",
        "https://minio.example.com/path",
        "https://minio.example.com:",
        "https://minio.example.com\\@x",
        "https://\x1b[31m.example.com",
    ],
)
def test_an_endpoint_is_a_scheme_a_host_and_a_port(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_endpoint(url, "here")
    assert "\x1b" not in str(caught.value)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("url", ["https://h", "http://127.0.0.1:9000/", "https://[::1]:9000", "https://A.example.com."])
def test_valid_endpoints(url: str) -> None:
    check_endpoint(url, "here")


def test_a_long_value_is_cut() -> None:
    with pytest.raises(ConfigurationError) as caught:
        build_spec({**CONFIG, "endpoint-url": "x" * 100_000}, where="here")
    assert len(str(caught.value)) < 1000
