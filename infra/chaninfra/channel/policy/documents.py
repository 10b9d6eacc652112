"""Every policy document of a stack by name: the ones that `pulumi up` applies and `chaninfra policy` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaninfra.channel.policy.bucket import STATEMENTS
from chaninfra.channel.policy.cdn import NO_DISTRIBUTION, distribution_arn
from chaninfra.channel.policy.follower import FollowerArns, follower_rights, follower_trust, queue_policy
from chaninfra.channel.policy.kms import key_statements
from chaninfra.channel.policy.permissions import decrypt_sources, identity_policy, limited_to_token
from chaninfra.channel.policy.statements import document
from chaninfra.channel.policy.trust import trust_policy
from chaninfra.channel.providers.aws_partitions import partition
from chaninfra.channel.spec.model import ChannelSpec, PrincipalSpec, StackSpec
from chaninfra.channel.spec.token_claims import TokenClaims

BUCKET_POLICY = "bucket-policy"
KEY_POLICY = "kms-key-policy"
# The values of the provider's `oidc` for which principals get a role with a trust policy.
_WITH_ROLES = ("aws-iam", "versitygw-iam")


def documents(
    stack: StackSpec, *, account: str, deployer: Sequence[str] = (), distribution: str = "DISTRIBUTION_ID"
) -> dict[str, dict[str, Any]]:
    """Name → document.

    - `bucket-policy`
    - `kms-key-policy`: the statements to add to the key policy of the KMS key
    - `ROLE/CHANNEL/NAME/rights`: the permissions of a principal (`publisher/main/ci/rights`)
    - `ROLE/CHANNEL/NAME/trust`: the trust policy of its role, if it has one
    - `follower/rights`, `follower/trust`, `follower/queue`: those of what follows the channels on AWS

    `account` is the number of the AWS account with the roles. `deployer` is as for `bucket_statements`. `distribution`
    is the id of the stack's CloudFront distribution; CloudFront assigns it when the distribution is created. A
    principal given by ARN has no document of its own: the bucket policy names it. If it is in another account, that
    account must allow it the same.
    """
    provider = stack.bucket.provider
    made: dict[str, dict[str, Any]] = {}
    cdn = distribution_arn(account, distribution)
    for_bucket = STATEMENTS[provider.backend](stack, deployer=deployer, distribution=cdn)
    for_key = key_statements(stack, distribution=cdn)
    for name, policy in {BUCKET_POLICY: document(for_bucket), KEY_POLICY: document(for_key)}.items():
        if policy is not None:
            made[name] = policy
    for channel in stack.channels:
        for principal in channel.principals:
            name = f"{principal.role}/{channel.name}/{principal.name}"
            if principal.token is not None and provider.oidc.value in _WITH_ROLES:
                arn = oidc_provider_arn(principal.token, account, _partition(stack))
                made[f"{name}/trust"] = trust_policy(principal.token, arn)
            if principal.arn is None:
                made[f"{name}/rights"] = permissions_of(stack, channel, principal, cdn)
    if provider.backend == "aws" and stack.following:
        arns = FollowerArns.of(stack, account)
        made["follower/trust"] = follower_trust()
        made["follower/rights"] = follower_rights(stack, arns, cdn)
        made["follower/queue"] = queue_policy(arns.queue, [*arns.rules.values()])
    return made


def permissions_of(
    stack: StackSpec, channel: ChannelSpec, principal: PrincipalSpec, distribution: str = NO_DISTRIBUTION
) -> dict[str, Any]:
    """The policy document of a principal's role or user; `distribution` is the ARN of the stack's CDN, if it has one.

    On MinIO, the policy of a principal with a token has conditions on the token's claims, because MinIO itself accepts
    every token of the issuer for the audience.
    """
    policy = identity_policy(
        principal.role,
        bucket=stack.bucket.name,
        prefix=channel.prefix,
        subdirs=channel.subdirs,
        partition=_partition(stack),
        kms_key_arn=stack.bucket.aws.kms_key_arn,
        distribution=distribution if stack.bucket.cdn is not None else None,
        version_rights=stack.bucket.provider.version_rights.value,
        sources=principal.sources,
        channeldata=channel.index.has_channeldata,
    )
    if stack.bucket.provider.backend == "aws":
        policy["Statement"] += decrypt_sources(stack.bucket.name, principal.sources, _partition(stack))
    if principal.token is not None and stack.bucket.provider.oidc.value == "minio-openid":
        policy["Statement"] = limited_to_token(policy["Statement"], principal.token)
    return policy


def _partition(stack: StackSpec) -> str:
    """The partition for ARNs; other stores use `aws`, whatever their region is called."""
    return partition(stack.bucket.location.region if stack.bucket.provider.backend == "aws" else "")


def oidc_provider_arn(claims: TokenClaims, account: str, part: str) -> str:
    """The ARN that IAM gives to the OIDC provider of the issuer; `part` is the partition."""
    return f"arn:{part}:iam::{account}:oidc-provider/{claims.issuer}"
