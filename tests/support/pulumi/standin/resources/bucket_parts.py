"""The resource types for one bucket setting each."""

from os import environ
from typing import Any

from botocore.exceptions import ClientError

from support.pulumi.standin.arguments import arguments
from support.pulumi.standin.errors import ProviderError, code, refusal
from support.pulumi.standin.policies import is_public
from support.pulumi.standin.values import Bag

from .bucket import NEW_BUCKETS_ENCRYPTION
from .bucket_part import BucketPart
from .s3_table import ACCESS, CORS, ENCRYPTION, LIFECYCLE, LOGGING, OWNERSHIP, POLICY, VERSIONING
from .shapes import from_api, to_api

LIFTED_AFTER = "STAND_IN_LIFTED_AFTER"
"""Variable: the number of public policies that are refused after public policies were unblocked; default 0."""

_lifted: dict[str, int] = {}

_ACCESS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def _sent(s3: Any, shape: str, value: Any) -> Any:
    return to_api(value, s3.meta.service_model.shape_for(shape))


def _got(cls: type, name: str, value: Any) -> Bag:
    return {name: from_api(value, arguments(cls)[name].types)}


def _put_ownership(s3: Any, where: Bag, inputs: Bag) -> None:
    rules = [_sent(s3, "OwnershipControlsRule", inputs["rule"])]
    s3.put_bucket_ownership_controls(**where, OwnershipControls={"Rules": rules})


def _get_ownership(s3: Any, where: Bag, cls: type) -> Bag:
    (rule,) = s3.get_bucket_ownership_controls(**where)["OwnershipControls"]["Rules"]
    return _got(cls, "rule", rule)


def _put_versioning(s3: Any, where: Bag, inputs: Bag) -> None:
    wanted = _sent(s3, "VersioningConfiguration", inputs["versioningConfiguration"])
    if wanted["Status"] == "Disabled":
        # S3 has no such status: the resource stands for a bucket that never had versioning.
        status = s3.get_bucket_versioning(**where).get("Status")
        if status is not None:
            raise ProviderError(f"versioning_configuration.status cannot be updated from '{status}' to 'Disabled'")
        return
    s3.put_bucket_versioning(**where, VersioningConfiguration=wanted)


def _get_versioning(s3: Any, where: Bag, cls: type) -> Bag:
    found = s3.get_bucket_versioning(**where)
    kept = {name: found[name] for name in ("Status", "MFADelete") if name in found}
    return _got(cls, "versioningConfiguration", {"Status": "Disabled", **kept})


def _remove_versioning(s3: Any, where: Bag, state: Bag) -> None:
    # Versioning cannot be removed, so the provider suspends it.
    if state["versioningConfiguration"]["status"] != "Disabled":
        s3.put_bucket_versioning(**where, VersioningConfiguration={"Status": "Suspended"})


def _put_encryption(s3: Any, where: Bag, inputs: Bag) -> None:
    wanted = _sent(s3, "ServerSideEncryptionConfiguration", {"rules": inputs["rules"]})
    s3.put_bucket_encryption(**where, ServerSideEncryptionConfiguration=wanted)


def _get_encryption(s3: Any, where: Bag, cls: type) -> Bag:
    return _got(cls, "rules", s3.get_bucket_encryption(**where)["ServerSideEncryptionConfiguration"]["Rules"])


def _remove_encryption(s3: Any, where: Bag, state: Bag) -> None:
    s3.delete_bucket_encryption(**where)
    # "The bucket now always has one" (the provider's source); in moto it would have none.
    s3.put_bucket_encryption(**where, ServerSideEncryptionConfiguration=NEW_BUCKETS_ENCRYPTION)


def _put_access(s3: Any, where: Bag, inputs: Bag) -> None:
    wanted = {name: inputs.get(name[0].lower() + name[1:], False) for name in _ACCESS}
    if not wanted["BlockPublicPolicy"] and _blocks_public_policies(s3, where):
        _lifted[where["Bucket"]] = int(environ.get(LIFTED_AFTER, 0))
    s3.put_public_access_block(**where, PublicAccessBlockConfiguration=wanted)


def _get_access(s3: Any, where: Bag, cls: type) -> Bag:
    found = s3.get_public_access_block(**where)["PublicAccessBlockConfiguration"]
    return {name[0].lower() + name[1:]: found[name] for name in _ACCESS}


def _remove_access(s3: Any, where: Bag, state: Bag) -> None:
    if not state.get("skipDestroy"):
        s3.delete_public_access_block(**where)


def _put_policy(s3: Any, where: Bag, inputs: Bag) -> None:
    if is_public(inputs["policy"]) and (_blocks_public_policies(s3, where) or _still_blocks(where["Bucket"])):
        # AWS refuses this and moto does not, so the stand-in checks it: the block must be lifted before the policy.
        raise refusal(
            "PutBucketPolicy",
            403,
            "AccessDenied",
            "User is not authorized to perform: s3:PutBucketPolicy on resource: "
            f'"arn:aws:s3:::{where["Bucket"]}" because public policies are prevented by the BlockPublicPolicy '
            "setting in S3 Block Public Access.",
        )
    s3.put_bucket_policy(**where, Policy=inputs["policy"])


def _still_blocks(bucket: str) -> bool:
    """True for the first requests after the block was lifted: S3 takes some seconds to know it everywhere."""
    _lifted[bucket] = _lifted.get(bucket, 0) - 1
    return _lifted[bucket] >= 0


