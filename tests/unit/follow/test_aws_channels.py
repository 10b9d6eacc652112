"""Which channels the function in AWS Lambda has, and how they are opened."""

from __future__ import annotations

import pytest
from msgspec import structs

from chaninfra.channel.errors import ConfigurationError, CredentialsError
from chaninfra.channel.objects import ObjectMeta, StoredObject
from chaninfra.channel.outputs.descriptor import Descriptor, dump
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.follow.aws_channels import Channels, channels_in, open_channel
from chaninfra.follow.events import Hint
from support.channels.channels import descriptor

AWS = "https://s3.eu-central-1.amazonaws.com"


@pytest.mark.parametrize(
    ("key", "url"),
    [
        ("noarch/a-1-0.conda", "s3://one"),
        ("linux-64/a-1-0.conda.sigs", "s3://one"),
        ("team/c/noarch/a-1-0.conda", "s3://one/team/c"),
        ("team/noarch/a-1-0.conda", None),
        # Channels may be named like a subdir.
        ("noarch/noarch/a-1-0.conda", "s3://one/noarch"),
        ("noarch/linux-64/a/b.conda", None),
        ("team/c/noarch/", None),
        ("team/c/else/a-1-0.conda", None),
        ("team/c/noarch", None),
        ("team/c-2/noarch/a-1-0.conda", None),
        ("", None),
    ],
)
def test_an_object_is_one_of_a_channel_at_most(key: str, url: str | None) -> None:
    def never(_: str) -> None:
        raise AssertionError

    channels = Channels(["s3://one", "s3://one/team/c", "s3://one/noarch", "s3://two/team/c"], never)  # type: ignore[arg-type]
    assert channels.of(Hint("one", key)) == url
    assert channels.of(Hint("three", key)) is None


def test_a_url_that_is_named_twice_is_one_channel() -> None:
    assert channels_in('["s3://one/c", "s3://two", "s3://one/c"]') == ("s3://one/c", "s3://two")


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What channel.json has; there is none as long as it is empty. The environment is that of a function."""
    found: list[bytes] = []

    def get(self: S3Store, key: str) -> StoredObject | None:
        assert (self.location.bucket, self.location.endpoint_url, key) == ("one", AWS, "team/c/channel.json")
        entry = ObjectMeta(key=key, size=1, etag='"1"', modified=None, metadata={})  # type: ignore[arg-type]
        return StoredObject(data=found[0], content_type="", metadata={}, entry=entry) if found else None

    monkeypatch.setattr(S3Store, "get", get)
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "S3_ENDPOINT_URL", "AWS_PROFILE", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        # For another store.
        "S3_ACCESS_KEY_ID": "other",
        "S3_SECRET_ACCESS_KEY": "other",
    }.items():
        monkeypatch.setenv(name, value)
    return found


def described(**changes: str) -> Descriptor:
    """The channel s3://one/team/c on AWS."""
    given = {"provider": "aws", "bucket": "one", "prefix": "team/c", "url": "s3://one/team/c"}
    where = {"endpoint_url": AWS, "region": "eu-central-1", "force_path_style": False}
    return structs.replace(descriptor("c"), **{**given, **where, **changes})


def test_the_channel_is_as_its_channel_json_says(stored: list[bytes]) -> None:
    stored.append(dump(described()))
    channel = open_channel("s3://one/team/c")
    assert channel.descriptor == described()
    assert channel.credentials is not None
    assert (channel.credentials.access_key_id, channel.credentials.session_token) == ("ASIAEXAMPLE", "token")


def test_another_endpoint_of_aws_is_taken(stored: list[bytes]) -> None:
    stored.append(dump(described(endpoint_url="https://s3.dualstack.eu-central-1.amazonaws.com")))
    assert open_channel("s3://one/team/c").descriptor.endpoint_url == "https://s3.dualstack.eu-central-1.amazonaws.com"


def test_an_endpoint_that_only_channel_json_names_gets_no_credentials(stored: list[bytes]) -> None:
    stored.append(dump(described(endpoint_url="https://s3.example.com", provider="custom")))
    with pytest.raises(ConfigurationError, match=r"credentials are not sent to https://s3\.example\.com") as caught:
        open_channel("s3://one/team/c")
    assert (caught.value.where, caught.value.key) == ("s3://one/team/c/channel.json", ("endpoint-url",))


def test_a_copied_channel_json_is_refused(stored: list[bytes]) -> None:
    stored.append(dump(described(prefix="other", url="s3://one/other")))
    with pytest.raises(ConfigurationError, match="describes another channel, s3://one/other"):
        open_channel("s3://one/team/c")


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"version": 99}'])
def test_what_is_no_descriptor_is_refused(stored: list[bytes], data: bytes) -> None:
    stored.append(data)
    with pytest.raises(ConfigurationError, match=r"^s3://one/team/c/channel\.json"):
        open_channel("s3://one/team/c")


def test_without_channel_json_there_is_no_channel(stored: list[bytes]) -> None:
    with pytest.raises(ConfigurationError, match="there is no channel") as caught:
        open_channel("s3://one/team/c")
    assert caught.value.remedy == "make it: run `pulumi up`"


def test_without_credentials_it_says_so(stored: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(CredentialsError, match="there are no credentials"):
        open_channel("s3://one/team/c")
