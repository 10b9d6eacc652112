"""URLs, object keys and endpoints."""

from __future__ import annotations

import pytest

from chaninfra.channel.conda.filenames import is_package
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import Location, check_endpoint, join


def test_urls_have_the_bucket_in_the_path_or_in_the_host() -> None:
    path = Location(bucket="b", endpoint_url="http://host:9000", region="r", force_path_style=True)
    host = Location(bucket="b", endpoint_url="http://host:9000", region="r", force_path_style=False)
    assert path.url("a/c d") == "http://host:9000/b/a/c%20d"
    assert host.url("a") == "http://b.host:9000/a"
    assert host.url("") == "http://b.host:9000"


def test_addressing_style_is_named_as_pixi_names_it() -> None:
    for force_path_style, style in ((True, "path"), (False, "virtual-host")):
        location = Location(bucket="b", endpoint_url="http://host", region="r", force_path_style=force_path_style)
        assert location.addressing_style == style


def test_keys_are_joined_without_empty_parts() -> None:
    assert join("", "noarch", "repodata.json") == "noarch/repodata.json"
    assert join("a/b", "", "c") == "a/b/c"


@pytest.mark.parametrize(
    ("key", "package"),
    [
        ("noarch/x-1-0.conda", True),
        ("team/main/linux-64/x-1-0.tar.bz2", True),
        ("x-1-0.conda", False),
        ("team/linux65/x-1-0.conda", False),
        ("noarch/repodata.json", False),
        ("noarch/shards/x.conda.zst", False),
    ],
)
def test_a_package_lies_in_a_subdir(key: str, package: bool) -> None:
    assert is_package(key) is package


@pytest.mark.parametrize(
    "url", ["https://s3.example.com", "http://127.0.0.1:9000", "http://[::1]:9000", "http://minio"]
)
def test_an_endpoint_url_that_clients_accept_is_accepted(url: str) -> None:
    check_endpoint(url, "stack.yaml")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://user:secret@s3.example.com", "contains credentials"),
        ("https://s3.example.com:99999", "there is no port"),
        ("https://127.0.0.256", "as only IP addresses do"),
        ("https://s3_.example..com", "not a valid endpoint URL"),
    ],
)
def test_an_endpoint_url_that_clients_reject_is_refused(url: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as refused:
        check_endpoint(url, "stack.yaml")
    assert "secret" not in str(refused.value)
    assert (refused.value.where, refused.value.key) == ("stack.yaml", ("endpoint-url",))


@pytest.mark.parametrize(
    ("url", "problem", "remedy"),
    [
        ("s3.example.com", "has no scheme", "write https://s3.example.com, or with http:// if the server has no"),
        ("minio:9000", "has no scheme", "write https://minio:9000"),
        ("127.0.0.1:9000", "has no scheme", "write http://127.0.0.1:9000"),
        ("localhost:9000", "has no scheme", "write http://localhost:9000"),
        ("[::1]:9000", "has no scheme", "write http://[::1]:9000"),
        (
            "https://s3.example.com/my-bucket",
            "has a path",
            "write https://s3.example.com; 'my-bucket' is not part of it",
        ),
        ("http://minio:9000/my-bucket/a/channel/", "has a path", "write http://minio:9000; 'my-bucket' is not part"),
        ("127.0.0.1:9000", "has no scheme", "write http://127.0.0.1:9000, or with https:// if the server has a"),
        ("s3.example.com/my-bucket", "has no scheme", "write https://s3.example.com, or with http://"),
        ("s3://my-bucket", "it is not http:// or https://", "write it as https://HOST"),
        ("https://s3.example.com?x=1", "it is not http:// or https://", "write it as https://HOST"),
        ("127.0.0.256", "has no scheme", "write it as https://HOST"),
    ],
)
def test_an_endpoint_url_is_corrected_where_it_is_plain_what_is_meant(url: str, problem: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_endpoint(url, "stack.yaml")
    assert problem in refused.value.message
    assert str(refused.value.remedy).startswith(remedy)
