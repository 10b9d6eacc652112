"""What a stack is told: its own config keys and the environment, and no option of the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, CredentialsError
from chaninfra.channel.location import Location
from chaninfra.channel.probe import report
from chaninfra.channel.probe.write_mode import SINGLE
from chaninfra.channel.s3.credentials import resolve
from chaninfra.channel.s3.endpoint import named_endpoint
from chaninfra.channel.s3.error_codes import error_for

OPTION = re.compile(r"--(?:profile|region|endpoint-url|force-path-style|provider|writers|access-key-id)")
PLACE = Location(bucket="my-bucket", endpoint_url="https://minio.example.com", region="eu-1", force_path_style=True)
WITH_BUCKET = Location(
    bucket="my-bucket", endpoint_url="https://my-bucket.example.com", region="eu-1", force_path_style=True
)


def check(error: ChaninfraError, *names: str) -> None:
    """In both words something is to be done; and a stack is told so in one line, by the names of its keys."""
    told = error.for_stack()
    assert error.remedy
    assert not OPTION.search(told), told
    assert "\n" not in told
    for name in names:
        assert name in told


@pytest.mark.parametrize(
    ("code", "status", "region", "names"),
    [
        ("AuthorizationHeaderMalformed", 400, "us-west-2", ["set `region` to us-west-2"]),
        ("PermanentRedirect", 301, "", ["`region`", "`endpoint-url`"]),
        ("NoSuchBucket", 404, "", ["`bucket`"]),
        ("AccessDenied", 403, "", []),
        ("InvalidAccessKeyId", 403, "", []),
        ("NotImplemented", 501, "", []),
        ("", 500, "", []),
    ],
)
@pytest.mark.parametrize("place", [PLACE, WITH_BUCKET])
def test_answers_of_the_store(place: Location, code: str, status: int, region: str, names: list[str]) -> None:
    error = error_for(place, code, status, doing="list", region=region)
    check(error, *(names if place is PLACE else []))
    check(error_for(place, "AccessDenied", 403, doing="list", anonymous=True), "AWS_ACCESS_KEY_ID", "`profile`")
    assert "`endpoint-url` begins with" not in error.for_stack() or "set it to https://example.com" in error.for_stack()


@pytest.mark.parametrize(
    "text",
    [
        "InvalidContentType",
        "Connection refused",
        "dns error",
        "doesn't match",
        "CERTIFICATE_VERIFY_FAILED",
        "timed out",
        "x",
        "127.0.0.1:0",
    ],
)
def test_no_answer(text: str) -> None:
    error = error_for(PLACE, "", None, doing="list", text=text)
    check(error)
    if text == "InvalidContentType":
        check(error, "set `endpoint-url` to http://minio.example.com")
        assert "--endpoint-url http://minio.example.com" in str(error)


def test_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    config = tmp_path / "config"
    config.write_text("[default]\nendpoint_url = https://h\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    for profile in (None, "mistyped"):
        with pytest.raises(CredentialsError) as caught:
            resolve(profile=profile)
        check(caught.value, "AWS_ACCESS_KEY_ID", "`profile`")
        assert "--profile" in str(caught.value)
    with pytest.raises(ConfigurationError) as wrong:
        named_endpoint("mistyped")
    check(wrong.value, "`profile`")


def test_what_a_probe_finds() -> None:
    check(ChaninfraError("x", remedy=SINGLE), "`index.writers`")
    check(ChaninfraError("x", remedy=report._setting("region", "eu-1")), "set `region` to eu-1")
