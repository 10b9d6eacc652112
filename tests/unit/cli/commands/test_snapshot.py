"""What `chaninfra snapshot` takes for a name and for a time; no request is made."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.commands.snapshot import _time, create, rm
from chaninfra.cli.commands.snapshot_scheduled import only_channel, refuse_automatic
from chaninfra.cli.store_flags import StoreFlags

URL = "s3://my-bucket/c"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2026-11-01", "2026-11-01T00:00:00+00:00"),
        ("2026-11-01T12:00Z", "2026-11-01T12:00:00+00:00"),
        ("2026-11-01 12:00", "2026-11-01T12:00:00+00:00"),
        ("2026-11-01T12:00:30+02:00", "2026-11-01T10:00:30+00:00"),
        ("0001-01-01", "0001-01-01T00:00:00+00:00"),
    ],
)
def test_times_are_of_utc_unless_they_say_otherwise(given: str, meant: str) -> None:
    found = _time(given)
    assert found is not None
    assert found.isoformat() == meant


@pytest.mark.parametrize(
    "given",
    [
        *("", "now", "yesterday", "2026", "2026-13-01", "2026-02-30", "2026-11-01T25:00Z", "1764547200", "01.11.2026"),
        *("2026-11-01T12:00Z\n", "2026-11-01T12", "2026-W01-1", "20261101", "0001-01-01T00:00+23:00"),
        "\u0662026-11-01",
    ],
)
def test_what_is_no_time(given: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a time") as caught:
        _time(given)
    assert caught.value.where == "--at"
    assert caught.value.remedy == "give 2026-11-01T12:00Z, or 2026-11-01"


@pytest.mark.parametrize("command", [create, rm])
@pytest.mark.parametrize("name", ["noarch", "linux-64", "a/b", "../x", "/", "", "v1.0", "v1\n", "x" * 65])
def test_subdirs_and_paths_are_no_names(command: object, name: str) -> None:
    with pytest.raises(ConfigurationError, match="is not the name of a snapshot") as caught:
        command(name=name, channel=URL, store=StoreFlags())  # type: ignore[operator]
    assert "letters, digits, hyphens and underscores" in str(caught.value.remedy)


@pytest.mark.parametrize("command", [create, rm])
def test_a_channel_is_no_name(command: object) -> None:
    with pytest.raises(ConfigurationError, match=r"is a channel, and `snapshot (create|rm)` takes NAME here"):
        command(name=URL, store=StoreFlags())  # type: ignore[operator]


def test_names_of_automatic_snapshots_are_theirs_alone() -> None:
    with pytest.raises(ConfigurationError, match="is the name of an automatic snapshot"):
        refuse_automatic("auto-20261127T0600Z")
    for name in ("auto", "auto-2026", "2026-11", "auto-20261127T0600Z-mine"):
        refuse_automatic(name)


def test_with_scheduled_the_only_argument_is_the_channel() -> None:
    assert only_channel(None, None, None) is None
    assert only_channel(None, URL, None) == URL
    assert only_channel(URL, None, None) == URL
    assert only_channel("stack:prod", None, None) == "stack:prod"
    for name, channel in (("v1", None), ("v1", URL), (URL, URL)):
        with pytest.raises(ConfigurationError, match="the name is made of the time"):
            only_channel(name, channel, None)
