"""Which changes mean another bucket, so that Pulumi deletes the one in the state.

Another bucket name does, and another kind of backend. On AWS another region does too: pulumi-aws deletes the bucket and
makes one of the same name there. An endpoint, a profile and a way of addressing only say how a bucket is reached. An
adopted bucket is no resource of the stack, so that only another name leaves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import ClientError

from chaninfra.channel.providers.rows.aws import AWS
from chaninfra.channel.s3.boto import code_and_status, translating_errors
from chaninfra.pulumi.bucket_session import Session, StoreInput, backend_of
from chaninfra.pulumi.handlers.bucket import exists
from chaninfra.pulumi.handlers.destroy_guard import DestroyGuardInputs

# The statuses with which S3 answers where the bucket is in another region.
_ELSEWHERE = (301, 307, 400)


@dataclass(frozen=True, kw_only=True)
class Left:
    """The bucket that a change leaves."""

    session: Session
    """It reaches that bucket."""
    key: Literal["bucket", "region", "provider"]
    """The config key whose change leaves it."""
    loses: str
    """What happens to the packages in it: "be deleted with …"."""


def left_bucket(session: Session, olds: DestroyGuardInputs, news: DestroyGuardInputs) -> Left | None:
    """The bucket that the change from `olds` to `news` leaves; None if the bucket stays. `session` is that of `news`.

    On AWS the bucket is asked for its region, since the state may say something else after a run that failed. Raises
    StorageError.
    """
    old, new = olds["store"], news["store"]
    if old["bucket"] != new["bucket"]:
        return Left(session=session.at(old), key="bucket", loses="be left behind by the changed bucket")
    if news["adopt"]:
        return None
    if None not in (before := backend_of(old), now := backend_of(new)) and before != now:
        return Left(session=session.at(old), key="provider", loses="be lost with the bucket of the old provider")
    if now != "aws":
        return None
    # The new credentials, at the place in the state. In another partition nobody would know the bucket.
    known: StoreInput = {**new, "region": old["region"], "endpoint-url": old["endpoint-url"]}
    asked = session.at(known) if old["region"] != new["region"] else session
    region = bucket_region(asked)
    if region in (None, new["region"]):
        return None
    return Left(
        session=asked,
        key="region",
        loses=f"be deleted with the bucket, which is in {region or old['region']}: to change the region to "
        f"{new['region']} (`region`, `aws:region`, AWS_REGION), AWS needs a new bucket of that name",
    )


def on_aws_itself(store: StoreInput) -> bool:
    """Whether the endpoint is the region's public one, where a bucket's name is unique in all accounts."""
    return backend_of(store) == "aws" and store["endpoint-url"] == AWS.endpoint_url({"region": store["region"]})


def bucket_region(session: Session) -> str | None:
    """The region of a bucket on AWS; None if there is no such bucket.

    The one in `session` if the endpoint does not tell. Raises StorageError; DeniedError also if another account owns
    the bucket.
    """
    bucket, owner = session.location.bucket, session.account
    with translating_errors(session.location, "look at"):
        try:
            answer = session.client.head_bucket(
                Bucket=bucket, **({"ExpectedBucketOwner": owner} if owner is not None else {})
            )
            headers = answer["ResponseMetadata"]["HTTPHeaders"]
        except ClientError as error:
            headers = error.response["ResponseMetadata"]["HTTPHeaders"]
            status = code_and_status(error)[1]
            # A 404 without an error code may mean something else than a missing bucket.
            if status == 404 and not exists(session):
                return None
            if status not in _ELSEWHERE or "x-amz-bucket-region" not in headers:
                raise
    return headers.get("x-amz-bucket-region") or session.location.region
