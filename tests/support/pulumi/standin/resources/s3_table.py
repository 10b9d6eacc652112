"""What a change of each property of the S3 types does.

`TF` is hashicorp/terraform-provider-aws 6.x, which pulumi-aws 7 wraps; there "ForceNew" (or "RequiresReplace") is what
replaces. Where a file could be read only in an older version than 6, it is named with the version: these facts are of
the schema's oldest parts.
"""

from support.pulumi.standin.policies import equivalent
from support.pulumi.standin.properties import Property, Source, same_set

TF = "terraform-provider-aws internal/service/s3/"

# interceptors of every regional resource: "Force resource replacement if the value of the top-level `region` attribute
# changes", and the provider's region where the program says nothing.
REGION = Source("terraform-provider-aws internal/provider/sdkv2/region.go, forceNewIfRegionValueChanges")
TAGS = Source("terraform-provider-aws internal/verify/diff.go, SetTagsDiff")

_BUCKET = Source(TF + "bucket.go (6.0)")
_NAMESPACE = Source("terraform-provider-aws pull request 46917 (6.37), 'Optional, Forces new resource'")
_OWNERSHIP = Source(TF + "bucket_ownership_controls.go (4.x)")
_VERSIONING = Source(TF + "bucket_versioning.go (4.x)")
_ENCRYPTION = Source(TF + "bucket_server_side_encryption_configuration.go (6.0)")
_BLOCKED = Source("terraform-provider-aws changelog 6.40, 'blocked_encryption_types' Optional and Computed")
_ACCESS = Source(TF + "bucket_public_access_block.go (6.0)")
_POLICY = Source(TF + "bucket_policy.go (6.0)")
_CORS = Source(TF + "bucket_cors_configuration.go (4.x)")
_LOGGING = Source(TF + "bucket_logging.go (6.0)")
_LIFECYCLE = Source(TF + "bucket_lifecycle_configuration.go (6.0)")

BUCKET: dict[str, Property] = dict(
    [
        *_BUCKET.replacing("bucket bucketPrefix", keeps=True),
        *_BUCKET.replacing("objectLockEnabled", keeps=True, forwarded=False),
        *_NAMESPACE.replacing("bucketNamespace", keeps=True, forwarded=False),
        *REGION.replacing("region"),
        *_BUCKET.updatable("forceDestroy", default=False, local=True),
        *_BUCKET.updatable("tags", free=True),
        *TAGS.updatable("tagsAll", free=True),
        # Deprecated in favour of the types below.
        *_BUCKET.updatable(
            "accelerationStatus acl corsRules grants lifecycleRules logging policy replicationConfiguration"
            " requestPayer serverSideEncryptionConfiguration versioning website",
            keeps=True,
            forwarded=False,
        ),
        # object_lock_configuration.object_lock_enabled is ForceNew, the rest of the block is not.
        *_BUCKET.replacing("objectLockConfiguration", keeps=True, forwarded=False),
        *_BUCKET.computed("arn bucketDomainName bucketRegion bucketRegionalDomainName"),
        *_BUCKET.computed("hostedZoneId websiteDomain websiteEndpoint", forwarded=False),
    ]
)

OWNERSHIP: dict[str, Property] = dict(
    [
        *_OWNERSHIP.replacing("bucket"),
        *REGION.replacing("region"),
        *_OWNERSHIP.updatable("rule"),
        *_OWNERSHIP.updatable(
            "rule.objectOwnership", values=("BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced")
        ),
    ]
)

VERSIONING: dict[str, Property] = dict(
    [
        *_VERSIONING.replacing("bucket"),
        *_VERSIONING.replacing("expectedBucketOwner"),
        *REGION.replacing("region"),
        *_VERSIONING.updatable("mfa", local=True),
        *_VERSIONING.updatable("versioningConfiguration"),
        *_VERSIONING.updatable("versioningConfiguration.status", values=("Enabled", "Suspended", "Disabled")),
        *_VERSIONING.updatable("versioningConfiguration.mfaDelete", keeps=True, values=("Enabled", "Disabled")),
    ]
)

_DEFAULT = "rules.applyServerSideEncryptionByDefault"

