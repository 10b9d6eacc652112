"""What names a source, in which store it is, and which key is sent there."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    ConfigurationError,
    CredentialsError,
    DeniedError,
    StorageError,
    UnreachableError,
    WrongRegionError,
)
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.index.channel import Channel
from chaninfra.index.copy.sources.flags import FromFlags
from chaninfra.index.copy.sources.open import S3Place, open_source, s3_place
from chaninfra.index.copy.sources.source_errors import of_source
from support.channels.channels import descriptor

TARGET_KEY = Credentials("target", "target-secret")
MINIO, AWS = "https://minio.example.com", "https://s3.eu-central-1.amazonaws.com"
NONE = FromFlags()


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "ENDPOINT_URL", "REGION"):
        monkeypatch.delenv(f"FROM_S3_{name}", raising=False)
    for name in ("RATTLER_AUTH_FILE", "AWS_PROFILE", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    # The target's: none of it is meant for the source.
    monkeypatch.setenv("S3_ENDPOINT_URL", "https://of-the-target.example.com")
    monkeypatch.setenv("S3_ACCESS_KEY_ID", "env")
    monkeypatch.setenv("S3_SECRET_ACCESS_KEY", "env-secret")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "aws")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "aws-secret")


def target(**changed: Any) -> Channel:
    return Channel(descriptor=descriptor("prod", **changed), credentials=TARGET_KEY)


def of_aws() -> Channel:
    return target(provider="aws", endpoint_url=AWS, region="eu-central-1", force_path_style=False)


def place(flags: FromFlags = NONE, url: str = "s3://staging/team/main", to: Channel | None = None) -> S3Place:
    return s3_place(url, flags, to or target())


def test_it_is_in_the_store_of_the_target_if_nothing_else_is_said() -> None:
    found = place()
    there = found.location
    assert (there.bucket, found.prefix, found.url) == ("staging", "team/main", "s3://staging/team/main")
    assert (there.endpoint_url, there.region, there.force_path_style) == (MINIO, "us-east-1", True)
    assert found.credentials == TARGET_KEY
    assert place(url="s3://staging/").prefix == ""


@pytest.mark.parametrize(
    ("flags", "endpoint_url", "region", "path_style"),
    [
        (FromFlags(endpoint_url="https://other.example.com/"), "https://other.example.com", "us-east-1", None),
        (FromFlags(provider="aws", region="us-west-2"), "https://s3.us-west-2.amazonaws.com", "us-west-2", False),
        (FromFlags(addressing_style="virtual-host"), MINIO, "us-east-1", False),
        (FromFlags(region="other"), MINIO, "other", True),
    ],
)
def test_what_the_options_say(flags: FromFlags, endpoint_url: str, region: str, path_style: bool | None) -> None:
    there = place(flags).location
    assert (there.endpoint_url, there.region) == (endpoint_url, region)
    assert path_style is None or there.force_path_style is path_style


def test_another_region_of_aws() -> None:
    found = place(FromFlags(region="us-west-2"), to=of_aws())
    assert found.location.endpoint_url == "https://s3.us-west-2.amazonaws.com"
    # A key of AWS is one in each region.
    assert found.credentials == TARGET_KEY


def test_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FROM_S3_ENDPOINT_URL", "https://other.example.com")
    monkeypatch.setenv("FROM_S3_REGION", "there")
    assert place().credentials is None
    monkeypatch.setenv("FROM_S3_ACCESS_KEY_ID", "from")
    monkeypatch.setenv("FROM_S3_SECRET_ACCESS_KEY", "from-secret")
    found = place()
    assert (found.location.endpoint_url, found.location.region) == ("https://other.example.com", "there")
    assert found.credentials == Credentials("from", "from-secret")
    # Also for the same store: staging may have a key of its own.
    assert place(FromFlags(endpoint_url=MINIO)).credentials == Credentials("from", "from-secret")
    flags = FromFlags(access_key_id="given", secret_access_key="given-secret")
    assert place(flags).credentials == Credentials("given", "given-secret")


def test_the_key_of_the_target_goes_to_no_other_store() -> None:
    assert place(FromFlags(endpoint_url="https://other.example.com")).credentials is None
    assert place(FromFlags(endpoint_url="http://minio.example.com")).credentials is None
    assert place(FromFlags(provider="aws", region="us-west-2")).credentials is None
    assert (
        place(FromFlags(endpoint_url="https://s3.us-west-2.amazonaws.com.evil.example"), to=of_aws()).credentials
        is None
    )


@pytest.mark.parametrize("name", ["staging", "s3://staging/team/main", "s3://staging"])
def test_what_pixi_keeps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    keys = {"access_key_id": "pixi", "secret_access_key": "pixi-secret", "session_token": None}
    path = tmp_path / "auth.json"
    path.write_text(json.dumps({name: {"S3Credentials": keys}, "other.example.com": {"BearerToken": "t"}}))
    monkeypatch.setenv("RATTLER_AUTH_FILE", str(path))
    found = place(FromFlags(endpoint_url="https://other.example.com"))
    assert found.credentials == Credentials("pixi", "pixi-secret")
    assert found.credentials is not None
    assert "secret" not in repr(found)
    # The target's comes first where the store is the same.
    assert place().credentials == TARGET_KEY
    path.write_text(json.dumps({name: {"BearerToken": "t"}}))
    assert place(FromFlags(endpoint_url="https://other.example.com")).credentials is None


def test_half_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CredentialsError, match="--from-secret-access-key is missing"):
        place(FromFlags(access_key_id="given"))
    with pytest.raises(CredentialsError, match="--from-access-key-id is missing"):
        place(FromFlags(secret_access_key="given"))
    monkeypatch.setenv("FROM_S3_SECRET_ACCESS_KEY", "from-secret")
    with pytest.raises(CredentialsError, match="FROM_S3_SECRET_ACCESS_KEY is set, and FROM_S3_ACCESS_KEY_ID is not"):
        place()


def test_a_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text(
        "[theirs]\naws_access_key_id = profile\naws_secret_access_key = profile-secret\n"
        "endpoint_url = https://profile.example.com\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    found = place(FromFlags(profile="theirs"))
    assert found.credentials == Credentials("profile", "profile-secret")
    assert found.location.endpoint_url == "https://profile.example.com"
    with pytest.raises(ChaninfraError) as caught:
        place(FromFlags(profile="absent"))
    assert "absent" in str(caught.value)
    assert "--from-profile" in (caught.value.remedy or "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("s3://", "not a bucket and a prefix"),
        ("s3://a/b//c", "not a bucket and a prefix"),
        ("s3://key:secret@bucket/x", "not a bucket and a prefix"),
        ("s3://bucket/x?y", "not a bucket and a prefix"),
        ("s3://bucket/../x", "not a bucket and a prefix"),
        ("ftp://host/x", "'ftp' is not the scheme of a channel"),
        ("oci://user:secret@host/x", "'oci' is not the scheme of a channel"),
        ("file://host/x", "not the URL of a folder of this machine"),
        ("/does/not/exist", "there is no such folder"),
        ("", "there is no such folder"),
        ("a\0b", "there is no such folder"),
    ],
)
def test_what_names_no_source(text: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        open_source(text, NONE, target())
    assert caught.value.remedy
    assert "secret" not in str(caught.value)


def test_a_name_is_one_of_anaconda_org() -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_source("conda-forge", NONE, target())
    assert "https://conda.anaconda.org/conda-forge" in (caught.value.remedy or "")


def test_a_store_that_lacks_something() -> None:
    with pytest.raises(ConfigurationError, match="needs a region") as caught:
        place(FromFlags(provider="aws"))
    assert caught.value.remedy == "give --from-region REGION"
    with pytest.raises(ConfigurationError, match="needs an endpoint") as caught:
        place(FromFlags(provider="minio"))
    assert (caught.value.remedy or "").startswith("give --from-endpoint-url")
    with pytest.raises(ConfigurationError, match="unknown provider") as caught:
        place(FromFlags(provider="minoi"))
    assert caught.value.where == "--from-provider"


def test_a_folder_in_a_channel(tmp_path: Path) -> None:
    (tmp_path / "noarch").mkdir()
    with pytest.raises(ConfigurationError) as caught:
        open_source(str(tmp_path / "noarch"), NONE, target())
    assert caught.value.remedy == f"did you mean {tmp_path}?"
    # A channel may have this name.
    (tmp_path / "noarch" / "noarch").mkdir()
    assert open_source(str(tmp_path / "noarch"), NONE, target()).subdirs


def test_a_folder_by_its_path_and_by_its_url(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    for text in (str(tmp_path / "a b"), (tmp_path / "a b").as_uri()):
        assert open_source(text, NONE, target()).url == str(tmp_path / "a b")


def test_a_folder_is_read_as_fast_as_the_options_allow(tmp_path: Path) -> None:
    (tmp_path / "noarch").mkdir()
    # An index that cannot be read has bytes, too.
    (tmp_path / "noarch" / "repodata.json").write_bytes(bytes(100_000))
    for text in (str(tmp_path), tmp_path.as_uri()):
        source = open_source(text, FromFlags(rate="500kB"), target())
        start = time.monotonic()
        with pytest.raises(StorageError):
            source.names("noarch")
        assert time.monotonic() - start >= 0.2


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (DeniedError("no", remedy="set S3_ACCESS_KEY_ID", code="AccessDenied"), "--from-profile NAME"),
        (CredentialsError("no", remedy="unset S3_SESSION_TOKEN", code="InvalidToken"), "unset FROM_S3_SESSION_TOKEN"),
        (WrongRegionError("no", remedy="set `region` to x; for a single command, add --region x"), "--from-region x"),
        (UnreachableError("no", remedy="check the port in `endpoint-url`"), "the port in --from-endpoint-url"),
        (BucketMissingError("no", remedy="`pulumi up` creates the bucket"), "--from-endpoint-url"),
    ],
)
def test_errors_of_the_source_name_its_options(error: ChaninfraError, remedy: str) -> None:
    with pytest.raises(type(error)) as caught, of_source():
        raise error
    assert remedy in (caught.value.remedy or "")
    assert "pulumi" not in (caught.value.remedy or "")


def test_no_secret_is_shown() -> None:
    flags = FromFlags(access_key_id="id", secret_access_key="hidden", session_token="hidden")
    assert "hidden" not in repr(flags)
    assert FromFlags(rate="20MB").bytes_per_second == 20_000_000
