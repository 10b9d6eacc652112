"""The store uses only the endpoint and the credentials that it is given, whatever the environment contains."""

from __future__ import annotations

import pytest

from chaninfra.channel.location import Location
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from support.servers.s3_servers import Server

LEAKS = [
    {"AWS_SESSION_TOKEN": "of somebody else"},
    {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1"},
    {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
    {"AWS_SKIP_SIGNATURE": "true"},
    {"AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true"},
    {"AWS_S3_EXPRESS": "true"},
    {"AWS_REQUEST_PAYER": "true"},
    {"AWS_CHECKSUM_ALGORITHM": "sha256"},
    {"AWS_DEFAULT_REGION": "elsewhere-1", "AWS_REGION": "elsewhere-1"},
    {"AWS_UNSIGNED_PAYLOAD": "true"},
    {"AWS_CONDITIONAL_PUT": "disabled"},
]
HALF = [{"AWS_SECRET_ACCESS_KEY": "half a pair"}, {"AWS_ACCESS_KEY_ID": "half a pair"}, {"AWS_SKIP_SIGNATURE": "false"}]


@pytest.fixture
def location(minio: Server, bucket_name: str) -> Location:
    minio.client().create_bucket(Bucket=bucket_name)
    return Location(bucket=bucket_name, endpoint_url=minio.endpoint_url, region=minio.region, force_path_style=True)


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: next(iter(leak)))
def test_a_signed_store_ignores_the_environment(
    leak: dict[str, str], minio: Server, location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in leak.items():
        monkeypatch.setenv(name, value)
    store = S3Store(location, Credentials(minio.access_key_id, minio.secret_access_key))
    store.put("key", ObjectBody(data=b"bytes", content_type="text/plain"))
    found = store.get("key")
    assert found is not None
    assert found.data == b"bytes"


@pytest.mark.parametrize("leak", [*LEAKS[1:3], *HALF], ids=lambda leak: next(iter(leak)))
def test_an_anonymous_store_stays_anonymous(
    leak: dict[str, str], minio: Server, location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in leak.items():
        monkeypatch.setenv(name, value)
    # The request is anonymous, so this server, whose URL is in the error, denies it.
    with pytest.raises(Exception, match=minio.endpoint_url) as denied:
        S3Store(location, None).get("key")
    assert type(denied.value).__name__ == "DeniedError"