ENCRYPTION: dict[str, Property] = dict(
    [
        *_ENCRYPTION.replacing("bucket"),
        *_ENCRYPTION.replacing("expectedBucketOwner"),
        *REGION.replacing("region"),
        *_ENCRYPTION.updatable(f"rules rules.bucketKeyEnabled {_DEFAULT} {_DEFAULT}.kmsMasterKeyId"),
        *_ENCRYPTION.updatable(f"{_DEFAULT}.sseAlgorithm", values=("AES256", "aws:kms", "aws:kms:dsse", "aws:fsx")),
        *_BLOCKED.updatable("rules.blockedEncryptionTypes", keeps=True),
    ]
)

ACCESS: dict[str, Property] = dict(
    [
        *_ACCESS.replacing("bucket"),
        *REGION.replacing("region"),
        *_ACCESS.updatable("blockPublicAcls blockPublicPolicy ignorePublicAcls restrictPublicBuckets", default=False),
        *_ACCESS.updatable("skipDestroy", local=True),
    ]
)

POLICY: dict[str, Property] = dict(
    [
        *_POLICY.replacing("bucket"),
        *REGION.replacing("region"),
        # sdkv2.IAMPolicyDocumentSchemaRequired: SuppressEquivalentPolicyDiffs
        *_POLICY.updatable("policy", same=equivalent),
    ]
)

_AND = "rules.filter.and"

LIFECYCLE: dict[str, Property] = dict(
    [
        *_LIFECYCLE.replacing("bucket"),
        *_LIFECYCLE.replacing("expectedBucketOwner", keeps=True),
        *REGION.replacing("region"),
        *_LIFECYCLE.updatable("transitionDefaultMinimumObjectSize", keeps=True),
        *_LIFECYCLE.updatable("timeouts timeouts.create timeouts.update", local=True),
        *_LIFECYCLE.updatable("rules rules.id rules.prefix rules.filter rules.expiration rules.transitions"),
        *_LIFECYCLE.updatable("rules.status", values=("Enabled", "Disabled")),
        *_LIFECYCLE.updatable(
            "rules.abortIncompleteMultipartUpload rules.abortIncompleteMultipartUpload.daysAfterInitiation"
        ),
        *_LIFECYCLE.updatable("rules.expiration.date rules.expiration.days rules.expiration.expiredObjectDeleteMarker"),
        *_LIFECYCLE.updatable("rules.filter.prefix rules.filter.tag rules.filter.tag.key rules.filter.tag.value"),
        *_LIFECYCLE.updatable("rules.filter.objectSizeGreaterThan rules.filter.objectSizeLessThan"),
        *_LIFECYCLE.updatable(f"{_AND} {_AND}.objectSizeGreaterThan {_AND}.objectSizeLessThan {_AND}.prefix"),
        *_LIFECYCLE.updatable(f"{_AND}.tags", free=True),
        *_LIFECYCLE.updatable("rules.noncurrentVersionExpiration rules.noncurrentVersionExpiration.noncurrentDays"),
        # moto forgets it.
        *_LIFECYCLE.updatable("rules.noncurrentVersionExpiration.newerNoncurrentVersions", forwarded=False),
        *_LIFECYCLE.updatable("rules.noncurrentVersionTransitions rules.noncurrentVersionTransitions.noncurrentDays"),
        *_LIFECYCLE.updatable(
            "rules.noncurrentVersionTransitions.newerNoncurrentVersions rules.noncurrentVersionTransitions.storageClass"
        ),
        *_LIFECYCLE.updatable("rules.transitions.date rules.transitions.days rules.transitions.storageClass"),
    ]
)

CORS: dict[str, Property] = dict(
    [
        *_CORS.replacing("bucket"),
        *_CORS.replacing("expectedBucketOwner"),
        *REGION.replacing("region"),
        # TypeSet, and so are the lists in it.
        *_CORS.updatable("corsRules", same=same_set),
        *_CORS.updatable("corsRules.allowedHeaders corsRules.allowedMethods corsRules.allowedOrigins", same=same_set),
        *_CORS.updatable("corsRules.exposeHeaders", same=same_set),
        *_CORS.updatable("corsRules.id corsRules.maxAgeSeconds"),
    ]
)

LOGGING: dict[str, Property] = dict(
    [
        *_LOGGING.replacing("bucket"),
        *_LOGGING.replacing("expectedBucketOwner"),
        *REGION.replacing("region"),
        *_LOGGING.updatable("targetBucket targetPrefix"),
        # Grants need ACLs, which a bucket of BucketOwnerEnforced has not; moto forgets the key format.
        *_LOGGING.updatable("targetGrants targetObjectKeyFormat", forwarded=False),
    ]
)
