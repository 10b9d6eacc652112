"""The facts about MinIO and versitygw in the providers table, checked on these servers by the experiments of
`make test-stores`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from chaninfra.channel.errors import StorageError
from chaninfra.channel.policy.statements import public_read
from support.pulumi.handlers import Store
from support.stores.columns.table import EXPERIMENTS, assert_as_said
from support.stores.model import Running
from support.stores.table import STORES


@pytest.fixture(scope="module", params=["minio", "versitygw"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    store = STORES[request.param]
    with store.start(tmp_path_factory.mktemp(store.name)) as server:
        yield Running(store, server)


@pytest.mark.parametrize("column", EXPERIMENTS)
def test_the_row_says_what_was_found(running: Running, column: str) -> None:
    assert_as_said(running, column)


def test_a_policy_that_is_too_long_is_an_error_that_says_what_to_do(running: Running) -> None:
    bucket, row = running.new_bucket(), running.store.row
    # Longer than any file system takes as an attribute; ext4 takes less than 4 KiB.
    statements = public_read(bucket, [f"{'a' * 500}/{number}" for number in range(140)])
    handler = Store(running.server, bucket).handler("policy")
    with pytest.raises(StorageError) as caught:
        handler.create({"store": {}, "statements": statements, "provider": row.name})
    in_a_file = row.policy_place.value == "file-attribute"
    assert ("it keeps the policy of a bucket as an attribute of a file" in caught.value.message) == in_a_file
    assert ("use a file system whose attributes are larger" in str(caught.value.remedy)) == in_a_file
    assert "policy" in caught.value.message
    # A short one is taken.
    handler.create({"store": {}, "statements": public_read(bucket, ["main"]), "provider": row.name})


def test_any_signing_region_is_accepted_and_a_missing_key_is_404(running: Running) -> None:
    bucket, other = running.new_bucket(), running.server.client(region_name="eu-central-1")
    running.server.client().put_object(Bucket=bucket, Key="file", Body=b"x")
    assert other.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    with pytest.raises(ClientError) as caught:
        other.head_object(Bucket=bucket, Key="missing")
    assert caught.value.response["Error"]["Code"] == "404"
