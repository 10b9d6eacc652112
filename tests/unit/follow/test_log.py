"""The log of a follower."""

from __future__ import annotations

import io
import json

from chaninfra.channel.errors import ConfigurationError
from chaninfra.follow.log import Log


def test_an_error_is_told_with_the_key_that_it_is_about() -> None:
    stream = io.StringIO()
    error = ConfigurationError(
        "unknown key", where="s3://b/channel.json", key=("index", "folow"), remedy="write follow"
    )
    Log(stream).failed("failed", error, channel="s3://b")
    line = json.loads(stream.getvalue())
    del line["time"]
    assert line == {
        "level": "error",
        "event": "failed",
        "error": "unknown key",
        "where": "s3://b/channel.json",
        "key": "index.folow",
        "remedy": "write follow",
        "channel": "s3://b",
    }
