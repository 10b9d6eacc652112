"""Statements for the key policy of the KMS key that encrypts the bucket (`aws.kms-key-arn`)."""

from __future__ import annotations

from chaninfra.channel.policy.cdn import NO_DISTRIBUTION, only_by
from chaninfra.channel.policy.permissions import principal_arn
from chaninfra.channel.policy.statements import OURS, Statement
from chaninfra.channel.providers.aws_partitions import dns_suffix, partition
from chaninfra.channel.spec.model import StackSpec


def key_statements(stack: StackSpec, *, distribution: str = NO_DISTRIBUTION) -> list[Statement]:
    """The statements to add to the key policy; empty if no principal needs one.

    They are for principals without a role of the stack: those given by ARN, the organization, and the CDN
    (`distribution` is its ARN). Roles of the stack have the permission in their own policies. The stack does not manage
    the key, so its administrator adds the statements.
    """
    aws = stack.bucket.aws
    if aws.kms_key_arn is None:
        return []
    region = stack.bucket.location.region
    part = partition(region)
    by_arn = [principal for channel in stack.channels for principal in channel.principals if principal.arn is not None]
    readers = sorted({principal_arn(each.arn or "", part) for each in by_arn if each.role == "reader"})
    writers = sorted({principal_arn(each.arn or "", part) for each in by_arn if each.role != "reader"})
    statements: list[Statement] = []
    for sid, arns, actions in (
        ("KeyForReaders", readers, ["kms:Decrypt"]),
        ("KeyForWriters", writers, ["kms:Decrypt", "kms:GenerateDataKey"]),
    ):
        if arns:
            statements.append(
                {
                    "Sid": OURS + sid,
                    "Effect": "Allow",
                    "Principal": {"AWS": arns},
                    "Action": actions,
                    "Resource": "*",
                }
            )
    if stack.bucket.cdn is not None:
        statements.append(
            {
                "Sid": f"{OURS}KeyForCdn",
                "Effect": "Allow",
                "Action": ["kms:Decrypt"],
                "Resource": "*",
                **only_by(distribution),
            }
        )
    if aws.organization_id is not None:
        # An organization has many principals: they may use the key through S3 in this region only.
        via = f"s3.{region}.{dns_suffix(region)}"
        condition = {"StringEquals": {"aws:PrincipalOrgID": aws.organization_id, "kms:ViaService": via}}
        statements.append(
            {
                "Sid": f"{OURS}KeyForOrganization",
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["kms:Decrypt"],
                "Resource": "*",
                "Condition": condition,
            }
        )
    return statements
