"""After a change of the index, publish and yank say how long clients keep the old one, and how to skip that."""

from __future__ import annotations

import pytest
from msgspec import structs

from chaninfra.channel.conda.index_settings import kept_seconds
from chaninfra.channel.outputs.build import build_descriptor
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.spec.build import build_spec
from chaninfra.cli.output import client_caches


def descriptor(cache_control: str) -> Descriptor:
    spec = build_spec({"bucket": "my-bucket", "region": "eu-central-1"}, where="the test")
    made = build_descriptor(spec.bucket, spec.channels[0])
    return structs.replace(made, index=structs.replace(made.index, cache_control=cache_control))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("max-age=300", 300),
        ("public, Max-Age=60", 60),
        ("max-age=0", 0),
        ("no-cache", 0),
        ("no-store, max-age=300", 0),
        ("s-maxage=300", 0),
        ("private", 0),
        ("max-age=later", 0),
    ],
)
def test_the_seconds_for_which_clients_keep_a_file(header: str, seconds: int) -> None:
    assert kept_seconds(header) == seconds


def test_a_change_is_told_with_the_commands_that_skip_the_cache(capsys: pytest.CaptureFixture[str]) -> None:
    client_caches.tell(descriptor("max-age=300"), ["noarch"])
    said = capsys.readouterr().err
    for words in ("300 s", "pixi clean cache --repodata", "conda clean --index-cache"):
        assert words in said


def test_nothing_is_told_without_a_change_or_a_cache(capsys: pytest.CaptureFixture[str]) -> None:
    client_caches.tell(descriptor("no-cache"), ["noarch"])
    client_caches.tell(descriptor("max-age=300"), [])
    assert capsys.readouterr().err == ""
