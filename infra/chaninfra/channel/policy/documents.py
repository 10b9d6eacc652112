"""Every policy document of a stack by its name: what Pulumi puts, and `chaninfra policy` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaninfra.channel.policy.bucket import STATEMENTS
from chaninfra.channel.policy.cdn import NO_DISTRIBUTION, distribution_arn
from chaninfra.channel.policy.kms import key_statements
from chaninfra.channel.policy.permissions import for_token, identity_policy
from chaninfra.channel.policy.statements import document
from chaninfra.channel.policy.trust import trust_policy
from chaninfra.channel.providers.aws_partitions import partition
from chaninfra.channel.spec.model import ChannelSpec, PrincipalSpec, StackSpec
from chaninfra.channel.spec.token_claims import TokenClaims

BUCKET_POLICY = "bucket-policy"
KEY_POLICY = "kms-key-policy"
# The ways of OIDC in which a role has a trust policy.
_WITH_ROLES = ("aws-iam", "versitygw-iam")


def documents(
    stack: StackSpec, *, account: str, deployer: Sequence[str] = (), distribution: str = "DISTRIBUTION_ID"
) -> dict[str, dict[str, Any]]:
    """Name → document: `bucket-policy`; `kms-key-policy`, what to add to the policy of the KMS key; and for each
    principal `ROLE/CHANNEL/NAME/rights`, for one with a role `…/trust` too.

    `account` is the number of the account that the roles are in, `distribution` the id of the one before the bucket,
    which is known once it is there. A principal that AWS knows by ARN is in the bucket's
    policy; where it is in another account, that account must allow it the same.
    """
    provider = stack.bucket.provider
    made: dict[str, dict[str, Any]] = {}
    cdn = distribution_arn(account, distribution)
    statements = STATEMENTS[provider.backend](stack, deployer=deployer, distribution=cdn)
    for_key = key_statements(stack, distribution=cdn)
    for name, policy in {BUCKET_POLICY: document(statements), KEY_POLICY: document(for_key)}.items():
        if policy is not None:
            made[name] = policy
    for channel in stack.channels:
        for principal in channel.principals:
            name = f"{principal.role}/{channel.name}/{principal.name}"
            if principal.token is not None and provider.oidc.value in _WITH_ROLES:
                arn = oidc_provider_arn(principal.token, account, _partition(stack))
                made[f"{name}/trust"] = trust_policy(principal.token, arn)
            if principal.arn is None:
                made[f"{name}/rights"] = rights_of(stack, channel, principal, cdn)
    return made


def rights_of(
    stack: StackSpec, channel: ChannelSpec, principal: PrincipalSpec, distribution: str = NO_DISTRIBUTION
) -> dict[str, Any]:
    """The policy document of a principal's role or user; `distribution` is the ARN of the stack's CDN, if it has one.

    On MinIO it says, too, whose token it is for: its OpenID settings let in every token of an issuer.
    """
    policy = identity_policy(
        principal.role,
        bucket=stack.bucket.name,
        prefix=channel.prefix,
        subdirs=channel.subdirs,
        partition=_partition(stack),
        kms_key_arn=stack.bucket.aws.kms_key_arn,
        distribution=distribution if stack.bucket.cdn is not None else None,
    )
    if principal.token is not None and stack.bucket.provider.oidc.value == "minio-openid":
        policy["Statement"] = for_token(policy["Statement"], principal.token)
    return policy


def _partition(stack: StackSpec) -> str:
    """The partition in ARNs; other stores write them as the commercial regions of AWS do, whatever their region."""
    return partition(stack.bucket.location.region if stack.bucket.provider.backend == "aws" else "")


def oidc_provider_arn(trust: TokenClaims, account: str, part: str) -> str:
    """The ARN that IAM gives to the OIDC provider of an issuer."""
    return f"arn:{part}:iam::{account}:oidc-provider/{trust.issuer}"
