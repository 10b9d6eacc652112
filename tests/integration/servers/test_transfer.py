"""Packages that a store copies itself, and those that pass through here: on real stores, and as AWS documents it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.errors import ConflictError, SkippedError, StorageError
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.channel.policy.statements import document
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.index.channel import Channel
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.copy.transfer import Transfer
from chaninfra.index.package.archive import read_data
from support.channels.archives import conda, index_json
from support.channels.channels import descriptor
from support.channels.stored_source import StoredSource
from support.servers.s3_proxy import Proxy, proxy
from support.servers.s3_servers import Server
from support.servers.s3_traffic import Reset

FILE = "x-1-0.conda"
DATA = conda(index_json(), payload=os.urandom(100_000))
LARGE = conda(index_json(), payload=os.urandom(17 << 20))
PROVIDERS = {"minio": "minio", "versitygw": "versitygw", "moto": "aws"}


class Pair:
    """A source and a target on one store, which is asked through a proxy."""

    def __init__(self, between: Proxy, bucket: str, **changed: Any) -> None:
        self.between, server = between, between.server
        self.server, self.bucket = server, bucket
        for name in (bucket, f"{bucket}-from"):
            elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": server.region}}
            server.client().create_bucket(Bucket=name, **({} if server.region == "us-east-1" else elsewhere))
        self.source = StoredSource.on(server, f"{bucket}-from")
        given: dict[str, Any] = {"provider": PROVIDERS[server.name], "bucket": bucket, "region": server.region}
        self.target = Channel(
            descriptor=descriptor("c", endpoint_url=server.endpoint_url, **{**given, **changed}),
            credentials=Credentials(server.access_key_id, server.secret_access_key),
        )
        self.advanced: list[int] = []

    def bring(self, package: SourcePackage, **options: Any) -> Any:
        """The package, brought; its file, what the store has, and which requests that took."""
        self.between.take()
        try:
            return Transfer(self.source, self.target, **options).bring(package, self.advanced.append)
        finally:
            log = self.between.take().log
            self.requests, self.down = [each.method for each in log], sum(each.down for each in log)

    def stored(self, file: str = FILE) -> tuple[bytes, str, dict[str, str], str]:
        """Bytes, Content-Type, metadata and ETag in the target."""
        found = self.server.client().get_object(Bucket=self.bucket, Key=f"c/noarch/{file}")
        return found["Body"].read(), found["ContentType"], found["Metadata"], found["ETag"]

    def is_clean(self) -> bool:
        """Whether neither an object nor an open upload is in the target."""
        client = self.server.client()
        uploads = client.list_multipart_uploads(Bucket=self.bucket).get("Uploads")
        return not uploads and not client.list_objects_v2(Bucket=self.bucket).get("Contents")

    def put_in_parts(self, data: bytes) -> SourcePackage:
        """A package that was uploaded in parts: its ETag is no md5."""
        client = self.server.client()
        where = {"Bucket": f"{self.bucket}-from", "Key": f"noarch/{FILE}"}
        upload = {**where, "UploadId": client.create_multipart_upload(**where)["UploadId"]}
        parts = []
        for number, start in enumerate(range(0, len(data), 8 << 20), 1):
            body = data[start : start + (8 << 20)]
            parts.append(
                {"PartNumber": number, "ETag": client.upload_part(**upload, PartNumber=number, Body=body)["ETag"]}
            )
        client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        return self.source.tell(FILE, data)


@pytest.fixture(params=["minio", "versitygw", "aws"])
def pair(request: pytest.FixtureRequest, bucket_name: str) -> Iterator[Pair]:
    with proxy(request.getfixturevalue(request.param)) as between:
        yield Pair(between, bucket_name)


def test_a_store_copies_a_package_by_three_requests_at_most(pair: Pair) -> None:
    package = pair.source.add(FILE, DATA)
    brought = pair.bring(package)
    data, content_type, metadata, etag = pair.stored()
    # As `publish` writes it, whatever the source has.
    assert (data, content_type, metadata) == (DATA, "application/octet-stream", {})
    assert (brought.way, brought.etag, brought.made) == ("copied", etag, None)
    # CopyObject, or CreateMultipartUpload, UploadPartCopy and CompleteMultipartUpload.
    assert pair.requests == (["PUT"] if pair.server.name == "moto" else ["POST", "PUT", "POST"])
    assert pair.source.read == []
    assert pair.advanced == [len(DATA)]


def test_a_package_that_was_uploaded_in_parts_is_copied_by_three_requests(pair: Pair) -> None:
    brought = pair.bring(pair.put_in_parts(LARGE))
    assert brought.way == "copied"
    assert pair.stored()[0] == LARGE
    assert pair.requests == ["POST", "PUT", "POST"]
    assert pair.source.read == []


def test_what_the_record_does_not_tell_is_neither_copied_nor_streamed(pair: Pair) -> None:
    pair.source.put(FILE, conda(index_json(), payload=b"other"))
    package = pair.source.tell(FILE, DATA)
    with pytest.raises(SkippedError, match="than its record tells"):
        pair.bring(package)
    assert pair.is_clean()
    assert sum(pair.advanced) == 0


def test_a_file_that_is_not_in_the_source(pair: Pair) -> None:
    with pytest.raises(SkippedError, match="is not there"):
        pair.bring(pair.source.tell(FILE, DATA))
    assert pair.is_clean()


@pytest.mark.parametrize("large", [False, True])
def test_what_is_there_stays(pair: Pair, *, large: bool) -> None:
    data = LARGE if large else DATA
    package = pair.source.add(FILE, data)
    pair.server.client().put_object(Bucket=pair.bucket, Key=f"c/noarch/{FILE}", Body=data)
    assert pair.bring(package).way == "present"
    pair.server.client().put_object(Bucket=pair.bucket, Key=f"c/noarch/{FILE}", Body=b"theirs")
    for tells_patches in (True, False):
        pair.source.tells_patches = tells_patches
        with pytest.raises(ConflictError, match="already there with other bytes"):
            pair.bring(package)
    assert pair.stored()[0] == b"theirs"
    assert not pair.server.client().list_multipart_uploads(Bucket=pair.bucket).get("Uploads")


def test_a_copy_that_is_there_is_present_and_not_read(pair: Pair) -> None:
    package = pair.source.add(FILE, DATA)
    pair.bring(package)
    assert pair.bring(package).way == "present"
    assert "GET" in pair.requests
    assert pair.down < len(DATA)


@pytest.mark.parametrize("in_parts", [False, True], ids=["md5", "no md5"])
def test_a_package_that_is_too_large_for_one_copy(pair: Pair, *, in_parts: bool) -> None:
    """Above 5 GiB; here above 6 MiB."""
    package = pair.put_in_parts(LARGE) if in_parts else pair.source.add(FILE, LARGE)
    brought = pair.bring(package, most_in_one_copy=6 << 20)
    # Only the ETag can tell that parts are the package: else it passes through here.
    assert brought.way == ("streamed" if in_parts else "copied")
    assert pair.stored()[0] == LARGE
    assert brought.etag == pair.stored()[3]
    assert pair.source.read == ([FILE] if in_parts else [])


def test_a_large_package_passes_through_here_in_parts(pair: Pair) -> None:
    pair.source.tells_patches = False
    brought = pair.bring(pair.source.add(FILE, LARGE))
    data, content_type, metadata, etag = pair.stored()
    assert (data, content_type, metadata) == (LARGE, "application/octet-stream", {})
    assert (brought.way, brought.etag) == ("streamed", etag)
    assert brought.made == read_data(LARGE, ".conda")
    assert sum(pair.advanced) == len(LARGE)


def test_a_large_package_that_is_another_is_never_completed(pair: Pair) -> None:
    pair.source.tells_patches = False
    for changed in ({"sha256": "0" * 64}, {"size": len(LARGE) + 1}, {"size": len(LARGE) - 1}):
        with pytest.raises(SkippedError, match="its record tells"):
            pair.bring(pair.source.add(FILE, LARGE, **changed))
        assert pair.is_clean()
    assert sum(pair.advanced) == 0


@pytest.mark.parametrize("is_same", [True, False])
def test_a_source_that_the_key_of_the_target_may_not_read_is_streamed(
    minio: Server, bucket_name: str, *, is_same: bool
) -> None:
    with proxy(minio) as between:
        pair = Pair(between, bucket_name)
        package = pair.source.add(FILE, DATA)
        # The key of the target is another one, that of a publisher of the target alone.
        mine = document([{"Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket_name}/*"}])
        given = minio.service("sts").assume_role(
            RoleArn="arn:minio:iam:::nobody", RoleSessionName="publisher", Policy=json.dumps(mine)
        )["Credentials"]
        keys = Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        pair.target = dataclasses.replace(pair.target, credentials=keys)
        pair.source.keys = keys if is_same else None
        transfer = Transfer(pair.source, pair.target)
        between.take()
        assert transfer.bring(package, pair.advanced.append).way == "streamed"
        assert is_same or not [each for each in between.take().log if each.method == "POST"]
        assert pair.stored()[0] == DATA
        assert not minio.client().list_multipart_uploads(Bucket=bucket_name).get("Uploads")
        # The next one is not asked for again.
        between.take()
        second = pair.source.add("x-2-0.conda", conda(index_json(version="2")))
        assert transfer.bring(second, pair.advanced.append).way == "streamed"
        assert not [each for each in between.take().log if each.method == "POST"]


def test_the_store_copies_nothing_that_the_key_of_the_source_may_not_read(minio: Server, bucket_name: str) -> None:
    """The target's key may read the whole bucket; a source that is read with another one does not get at it."""
    with proxy(minio) as between:
        pair = Pair(between, bucket_name)
        package = pair.source.add(FILE, DATA)
        pair.source.keys = Credentials("another", "key")
        assert pair.bring(package).way == "streamed"
        assert pair.requests.count("POST") == 0


