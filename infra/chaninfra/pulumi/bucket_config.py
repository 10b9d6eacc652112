"""Bucket settings as the documents of the S3 API (PutBucketLifecycleConfiguration, PutBucketCors …). Pure functions.

Both backends use them: the S3 backend passes them to boto3, the AWS backend respells their keys for pulumi-aws.
"""

from __future__ import annotations

import re
from typing import Any

from chaninfra.channel.spec.model import BucketSettings, StackSpec

Document = dict[str, Any]

# The grantee "everybody": S3's group URI, and versitygw's id for it.
_EVERYBODY = {"http://acs.amazonaws.com/groups/global/AllUsers", "all-users"}


def settings_documents(settings: BucketSettings) -> dict[str, Document]:
    """Setting → document, for the declared ones of: versioning, encryption, lifecycle, cors, tags."""
    documents: dict[str, Document | None] = {
        "versioning": None if settings.versioning is None else versioning(enabled=settings.versioning),
        "encryption": None if settings.encryption is None else _rules("Rules", [encryption_rule()]),
        "lifecycle": _rules("Rules", lifecycle_rules(settings)),
        "cors": _rules("CORSRules", cors_rules(settings)),
        "tags": _rules("TagSet", [{"Key": key, "Value": value} for key, value in sorted(settings.tags.items())]),
    }
    return {name: document for name, document in documents.items() if document is not None}


def versioning(*, enabled: bool) -> Document:
    """The VersioningConfiguration. Off is `Suspended`: a bucket that ever had versions cannot return to unversioned."""
    return {"Status": "Enabled" if enabled else "Suspended"}


def encryption_rule(kms_key_arn: str | None = None) -> Document:
    """The rule of a ServerSideEncryptionConfiguration: SSE-KMS with this KMS key, without one SSE-S3."""
    if kms_key_arn is None:
        return {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms_key_arn}
    # With an S3 Bucket Key, S3 does not call KMS for every object.
    return {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}


def lifecycle_rules(settings: BucketSettings) -> list[Document]:
    """The rules of a LifecycleConfiguration: delete noncurrent versions, and abort incomplete multipart uploads."""
    actions: dict[str, Document] = {}
    if settings.old_versions_days is not None:
        actions["old-versions"] = {"NoncurrentVersionExpiration": {"NoncurrentDays": settings.old_versions_days}}
    if settings.open_uploads_days is not None:
        actions["open-uploads"] = {
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": settings.open_uploads_days}
        }
    return [{"ID": name, "Status": "Enabled", "Filter": {"Prefix": ""}, **action} for name, action in actions.items()]


def cors_rules(settings: BucketSettings) -> list[Document]:
    """The rule of a CORSConfiguration that lets web pages of the declared origins read; empty if there are none."""
    if not settings.cors_origins:
        return []
    return [
        {
            "AllowedMethods": ["GET", "HEAD"],
            "AllowedOrigins": list(settings.cors_origins),
            "AllowedHeaders": ["*"],
            "ExposeHeaders": ["ETag"],
            "MaxAgeSeconds": 3600,
        }
    ]


def in_snake_case(document: Any) -> Any:
    """The document with its keys as pulumi-aws spells them: `sse_algorithm` for `SSEAlgorithm`."""
    if isinstance(document, dict):
        return {_snake_case(key): in_snake_case(value) for key, value in document.items()}
    return [in_snake_case(value) for value in document] if isinstance(document, list) else document


def _snake_case(key: str) -> str:
    # A word starts at a capital after a small letter, or at the last capital of an acronym: SSE|Algorithm.
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", key).lower()


def public_acl(stack: StackSpec) -> dict[str, str]:
    """The setting `acl` of a public bucket, for stores that make a bucket public by its ACL.

    Empty for an adopted bucket: its owner decides whether it is public.
    """
    by_acl = stack.bucket.provider.public.value == "acl" and not stack.bucket.adopt
    return {"acl": "public-read"} if by_acl and stack.visibility == "public" else {}


def canned_acl(answer: Document) -> str:
    """The canned ACL for an answer of GetBucketAcl: `public-read` if everybody may read, else `private`."""
    grantees = [grant["Grantee"] for grant in answer.get("Grants", ()) if grant["Permission"] == "READ"]
    open_to_all = any({grantee.get("URI"), grantee.get("ID")} & _EVERYBODY for grantee in grantees)
    return "public-read" if open_to_all else "private"


def holds(actual: Any, declared: Any) -> bool:
    """Whether a setting as the store answers it contains the declared one.

    Stores add defaults, reorder lists, and drop a filter with an empty prefix.
    """
    if isinstance(declared, dict):
        return isinstance(actual, dict) and all(
            holds(actual.get(key), value) for key, value in declared.items() if value != {"Prefix": ""}
        )
    if isinstance(declared, list):
        return (
            isinstance(actual, list)
            and len(actual) == len(declared)
            and all(any(holds(item, value) for item in actual) for value in declared)
        )
    return bool(actual == declared)


def _rules(name: str, rules: list[Document]) -> Document | None:
    return {name: rules} if rules else None
