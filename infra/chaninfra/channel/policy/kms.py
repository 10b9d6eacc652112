"""The statements that the policy of the stack's KMS key needs."""

from __future__ import annotations

from chaninfra.channel.policy.cdn import NO_DISTRIBUTION, only_by
from chaninfra.channel.policy.permissions import principal_arn
from chaninfra.channel.policy.statements import OURS, Statement
from chaninfra.channel.providers.aws_partitions import dns_suffix, partition
from chaninfra.channel.spec.model import StackSpec


def key_statements(stack: StackSpec, *, distribution: str = NO_DISTRIBUTION) -> list[Statement]:
    """What the policy of the stack's KMS key must say besides, for those who have no role of ours to say it; as
    `bucket_statements`.

    The key is not the stack's, so whoever keeps it puts them there.
    """
    aws = stack.bucket.aws
    if aws.kms_key_arn is None:
        return []
    region = stack.bucket.location.region
    part = partition(region)
    named = [each for channel in stack.channels for each in channel.principals if each.arn is not None]
    readers = sorted({principal_arn(each.arn or "", part) for each in named if each.role == "reader"})
    writers = sorted({principal_arn(each.arn or "", part) for each in named if each.role != "reader"})
    made: list[Statement] = []
    for sid, arns, actions in (
        ("KeyForReaders", readers, ["kms:Decrypt"]),
        ("KeyForWriters", writers, ["kms:Decrypt", "kms:GenerateDataKey"]),
    ):
        if arns:
            made.append(
                {
                    "Sid": OURS + sid,
                    "Effect": "Allow",
                    "Principal": {"AWS": arns},
                    "Action": actions,
                    "Resource": "*",
                }
            )
    if stack.bucket.cdn is not None:
        made.append(
            {
                "Sid": f"{OURS}KeyForCdn",
                "Effect": "Allow",
                "Action": ["kms:Decrypt"],
                "Resource": "*",
                **only_by(distribution),
            }
        )
    if aws.organization_id is not None:
        # Only through S3: an organization is many.
        via = f"s3.{region}.{dns_suffix(region)}"
        condition = {"StringEquals": {"aws:PrincipalOrgID": aws.organization_id, "kms:ViaService": via}}
        made.append(
            {
                "Sid": f"{OURS}KeyForOrganization",
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["kms:Decrypt"],
                "Resource": "*",
                "Condition": condition,
            }
        )
    return made