@pytest.mark.parametrize("tells_patches", [True, False])
def test_a_store_that_conditions_no_completion_gets_large_packages_in_one_put(
    minio: Server, bucket_name: str, *, tells_patches: bool
) -> None:
    writes = ConditionalWrites(create=True, replace=True, multipart=False)
    with proxy(minio) as between:
        pair = Pair(between, bucket_name, index=DescribedIndex(conditional_writes=writes))
        pair.source.tells_patches = tells_patches
        brought = pair.bring(pair.source.add(FILE, LARGE))
        assert (brought.way, brought.etag) == ("streamed", pair.stored()[3])
        assert brought.made == read_data(LARGE, ".conda")
        assert pair.stored()[:3] == (LARGE, "application/octet-stream", {})
        assert "POST" not in pair.requests
        other = pair.source.tell("x-2-0.conda", LARGE, sha256="0" * 64)
        pair.source.put("x-2-0.conda", LARGE)
        with pytest.raises(SkippedError, match="other bytes"):
            pair.bring(other)
        assert "PUT" not in pair.requests


def test_without_any_condition_it_looks_first(minio: Server, bucket_name: str) -> None:
    writes = ConditionalWrites(create=False, replace=False, multipart=False)
    with proxy(minio) as between:
        index = DescribedIndex(conditional_writes=writes, writers="single")
        pair = Pair(between, bucket_name, index=index)
        package = pair.source.add(FILE, DATA)
        assert pair.bring(package).way == "copied"
        assert pair.requests == ["HEAD", "GET", "POST", "PUT", "POST"]
        assert pair.bring(package).way == "present"
        minio.client().put_object(Bucket=bucket_name, Key=f"c/noarch/{FILE}", Body=b"theirs")
        with pytest.raises(ConflictError):
            pair.bring(package)
        assert pair.stored()[0] == b"theirs"


