"""The permissions of the roles, as identity policies and as statements of a bucket policy.

Every role may list the whole bucket. A GET by pixi has no prefix for a condition to check, and without the permission
to list, S3 answers 403 instead of 404 for a missing file, and pixi stops there. A channel whose file names must be
hidden from the readers of another channel needs its own bucket.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from chaninfra.channel.conda.object_names import (
    CHANINFRA_FOLDER,
    CHANNELDATA_JSON,
    HISTORY_FOLDER,
    NOTICES_JSON,
    PATCHES_FOLDER,
    SNAPSHOTS_FOLDER,
    WITHDRAWN_JSON,
    YANKED_JSON,
)
from chaninfra.channel.location import join
from chaninfra.channel.policy.statements import OURS, VERSION, Statement, deny_old_versions
from chaninfra.channel.providers.model import VersionRights
from chaninfra.channel.roles import Role
from chaninfra.channel.spec.model import SourceChannel
from chaninfra.channel.spec.token_claims import TokenClaims

_ADD = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]


def statements(
    role: Role,
    *,
    bucket: str,
    prefix: str,
    subdirs: Sequence[str],
    partition: str = "aws",
    kms_key_arn: str | None = None,
    distribution: str | None = None,
    version_rights: VersionRights = "own",
    sources: Sequence[SourceChannel] = (),
    channeldata: bool = False,
) -> list[Statement]:
    """The statements of a role's identity policy, which have no Principal.

    `distribution` is the ARN of the CloudFront distribution in front of the bucket; `sources` are the other channels
    that a promoter reads. No role may write `channel.json`, which the stack manages, nor the page (`index.html` and
    `assets/`), which runs in browsers. Whoever writes the index keeps its old states below `.chaninfra/history/`, and
    writes channeldata.json where the channel has it (`channeldata`). A promoter may write the patches too, so that what
    was patched in a source is patched here. Only maintainers may write `yanked.json`, `withdrawn.json`, `notices.json`,
    `snapshots/` and the rest of `.chaninfra/`, and only they may delete. No role may read or delete old versions of
    objects: where that comes with the object (`version_rights`), it is denied.
    """
    arn = f"arn:{partition}:s3:::{bucket}"

    def objects(*names: str) -> list[str]:
        return [f"{arn}/{join(prefix, name)}" for name in names]

    files = objects(*(f"{subdir}/*" for subdir in subdirs), *((CHANNELDATA_JSON,) if channeldata else ()))
    allowed: list[Statement] = [
        {"Sid": "ReadChannel", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": objects("*")},
        {"Sid": "ListBucket", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [arn]},
    ]
    read = [f"arn:{partition}:s3:::{source.bucket}/{join(source.prefix, '*')}" for source in sources]
    if read:
        allowed.append({"Sid": "ReadSources", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": read})
    # Whoever reads a channel may list its bucket, see above.
    listed = [f"arn:{partition}:s3:::{name}" for name in _other_buckets(bucket, sources)]
    if listed:
        allowed.append({"Sid": "ListSources", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": listed})
    if role in ("publisher", "promoter"):
        folders = (HISTORY_FOLDER, *((PATCHES_FOLDER,) if role == "promoter" else ()))
        added = [*files, *objects(*(f"{folder}/*" for folder in folders))]
        allowed.append({"Sid": "AddFiles", "Effect": "Allow", "Action": _ADD, "Resource": added})
    if role == "maintainer":
        documents = objects(YANKED_JSON, WITHDRAWN_JSON, NOTICES_JSON)
        kept = [*files, *documents, *objects(f"{SNAPSHOTS_FOLDER}/*", f"{CHANINFRA_FOLDER}/*")]
        allowed.append({"Sid": "KeepFiles", "Effect": "Allow", "Action": [*_ADD, "s3:DeleteObject"], "Resource": kept})
        allowed.append(
            {
                "Sid": "SeeUploads",
                "Effect": "Allow",
                "Action": ["s3:ListBucketMultipartUploads"],
                "Resource": [arn],
            }
        )
    if kms_key_arn:
        actions = ["kms:Decrypt", *(["kms:GenerateDataKey"] if role != "reader" else [])]
        allowed.append({"Sid": "UseKey", "Effect": "Allow", "Action": actions, "Resource": [kms_key_arn]})
    if distribution and role != "reader":
        invalidate = ["cloudfront:CreateInvalidation"]
        allowed.append({"Sid": "RefreshCdn", "Effect": "Allow", "Action": invalidate, "Resource": [distribution]})
    if version_rights == "with-object":
        old = deny_old_versions(bucket, [prefix])
        allowed.append({**old, "Resource": [*old["Resource"], *read]})
        deleting = {"Effect": "Deny", "Action": ["s3:DeleteObjectVersion"], "Resource": objects("*")}
        allowed.append({"Sid": f"{OURS}KeepOldVersions", **deleting})
    return allowed


def decrypt_sources(bucket: str, sources: Sequence[SourceChannel], partition: str) -> list[Statement]:
    """The statement by which a promoter on AWS reads sources outside `bucket` that are encrypted with a KMS key; empty
    where there are none.

    A stack does not know the key of another bucket. So the condition says what may be decrypted, and that S3 asks: S3
    gives KMS the ARN of the bucket, or without a bucket key that of the object (Amazon S3 User Guide, "Using
    server-side encryption with AWS KMS keys", encryption context). The policy of that key must allow it too.
    """
    others = [source for source in sources if source.bucket != bucket]
    places = [place for each in others for place in (each.bucket, f"{join(each.bucket, each.prefix)}/*")]
    arns = [f"arn:{partition}:s3:::{place}" for place in dict.fromkeys(places)]
    if not arns:
        return []
    return [
        {
            "Sid": "DecryptSources",
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": [f"arn:{partition}:kms:*:*:key/*"],
            "Condition": {"StringLike": {"kms:ViaService": "s3.*", "kms:EncryptionContext:aws:s3:arn": arns}},
        }
    ]


def _other_buckets(bucket: str, sources: Sequence[SourceChannel]) -> list[str]:
    return [*dict.fromkeys(source.bucket for source in sources if source.bucket != bucket)]


def identity_policy(role: Role, **options: Any) -> dict[str, Any]:
    """The identity policy of a role, as a document; `options` are those of `statements`."""
    return {"Version": VERSION, "Statement": statements(role, **options)}


def bucket_policy_statements(role: Role, name: str, principal_arns: Sequence[str], **options: Any) -> list[Statement]:
    """The permissions of `role` as statements of the bucket policy, for principals in AWS that are given by ARN.

    All principals with the role share the statements, because the length of a bucket policy is limited. `name` is the
    channel's; it becomes a part of the Sids, without characters other than letters and digits: the statements of
    `team/stable` for publishers begin with `ChaninfraPublisherTeamStable`. `options` are those of `statements` except
    `kms_key_arn` and `distribution`, because a bucket policy can grant neither.
    """
    channel = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))
    arns = principal_arns[0] if len(principal_arns) == 1 else list(principal_arns)
    return [
        {**statement, "Sid": f"{OURS}{role.capitalize()}{channel}{statement['Sid']}", "Principal": {"AWS": arns}}
        for statement in statements(role, **options)
    ]


def limited_to_token(statements: Sequence[Statement], claims: TokenClaims) -> list[Statement]:
    """The statements with conditions on the claims of the session's token, for policies of MinIO.

    MinIO turns the claims into condition keys (`jwt:sub`). It checks the audience itself, by the client id in its
    OpenID settings. It does not check the issuer, because it accepts the signing keys of all configured issuers for
    each of them, so a condition does. Sources: MinIO docs, "AssumeRoleWithWebIdentity" and "Policy variables".
    """
    conditions: dict[str, dict[str, Any]] = {"StringEquals": {"jwt:iss": f"https://{claims.issuer}"}}
    for claim, values in claims.claims.items():
        operator = "StringLike" if any("*" in value for value in values) else "StringEquals"
        conditions.setdefault(operator, {})[f"jwt:{claim}"] = list(values)
    # A statement that denies holds for every token.
    return [
        {**statement, "Condition": conditions} if statement["Effect"] == "Allow" else statement
        for statement in statements
    ]


def principal_arn(arn: str, partition: str = "aws") -> str:
    """The ARN of a principal that is given by its ARN, or by the number of an AWS account."""
    return f"arn:{partition}:iam::{arn}:root" if arn.isdigit() else arn
