"""URLs and keys of objects."""

from __future__ import annotations

import pytest

from chaninfra.channel.conda.filenames import is_package
from chaninfra.channel.location import Location, join


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
