"""The settings of a bucket as the documents that S3's API takes for them. Pure functions that return dicts."""

from __future__ import annotations

from typing import Any

from chaninfra.channel.spec.model import BucketSettings, StackSpec

Document = dict[str, Any]
# A group of S3's own, and what versitygw calls it.
_EVERYBODY = {"http://acs.amazonaws.com/groups/global/AllUsers", "all-users"}


def settings_documents(settings: BucketSettings) -> dict[str, Document]:
    """Setting → document, for those that are declared: versioning, encryption, lifecycle, cors, tags."""
    made: dict[str, Document | None] = {
        "versioning": _versioning(settings.versioning),
        "encryption": _encryption(settings),
        "lifecycle": _rules("Rules", _lifecycle(settings)),
        "cors": _rules("CORSRules", _cors(settings)),
        "tags": _rules("TagSet", [{"Key": key, "Value": value} for key, value in sorted(settings.tags.items())]),
    }
    return {name: document for name, document in made.items() if document is not None}


def _lifecycle(settings: BucketSettings) -> list[Document]:
    """The rules that delete old versions, and uploads that were never finished."""
    ends: dict[str, Document] = {}
    if settings.old_versions_days is not None:
        ends["old-versions"] = {"NoncurrentVersionExpiration": {"NoncurrentDays": settings.old_versions_days}}
    if settings.open_uploads_days is not None:
        ends["open-uploads"] = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": settings.open_uploads_days}}
    return [{"ID": name, "Status": "Enabled", "Filter": {"Prefix": ""}, **end} for name, end in ends.items()]


def _cors(settings: BucketSettings) -> list[Document]:
    """The rule that lets web pages read."""
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


def public_acl(stack: StackSpec) -> dict[str, str]:
    """The setting `acl` of a public bucket, on a store that opens it by that; an adopted one is its owner's to open."""
    by_acl = stack.bucket.provider.public.value == "acl" and not stack.bucket.adopt
    return {"acl": "public-read"} if by_acl and stack.visibility == "public" else {}


def canned_acl(answer: Document) -> str:
    """The canned ACL that grants amount to: `public-read` where everybody may read, else `private`."""
    grantees = [grant["Grantee"] for grant in answer.get("Grants", ()) if grant["Permission"] == "READ"]
    open_to_all = any({grantee.get("URI"), grantee.get("ID")} & _EVERYBODY for grantee in grantees)
    return "public-read" if open_to_all else "private"


def holds(there: Any, declared: Any) -> bool:
    """Whether what a store answers says the declared, whatever it adds: defaults, its own order, empty filters."""
    if isinstance(declared, dict):
        return isinstance(there, dict) and all(
            holds(there.get(key), value) for key, value in declared.items() if value != {"Prefix": ""}
        )
    if isinstance(declared, list):
        return (
            isinstance(there, list)
            and len(there) == len(declared)
            and all(any(holds(one, value) for one in there) for value in declared)
        )
    return bool(there == declared)


def _versioning(wanted: bool | None) -> Document | None:
    return None if wanted is None else {"Status": "Enabled" if wanted else "Suspended"}


def _encryption(settings: BucketSettings) -> Document | None:
    if settings.encryption is None:
        return None
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


def _rules(name: str, rules: list[Document]) -> Document | None:
    return {name: rules} if rules else None