def _blocks_public_policies(s3: Any, where: Bag) -> bool:
    try:
        return bool(_get_access(s3, where, object)["blockPublicPolicy"])
    except ClientError as error:
        if code(error) != "NoSuchPublicAccessBlockConfiguration":
            raise
        return False


def _get_policy(s3: Any, where: Bag, cls: type) -> Bag:
    return {"policy": s3.get_bucket_policy(**where)["Policy"]}


def _put_lifecycle(s3: Any, where: Bag, inputs: Bag) -> None:
    # The API needs a filter if there is no (deprecated) prefix.
    rules = [rule if rule.get("prefix") else {"filter": {"prefix": ""}, **rule} for rule in inputs.get("rules", [])]
    size = inputs.get("transitionDefaultMinimumObjectSize")
    s3.put_bucket_lifecycle_configuration(
        **where,
        LifecycleConfiguration=_sent(s3, "BucketLifecycleConfiguration", {"rules": rules}),
        **({"TransitionDefaultMinimumObjectSize": size} if size else {}),
    )


def _get_lifecycle(s3: Any, where: Bag, cls: type) -> Bag:
    found = s3.get_bucket_lifecycle_configuration(**where)
    size = found.get("TransitionDefaultMinimumObjectSize")
    return {**_got(cls, "rules", found["Rules"]), "transitionDefaultMinimumObjectSize": size}


def _put_cors(s3: Any, where: Bag, inputs: Bag) -> None:
    s3.put_bucket_cors(**where, CORSConfiguration={"CORSRules": _sent(s3, "CORSRules", inputs["corsRules"])})


def _get_cors(s3: Any, where: Bag, cls: type) -> Bag:
    return _got(cls, "corsRules", s3.get_bucket_cors(**where)["CORSRules"])


def _put_logging(s3: Any, where: Bag, inputs: Bag) -> None:
    wanted = {"TargetBucket": inputs["targetBucket"], "TargetPrefix": inputs["targetPrefix"]}
    s3.put_bucket_logging(**where, BucketLoggingStatus={"LoggingEnabled": wanted})


def _get_logging(s3: Any, where: Bag, cls: type) -> Bag | None:
    found = s3.get_bucket_logging(**where).get("LoggingEnabled")
    return {"targetBucket": found["TargetBucket"], "targetPrefix": found["TargetPrefix"]} if found else None


PARTS = (
    BucketPart(
        token="aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        what="Ownership Controls",
        table=OWNERSHIP,
        class_name="BucketOwnershipControlsArgs",
        absent=frozenset({"OwnershipControlsNotFoundError"}),
        put=_put_ownership,
        get=_get_ownership,
        remove=lambda s3, where, state: s3.delete_bucket_ownership_controls(**where),
    ),
    BucketPart(
        token="aws:s3/bucketVersioning:BucketVersioning",
        what="Versioning",
        table=VERSIONING,
        class_name="BucketVersioningInitArgs",
        absent=frozenset(),
        put=_put_versioning,
        get=_get_versioning,
        remove=_remove_versioning,
    ),
    BucketPart(
        token="aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        what="Server-side Encryption Configuration",
        table=ENCRYPTION,
        class_name="BucketServerSideEncryptionConfigurationInitArgs",
        absent=frozenset({"ServerSideEncryptionConfigurationNotFoundError"}),
        put=_put_encryption,
        get=_get_encryption,
        remove=_remove_encryption,
    ),
    BucketPart(
        token="aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        what="Public Access Block",
        table=ACCESS,
        class_name="BucketPublicAccessBlockArgs",
        absent=frozenset({"NoSuchPublicAccessBlockConfiguration"}),
        put=_put_access,
        get=_get_access,
        remove=_remove_access,
    ),
    BucketPart(
        token="aws:s3/bucketPolicy:BucketPolicy",
        what="Policy",
        table=POLICY,
        class_name="BucketPolicyArgs",
        absent=frozenset({"NoSuchBucketPolicy"}),
        put=_put_policy,
        get=_get_policy,
        remove=lambda s3, where, state: s3.delete_bucket_policy(**where),
    ),
    BucketPart(
        token="aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        what="Lifecycle Configuration",
        table=LIFECYCLE,
        class_name="BucketLifecycleConfigurationArgs",
        absent=frozenset({"NoSuchLifecycleConfiguration"}),
        put=_put_lifecycle,
        get=_get_lifecycle,
        remove=lambda s3, where, state: s3.delete_bucket_lifecycle(**where),
    ),
    BucketPart(
        token="aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
        what="CORS Configuration",
        table=CORS,
        class_name="BucketCorsConfigurationArgs",
        absent=frozenset({"NoSuchCORSConfiguration"}),
        put=_put_cors,
        get=_get_cors,
        remove=lambda s3, where, state: s3.delete_bucket_cors(**where),
    ),
    BucketPart(
        token="aws:s3/bucketLogging:BucketLogging",
        what="Logging",
        table=LOGGING,
        class_name="BucketLoggingInitArgs",
        absent=frozenset(),
        put=_put_logging,
        get=_get_logging,
        # S3 has no call that deletes it.
        remove=lambda s3, where, state: s3.put_bucket_logging(**where, BucketLoggingStatus={}),
    ),
)
