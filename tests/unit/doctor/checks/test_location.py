"""The checks of region, addressing style and bucket."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import BucketMissingError, DeniedError, StorageError, WrongRegionError
from chaninfra.channel.objects import StoredObject
from chaninfra.doctor.checks.location import addressing, bucket, region
from chaninfra.doctor.examination import ReadResult
from support.channels.examination import examination

FOUND = object.__new__(StoredObject)


def test_the_region_that_the_store_reports_is_the_remedy() -> None:
    (finding,) = region(examination(channel_json_read=WrongRegionError("no", reported="eu-1")))
    assert finding.found == "the store refuses 'us-east-1'; the bucket's region is 'eu-1'"
    assert finding.remedy == "chaninfra doctor s3://b/c --region eu-1"


def test_a_region_is_not_verified_by_anonymous_requests() -> None:
    (finding,) = region(examination())
    assert finding.found == "'us-east-1' was not verified: anonymous requests are not signed"


@pytest.mark.parametrize(
    ("result", "other", "state"),
    [
        (FOUND, None, "ok"),
        (None, None, "ok"),
        (None, FOUND, "failed"),
        (StorageError("no host"), FOUND, "failed"),
        (StorageError("no host"), None, "failed"),
        (StorageError("no host"), StorageError("no host"), "ok"),
        (DeniedError("403"), None, "ok"),
        (DeniedError("403"), FOUND, "failed"),
    ],
)
def test_an_addressing_style_fails_if_the_other_one_finds_more(
    result: ReadResult, other: ReadResult, state: str
) -> None:
    (finding,) = addressing(examination(channel_json_read=result, other_style=other))
    assert finding.state == state
    if state == "failed":
        assert finding.found == "path does not work, virtual-host does"
        assert finding.remedy == "chaninfra doctor s3://b/c --force-path-style=false"
    else:
        assert finding.found == "path: https://minio.example.com/my-bucket"


def test_a_denied_request_shows_that_the_bucket_exists() -> None:
    (finding,) = bucket(examination(channel_json_read=DeniedError("403")))
    assert (finding.state, finding.found) == ("ok", "the store answers for bucket 'my-bucket'")
    (finding,) = bucket(examination(channel_json_read=BucketMissingError("no such bucket", remedy="create it")))
    assert (finding.state, finding.found, finding.remedy) == ("failed", "no such bucket", "create it")
