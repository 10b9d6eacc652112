"""Where credentials may be sent, by who named the endpoint."""

from __future__ import annotations

from typing import get_args

import pytest

from chaninfra.channel.s3.endpoint import SaidEndpoint, same_endpoint
from chaninfra.cli.channel_argument.endpoint_trust import NamedBy, refusal

MINE = "https://minio.example.com"
AWS = "https://s3.eu-central-1.amazonaws.com"
OTHER = "https://other.example.com"


def sent(endpoint_url: str, named_by: NamedBy, said: str | None = None, read_at: str | None = None) -> bool:
    told = SaidEndpoint(said, "--endpoint-url") if said else None
    return refusal(endpoint_url, named_by, told, where="channel.json", read_at=read_at) is None


@pytest.mark.parametrize("endpoint_url", [MINE, AWS, "http://minio.internal:9000"])
@pytest.mark.parametrize("named_by", get_args(NamedBy))
def test_what_the_user_says_too_gets_credentials(endpoint_url: str, named_by: NamedBy) -> None:
    assert sent(endpoint_url, named_by, said=endpoint_url)


@pytest.mark.parametrize(("named_by", "expected"), [("flags", True), ("stack", False), ("document", False)])
@pytest.mark.parametrize("endpoint_url", [MINE, AWS])
def test_where_two_say_different_things_nothing_is_sent(endpoint_url: str, named_by: NamedBy, expected: bool) -> None:
    assert sent(endpoint_url, named_by, said=OTHER) is expected


@pytest.mark.parametrize(
    ("endpoint_url", "named_by", "expected"),
    [
        (MINE, "flags", True),
        (MINE, "stack", True),
        ("http://minio.internal", "stack", True),
        (MINE, "document", False),
        ("http://127.0.0.1:9000", "document", False),
        (AWS, "document", True),
        (AWS.replace("https", "http"), "document", False),
        (f"{AWS}.example.com", "document", False),
    ],
)
def test_where_the_user_says_nothing(endpoint_url: str, named_by: NamedBy, expected: bool) -> None:
    assert sent(endpoint_url, named_by) is expected


def test_a_channel_json_may_name_the_endpoint_that_it_was_read_from() -> None:
    assert sent(MINE, "document", read_at=f"{MINE}:443")
    assert not sent(OTHER, "document", read_at=MINE)
    assert not sent(MINE.replace("https", "http"), "document", read_at=MINE)


@pytest.mark.parametrize(
    ("said", "read_at", "named"),
    [
        (None, None, ["channel.json", OTHER, f"--endpoint-url {OTHER}", "S3_ENDPOINT_URL"]),
        (None, AWS, ["channel.json", OTHER, AWS, f"--endpoint-url {OTHER}"]),
        (
            SaidEndpoint(MINE, "AWS_ENDPOINT_URL_S3"),
            None,
            ["channel.json", OTHER, "AWS_ENDPOINT_URL_S3", f"--endpoint-url {MINE}", f"--endpoint-url {OTHER}"],
        ),
    ],
)
def test_the_refusal_names_both_and_what_to_type(
    said: SaidEndpoint | None, read_at: str | None, named: list[str]
) -> None:
    error = refusal(OTHER, "document", said, where="channel.json", read_at=read_at)
    assert error is not None
    assert not [word for word in named if word not in str(error)]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (MINE, MINE, True),
        (MINE, "https://MINIO.example.com/", True),
        (MINE, "https://minio.example.com.:443", True),
        ("http://h", "http://h:80", True),
        (MINE, "http://minio.example.com:443", False),
        (MINE, "https://minio.example.com:9000", False),
        (MINE, "https://minio.example.com.evil.example", False),
    ],
)
def test_endpoints_are_the_same_by_scheme_host_and_port(one: str, other: str, same: bool) -> None:
    assert same_endpoint(one, other) is same