def test_an_answer_that_is_lost_brings_the_package_all_the_same(pair: Pair) -> None:
    lose_answers(pair, DATA)


@pytest.mark.long
def test_an_answer_that_is_lost_brings_a_large_package_all_the_same(minio: Server, bucket_name: str) -> None:
    with proxy(minio) as between:
        pair = Pair(between, bucket_name)
        pair.source.tells_patches = False
        lose_answers(pair, LARGE)


def lose_answers(pair: Pair, data: bytes) -> None:
    """At each request: the connection breaks before the store did it, and after."""
    package = pair.source.add(FILE, data)
    pair.bring(package)
    for number in range(len(pair.requests)):
        for when in ("before", "after"):
            pair.server.client().delete_object(Bucket=pair.bucket, Key=f"c/noarch/{FILE}")
            count = itertools.count()
            pair.between.rule = lambda _, n=number, w=when, c=count: Reset(w) if next(c) == n else None
            assert pair.bring(package).way in ("copied", "streamed", "present")
            pair.between.rule = None
            assert pair.stored()[0] == data


def test_a_source_that_breaks_off_leaves_nothing(pair: Pair) -> None:
    pair.source.tells_patches = False
    package = pair.source.add(FILE, LARGE)
    whole = pair.source.chunks

    def broken(given: SourcePackage) -> Iterator[bytes]:
        yield next(iter(whole(given)))
        raise StorageError("the connection broke", where="the source")

    pair.source.chunks = broken  # type: ignore[method-assign]
    with pytest.raises(StorageError, match="the connection broke"):
        pair.bring(package)
    assert pair.is_clean()
    assert sum(pair.advanced) == 0
