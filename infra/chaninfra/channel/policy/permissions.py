"""What a reader, a publisher and a maintainer may do: identity policies, and the same for a bucket's policy.

Everybody here may list the whole bucket: a GET of pixi's carries no prefix, and to those who may not list, S3 answers
403 and not 404 for a file that is missing, where pixi stops. Who must not see a neighbour's names needs another bucket.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from chaninfra.channel.conda.object_names import CHANINFRA_FOLDER, YANKED_JSON
from chaninfra.channel.location import join
from chaninfra.channel.policy.statements import OURS, VERSION, Statement
from chaninfra.channel.roles import Role
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
) -> list[Statement]:
    """The statements of an identity policy, without a principal; `distribution` is the ARN of one before the bucket.

    Nobody of them may write `channel.json`, which is the stack's; `yanked.json` is the maintainers'; only maintainers
    delete.
    """
    arn = f"arn:{partition}:s3:::{bucket}"

    def objects(*names: str) -> list[str]:
        return [f"{arn}/{join(prefix, name)}" for name in names]

    files = objects(*(f"{subdir}/*" for subdir in subdirs))
    made: list[Statement] = [
        {"Sid": "ReadChannel", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": objects("*")},
        {"Sid": "ListBucket", "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [arn]},
    ]
    if role == "publisher":
        made.append({"Sid": "AddFiles", "Effect": "Allow", "Action": _ADD, "Resource": files})
    if role == "maintainer":
        own = [*files, *objects(YANKED_JSON, f"{CHANINFRA_FOLDER}/*")]
        made.append({"Sid": "KeepFiles", "Effect": "Allow", "Action": [*_ADD, "s3:DeleteObject"], "Resource": own})
        made.append(
            {
                "Sid": "SeeUploads",
                "Effect": "Allow",
                "Action": ["s3:ListBucketMultipartUploads"],
                "Resource": [arn],
            }
        )
    if kms_key_arn:
        actions = ["kms:Decrypt", *(["kms:GenerateDataKey"] if role != "reader" else [])]
        made.append({"Sid": "UseKey", "Effect": "Allow", "Action": actions, "Resource": [kms_key_arn]})
    if distribution and role != "reader":
        invalidate = ["cloudfront:CreateInvalidation"]
        made.append({"Sid": "RefreshCdn", "Effect": "Allow", "Action": invalidate, "Resource": [distribution]})
    return made


def identity_policy(role: Role, **about: Any) -> dict[str, Any]:
    """The policy document of a role; `about` as for `statements`."""
    return {"Version": VERSION, "Statement": statements(role, **about)}


def for_bucket(role: Role, name: str, principal_arns: Sequence[str], **about: Any) -> list[Statement]:
    """The same rights as statements of the bucket's policy, for principals that AWS knows by ARN.

    All of a role share the statements, since a bucket's policy may not be long. `name` is the channel's, to tell them
    from another's; Sids are letters and digits only. Rights on a KMS key or a distribution are not a bucket's to give.
    """
    sid = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))
    arns = principal_arns[0] if len(principal_arns) == 1 else list(principal_arns)
    return [
        {**statement, "Sid": f"{OURS}{role.capitalize()}{sid}{statement['Sid']}", "Principal": {"AWS": arns}}
        for statement in statements(role, **about)
    ]


def for_token(statements: Sequence[Statement], trust: TokenClaims) -> list[Statement]:
    """The same for MinIO's sessions with such a token alone, by the condition keys that MinIO makes of its claims.

    The audience is checked before, by the client id of MinIO's OpenID settings; keys of all issuers are one pool there,
    so the issuer is checked here (MinIO docs, "AssumeRoleWithWebIdentity" and "Policy variables").
    """
    conditions: dict[str, dict[str, Any]] = {"StringEquals": {"jwt:iss": f"https://{trust.issuer}"}}
    for claim, values in trust.claims.items():
        operator = "StringLike" if any("*" in value for value in values) else "StringEquals"
        conditions.setdefault(operator, {})[f"jwt:{claim}"] = list(values)
    return [{**statement, "Condition": conditions} for statement in statements]


def principal_arn(arn: str, partition: str = "aws") -> str:
    """The ARN of a principal given by ARN or by the number of an account."""
    return f"arn:{partition}:iam::{arn}:root" if arn.isdigit() else arn
