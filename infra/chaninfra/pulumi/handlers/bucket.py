"""The bucket of an S3-compatible store."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from chaninfra.channel.errors import RefusedError
from chaninfra.channel.s3.boto import code_and_status, translating_errors
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.handlers.base import Operations, Props
from chaninfra.pulumi.handlers.deletion import purge

_REGION_WANTED = {"IllegalLocationConstraintException", "InvalidLocationConstraint"}


def exists(session: Session) -> bool:
    """Whether the bucket is there and these credentials may look at it; any other answer is an error.

    A GET and not HeadBucket: the answer to HEAD has no code, and not every 404 means that the bucket is missing.
    """
    with translating_errors(session.location, "look at"):
        try:
            session.client.list_objects_v2(Bucket=session.location.bucket, MaxKeys=1)
        except ClientError as error:
            if code_and_status(error)[0] == "NoSuchBucket":
                return False
            raise
    return True


class BucketOperations(Operations):
    """Inputs: store, adopt, force-destroy."""

    def create(self, props: Props) -> tuple[str, Props]:
        """Makes the bucket, or takes the one that is there."""
        bucket = self.session.location.bucket
        # Some stores answer 200 to the creation of a bucket that exists, so it is looked for first.
        if not exists(self.session):
            with translating_errors(self.session.location, "create"):
                self._make()
        elif not props["adopt"]:
            raise RefusedError(
                f"the bucket {bucket!r} exists already and is not in this stack's state",
                remedy="to take it as it is, set `adopt` to true",
            )
        return bucket, props

    def _make(self) -> None:
        location = self.session.location
        try:
            self.session.client.create_bucket(Bucket=location.bucket)
        except ClientError as error:
            if code_and_status(error)[0] not in _REGION_WANTED:
                raise
            # Some stores want the region named, others know none by the name that requests are signed with.
            region: Any = location.region
            self.session.client.create_bucket(
                Bucket=location.bucket, CreateBucketConfiguration={"LocationConstraint": region}
            )

    def read(self, props: Props) -> Props | None:
        """The bucket's props, or None where it is gone."""
        return props if exists(self.session) else None

    def delete(self, props: Props) -> None:
        """Deletes the bucket; an adopted one stays."""
        if props["adopt"] or not exists(self.session):
            return
        if props["force-destroy"]:
            purge(self.session, "", lambda keys: keys)
        with translating_errors(self.session.location, "delete"):
            self.session.client.delete_bucket(Bucket=self.session.location.bucket)
