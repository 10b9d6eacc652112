"""aws:s3/bucket:Bucket."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from os import environ
from typing import Any

from botocore.exceptions import ClientError

from support.pulumi.standin.aws import Aws
from support.pulumi.standin.classes import named
from support.pulumi.standin.errors import ProviderError, code, explained
from support.pulumi.standin.properties import Table
from support.pulumi.standin.values import Bag

from .names import full_name, with_name
from .resource import carried_over
from .s3_table import BUCKET
from .tags import own_tags, with_all_tags

# "Amazon S3 now automatically enables Block Public Access and disables ACLs for all new buckets" (April 2023), and
# encrypts them (January 2023). moto gives a new bucket none of these.
NEW_BUCKETS_ACCESS = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
# "Amazon S3 to disable the use of SSE-C encryption by default for all new buckets" (April 2026)
NEW_BUCKETS_ENCRYPTION = {
    "Rules": [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        }
    ]
}
READS_SETTINGS = "STAND_IN_READS_SETTINGS"
"""Variable: if set, a bucket's deprecated outputs are read from the server, so that the first refresh after `up`
changes them in the state (pulumi-aws issue 3166)."""
_NEW_BUCKETS_OWNERSHIP = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


@dataclass(frozen=True)
class Bucket:
    token: str = "aws:s3/bucket:Bucket"
    named_by: str = "bucket"

    @property
    def table(self) -> Table:
        return BUCKET

    @property
    def arguments(self) -> type:
        return named("pulumi_aws.s3.BucketArgs")

    def prepared(self, inputs: Bag, old: Bag, name: str) -> Bag:
        return with_name(inputs, old, ("bucket", "bucketPrefix"), name.lower(), longest=63)

    def planned(self, aws: Aws, inputs: Bag) -> Bag:
        return with_all_tags(aws, inputs)

    def create(self, aws: Aws, inputs: Bag) -> str:
        region = inputs.get("region", aws.region)
        s3 = aws.client("s3", region)
        bucket = full_name(inputs, ("bucket", "bucketPrefix"))
        # bucket.go: "us-east-1 does not return error if the bucket already exists and is owned by current account", so
        # the provider looks first and raises the bare code.
        if region == "us-east-1" and _exists(s3, bucket):
            raise ProviderError(f"creating S3 Bucket ({bucket}): BucketAlreadyExists")
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            s3.create_bucket(Bucket=bucket, **place)
        except ClientError as error:
            raise ProviderError(f"creating S3 Bucket ({bucket}): {explained(error)}") from error
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=NEW_BUCKETS_ACCESS)
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=_NEW_BUCKETS_OWNERSHIP)
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=NEW_BUCKETS_ENCRYPTION)
        _put_tags(s3, bucket, self.planned(aws, inputs)["tagsAll"])
        return bucket

    def read(self, aws: Aws, id_: str, state: Bag) -> Bag | None:
        region = state.get("region", aws.region)
        s3 = aws.client("s3", region)
        if not _exists(s3, id_):
            return None
        place = s3.get_bucket_location(Bucket=id_)["LocationConstraint"] or "us-east-1"
        partition = aws.partition(place)
        return {
            **carried_over(BUCKET, state),
            "arn": f"arn:{partition.id}:s3:::{id_}",
            "bucket": id_,
            "bucketDomainName": f"{id_}.s3.{partition.dns_suffix}",
            "bucketPrefix": state.get("bucketPrefix", ""),
            "bucketRegion": place,
            "bucketRegionalDomainName": f"{id_}.s3.{place}.{partition.dns_suffix}",
            "region": region,
            **(_settings_of_others(s3, id_) if environ.get(READS_SETTINGS) else {}),
            **own_tags(aws, _tags(aws, s3, id_), state),
        }

    def update(self, aws: Aws, id_: str, state: Bag, inputs: Bag) -> None:
        # The other updatable properties are kept in the state only.
        wanted = self.planned(aws, inputs)["tagsAll"]
        if wanted != state.get("tagsAll", {}):
            _put_tags(aws.client("s3", state["region"]), id_, wanted)

    def delete(self, aws: Aws, id_: str, state: Bag) -> None:
        s3 = aws.client("s3", state["region"])
        try:
            s3.delete_bucket(Bucket=id_)
        except ClientError as error:
            if code(error) == "NoSuchBucket":
                return
            if code(error) != "BucketNotEmpty" or not state.get("forceDestroy"):
                raise ProviderError(f"deleting S3 Bucket ({id_}): {explained(error)}") from error
            _empty(s3, id_)
            s3.delete_bucket(Bucket=id_)


def _settings_of_others(s3: Any, bucket: str) -> Bag:
    """What the resources of the bucket's settings made of it; versioning stands for all of them."""
    status = s3.get_bucket_versioning(Bucket=bucket).get("Status")
    return {"versioning": {"enabled": status == "Enabled", "mfaDelete": False}, "requestPayer": "BucketOwner"}


def _exists(s3: Any, bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def _tags(aws: Aws, s3: Any, bucket: str) -> dict[str, str]:
    """Since 6.23 the provider reads them by S3 Control, whose host's name begins with the account's number.

    An address of moto has no such host, so moto is asked by S3's own call. It has the same tags.
    """
    if not re.fullmatch("[A-Za-z0-9-]+", aws.account):
        raise ProviderError(
            f"listing tags for S3 (Simple Storage) Bucket ({bucket}): operation error S3 Control: ListTagsForResource, "
            "failed to resolve service endpoint, endpoint rule error, AccountId must only contain a-z, A-Z, 0-9 and "
            "`-`."
        )
    try:
        return {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    except ClientError as error:
        if code(error) != "NoSuchTagSet":
            raise
        return {}


def _put_tags(s3: Any, bucket: str, tags: Mapping[str, str]) -> None:
    if tags:
        s3.put_bucket_tagging(
            Bucket=bucket, Tagging={"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}
        )
    else:
        s3.delete_bucket_tagging(Bucket=bucket)


def _empty(s3: Any, bucket: str) -> None:
    """Deletes every version and every delete marker, as emptyBucket in the provider's bucket.go."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if found:
            objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
