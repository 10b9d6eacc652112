"""The facts about MinIO and versitygw in the providers table, checked on these servers."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from chaninfra.channel.errors import StorageError
from chaninfra.channel.policy.statements import document, public_read
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import CAPABILITIES, Capability
from support.pulumi.handlers import Store
from support.servers import s3_servers
from support.servers.s3_servers import Server

NAMES = ("minio", "versitygw")
KEY = "file"


@pytest.fixture(scope="module", params=NAMES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    start = {"minio": s3_servers.minio, "versitygw": s3_servers.versitygw}[request.param]
    with start(tmp_path_factory.mktemp(request.param)) as running:
        yield running


# Creating a client takes longer than most calls.
@cache
def s3(server: Server) -> Any:
    return server.client()


@pytest.fixture
def bucket(server: Server) -> str:
    name = f"facts-{secrets.token_hex(6)}"
    s3(server).create_bucket(Bucket=name)
    s3(server).put_object(Bucket=name, Key=KEY, Body=b"x")
    return name


def test_a_policy_that_is_too_long_is_an_error_that_says_what_to_do(server: Server, bucket: str) -> None:
    # Longer than any file system takes as an attribute; ext4 takes less than 4 KiB.
    statements = public_read(bucket, [f"{'a' * 500}/{number}" for number in range(140)])
    handler = Store(server, bucket).handler("policy")
    with pytest.raises(StorageError) as caught:
        handler.create({"store": {}, "statements": statements, "provider": server.name})
    in_a_file = PROVIDERS[server.name].policy_place.value == "file-attribute"
    assert ("it keeps the policy of a bucket as an attribute of a file" in caught.value.message) == in_a_file
    assert ("use a file system whose attributes are larger" in str(caught.value.remedy)) == in_a_file
    assert "policy" in caught.value.message
    # A short one is taken.
    handler.create({"store": {}, "statements": public_read(bucket, ["main"]), "provider": server.name})


def anybody_reads(server: Server, bucket: str) -> bool:
    try:
        with urlopen(f"{server.endpoint_url}/{bucket}/{KEY}", timeout=30) as answer:  # noqa: S310
            status = answer.status
    except HTTPError as error:
        status = error.code
    assert status in (200, 403)
    return bool(status == 200)


def test_whether_a_folder_answers_with_its_page_is_as_in_the_providers_table(server: Server, bucket: str) -> None:
    s3(server).put_object(Bucket=bucket, Key="main/index.html", Body=b"the page", ContentType="text/html")
    policy = json.dumps(document(public_read(bucket, ["main"])))
    s3(server).put_bucket_policy(Bucket=bucket, Policy=policy)
    # MinIO sends browsers elsewhere from some of its URLs.
    browser = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)", "Accept": "text/html"}

    def answer(path: str) -> bytes:
        url = f"{server.endpoint_url}/{bucket}/{path}"
        try:
            with urlopen(Request(url, headers=browser), timeout=30) as answered:  # noqa: S310
                return bytes(answered.read())
        except HTTPError as error:
            return error.read()

    assert answer("main/index.html") == b"the page"
    assert (answer("main/") == b"the page") == (PROVIDERS[server.name].index_document.value == "yes")


def bucket_policy(server: Server, bucket: str) -> bool:
    policy = json.dumps(document(public_read(bucket, [""])))
    s3(server).put_bucket_policy(Bucket=bucket, Policy=policy)
    opened = anybody_reads(server, bucket)
    s3(server).delete_bucket_policy(Bucket=bucket)
    return opened and not anybody_reads(server, bucket)


def acl(server: Server, bucket: str) -> bool:
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    with suppress(ClientError):
        s3(server).put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules)
    s3(server).put_bucket_acl(Bucket=bucket, ACL="public-read")
    opened = anybody_reads(server, bucket)
    s3(server).put_bucket_acl(Bucket=bucket, ACL="private")
    return opened and not anybody_reads(server, bucket)


def public_access_block(server: Server, bucket: str) -> bool:
    blocked = {"BlockPublicAcls": True, "BlockPublicPolicy": True}
    s3(server).put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocked)
    return True


def cors(server: Server, bucket: str) -> bool:
    rules = [{"AllowedOrigins": ["https://a.example.com"], "AllowedMethods": ["GET"]}]
    s3(server).put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    found = s3(server).get_bucket_cors(Bucket=bucket)["CORSRules"]
    return bool(found[0]["AllowedOrigins"] == rules[0]["AllowedOrigins"])


def _lifecycle(server: Server, bucket: str, action: dict[str, Any]) -> bool:
    rule = {"ID": "rule", "Status": "Enabled", "Filter": {"Prefix": ""}, **action}
    s3(server).put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    (found,) = s3(server).get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    return all(found.get(name) == value for name, value in action.items())


def lifecycle_versions(server: Server, bucket: str) -> bool:
    return _lifecycle(server, bucket, {"NoncurrentVersionExpiration": {"NoncurrentDays": 3}})


def lifecycle_uploads(server: Server, bucket: str) -> bool:
    return _lifecycle(server, bucket, {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}})


def versioning(server: Server, bucket: str) -> bool:
    s3(server).put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put = [s3(server).put_object(Bucket=bucket, Key=KEY, Body=body)["VersionId"] for body in (b"1", b"2")]
    return bool(s3(server).get_object(Bucket=bucket, Key=KEY, VersionId=put[0])["Body"].read() == b"1")


def tags(server: Server, bucket: str) -> bool:
    given = [{"Key": "team", "Value": "packages"}]
    s3(server).put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": given})
    return bool(s3(server).get_bucket_tagging(Bucket=bucket)["TagSet"] == given)


def _refused(write: Callable[..., Any], **condition: str) -> bool:
    try:
        write(**condition)
    except ClientError as error:
        return error.response["Error"]["Code"] == "PreconditionFailed"
    return False


def conditional_create(server: Server, bucket: str) -> bool:
    def put(key: str = KEY, **condition: str) -> Any:
        return s3(server).put_object(Bucket=bucket, Key=key, Body=b"y", **condition)

    put(secrets.token_hex(8), IfNoneMatch="*")
    return _refused(put, IfNoneMatch="*")


def conditional_replace(server: Server, bucket: str) -> bool:
    def put(**condition: str) -> Any:
        return s3(server).put_object(Bucket=bucket, Key=KEY, Body=b"y", **condition)

    put(IfMatch=s3(server).head_object(Bucket=bucket, Key=KEY)["ETag"])
    return _refused(put, IfMatch='"0123456789abcdef0123456789abcdef"')


def conditional_multipart(server: Server, bucket: str) -> bool:
    def upload(key: str = KEY, **condition: str) -> Any:
        own = s3(server)
        started = own.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        part = own.upload_part(Bucket=bucket, Key=key, UploadId=started, PartNumber=1, Body=b"y")["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
        return own.complete_multipart_upload(
            Bucket=bucket, Key=key, UploadId=started, MultipartUpload=parts, **condition
        )

    upload(secrets.token_hex(8), IfNoneMatch="*")
    return _refused(upload, IfNoneMatch="*")


def conditional_copy(server: Server, bucket: str) -> bool:
    def copy(key: str = KEY, **condition: str) -> Any:
        return s3(server).copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": source}, **condition)

    source = secrets.token_hex(8)
    s3(server).put_object(Bucket=bucket, Key=source, Body=b"z")
    other = {"CopySourceIfMatch": '"0123456789abcdef0123456789abcdef"'}
    etag = s3(server).head_object(Bucket=bucket, Key=source)["ETag"]
    copy(secrets.token_hex(8), IfNoneMatch="*", CopySourceIfMatch=etag)
    return _refused(copy, IfNoneMatch="*") and _refused(partial(copy, secrets.token_hex(8)), **other)


def conditional_versioned(server: Server, bucket: str) -> bool:
    kinds = (versioning, conditional_create, conditional_replace, conditional_multipart)
    return all(kind(server, bucket) for kind in kinds)


def conditional_recreate(server: Server, bucket: str) -> bool:
    versioning(server, bucket)
    s3(server).delete_object(Bucket=bucket, Key=KEY)
    return not _refused(lambda **_: s3(server).put_object(Bucket=bucket, Key=KEY, Body=b"y", IfNoneMatch="*"))


# Error codes of a server that does not support a call.
UNSUPPORTED = {"NotImplemented", "MalformedXML", "InvalidArgument"}
# Support of `encryption` and `notifications` depends on the server's settings; see their own tests below.
CHECKS: dict[Capability, Callable[[Server, str], bool]] = {
    "bucket-policy": bucket_policy,
    "acl": acl,
    "public-access-block": public_access_block,
    "cors": cors,
    "lifecycle-versions": lifecycle_versions,
    "lifecycle-uploads": lifecycle_uploads,
    "versioning": versioning,
    "tags": tags,
    "conditional-create": conditional_create,
    "conditional-replace": conditional_replace,
    "conditional-multipart": conditional_multipart,
    "conditional-copy": conditional_copy,
    "conditional-versioned": conditional_versioned,
    "conditional-recreate": conditional_recreate,
}


def code_of(call: Callable[[], Any]) -> str | None:
    """The S3 error code of a call, or None if it succeeds."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


