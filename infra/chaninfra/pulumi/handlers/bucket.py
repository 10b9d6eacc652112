"""The bucket on an S3-compatible store."""

from __future__ import annotations

from typing import Any, TypedDict

from botocore.exceptions import ClientError

from chaninfra.channel.errors import RefusedError
from chaninfra.channel.s3.boto import code_and_status, translating_errors
from chaninfra.pulumi.bucket_session import Session, StoreInput
from chaninfra.pulumi.handlers.base import Handler
from chaninfra.pulumi.handlers.deletion import purge

# CreateBucket without a LocationConstraint is refused with these codes where the store needs one.
_REGION_WANTED = {"IllegalLocationConstraintException", "InvalidLocationConstraint"}

BucketInputs = TypedDict("BucketInputs", {"store": StoreInput, "adopt": bool, "force-destroy": bool})


def exists(session: Session) -> bool:
    """Whether the bucket exists and these credentials may list it. Raises StorageError for any other answer.

    It lists the bucket instead of HeadBucket: an answer to HEAD has no error code, and not every 404 means that the
    bucket is missing.
    """
    with translating_errors(session.location, "look at"):
        try:
            session.client.list_objects_v2(Bucket=session.location.bucket, MaxKeys=1)
        except ClientError as error:
            if code_and_status(error)[0] == "NoSuchBucket":
                return False
            raise
    return True


def taken(bucket: str) -> RefusedError:
    """The error for a bucket that exists, and that the stack neither made nor adopts."""
    return RefusedError(
        f"the bucket {bucket!r} already exists and is not in this stack's state",
        where="key adopt",
        remedy="to use it with its contents, set `adopt` to true (pulumi config set adopt true); otherwise choose "
        "another name",
    )


class BucketHandler(Handler[BucketInputs, BucketInputs]):
    """Creates the bucket, or adopts an existing one, which is never deleted."""

    def create(self, props: BucketInputs) -> tuple[str, BucketInputs]:
        """Creates the bucket, or adopts it. Raises RefusedError if it exists and `adopt` is false."""
        bucket = self.session.location.bucket
        # Checked first, since some stores answer 200 to CreateBucket for a bucket that exists.
        if not exists(self.session):
            with translating_errors(self.session.location, "create"):
                self._create_bucket()
        elif not props["adopt"]:
            raise taken(bucket)
        return bucket, props

    def _create_bucket(self) -> None:
        location = self.session.location
        try:
            self.session.client.create_bucket(Bucket=location.bucket)
        except ClientError as error:
            if code_and_status(error)[0] not in _REGION_WANTED:
                raise
            # Not sent in the first place: some stores refuse every LocationConstraint.
            region: Any = location.region
            self.session.client.create_bucket(
                Bucket=location.bucket, CreateBucketConfiguration={"LocationConstraint": region}
            )

    def read(self, props: BucketInputs) -> BucketInputs | None:
        """The props, or None if the bucket is missing."""
        return props if exists(self.session) else None

    def delete(self, props: BucketInputs) -> None:
        """Deletes the bucket, and with `force-destroy` what is in it. An adopted bucket stays."""
        if props["adopt"] or not exists(self.session):
            return
        if props["force-destroy"]:
            purge(self.session, "", lambda keys: keys)
        made = self._made_at()
        with translating_errors(self.session.location, "delete"):
            self._delete_bucket()
            # Garage first takes away the name that this key alone has for the bucket, and keeps a bucket that has the
            # name for all keys too. By its date it is the same one, and not that of others, which the name of this key
            # has hidden.
            if made is not None and self._made_at() == made:
                self._delete_bucket()

    def _made_at(self) -> Any:
        """When the bucket was made, by the listing of buckets; None if that has none of the name or is denied."""
        try:
            listed = self.session.client.list_buckets()["Buckets"]
        except (ClientError, KeyError):
            return None
        return next((each["CreationDate"] for each in listed if each["Name"] == self.session.location.bucket), None)

    def _delete_bucket(self) -> None:
        try:
            self.session.client.delete_bucket(Bucket=self.session.location.bucket)
        except ClientError as error:
            # A listing may still have what is gone.
            if code_and_status(error)[0] != "NoSuchBucket":
                raise