def test_every_capability_is_checked() -> None:
    assert set(CHECKS) | {"encryption", "notifications"} == set(CAPABILITIES)


@pytest.mark.parametrize("capability", CHECKS)
def test_capability_is_as_in_the_providers_table(server: Server, bucket: str, capability: Capability) -> None:
    done: list[bool] = []
    code = code_of(lambda: done.append(CHECKS[capability](server, bucket)))
    assert code is None or code in UNSUPPORTED
    assert PROVIDERS[server.name].capabilities[capability].value == ("yes" if done == [True] else "no")


def test_encryption_is_as_in_the_providers_table(server: Server, bucket: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    with pytest.raises(ClientError) as caught:
        s3(server).put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    wants_a_kms = "KMS is not configured" in caught.value.response["Error"]["Message"]
    assert wants_a_kms == (PROVIDERS[server.name].capabilities["encryption"].value == "yes")


def test_notifications_are_as_in_the_providers_table(server: Server, bucket: str) -> None:
    wanted = {"QueueArn": "arn:minio:sqs::nowhere:webhook", "Events": ["s3:ObjectCreated:*"]}
    code = code_of(
        lambda: s3(server).put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [wanted]}
        )
    )
    # InvalidArgument: the queue is not configured on the server.
    expected = {"yes": "InvalidArgument", "no": "NotImplemented"}
    assert code == expected[PROVIDERS[server.name].capabilities["notifications"].value]


def test_x_amz_checksum_headers_are_accepted(server: Server, bucket: str) -> None:
    row = PROVIDERS[server.name]
    assert (row.checksums.value, row.digest.value) == ("when_supported", "checksum")
    own = server.client(
        config=Config(s3={"addressing_style": "path"}, request_checksum_calculation=row.checksums.value)
    )
    assert own.put_object(Bucket=bucket, Key=KEY, Body=b"x")["ChecksumCRC32"]
    assert own.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": KEY}]})["Deleted"][0]["Key"] == KEY


def test_any_signing_region_is_accepted_and_a_missing_key_is_404(server: Server, bucket: str) -> None:
    other = server.client(region_name="eu-central-1")
    assert other.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    with pytest.raises(ClientError) as caught:
        other.head_object(Bucket=bucket, Key="missing")
    assert caught.value.response["Error"]["Code"] == "404"


def test_location_constraint_is_as_in_the_providers_table(server: Server) -> None:
    name = f"facts-{secrets.token_hex(6)}"
    code = code_of(
        lambda: s3(server).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    )
    expected = {"omitted": None, "region": "InvalidLocationConstraint"}
    assert code == expected[PROVIDERS[server.name].location_constraint.value]
