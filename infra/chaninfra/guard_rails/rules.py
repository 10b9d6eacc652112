"""The rules, one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chaninfra.guard_rails import bucket_settings, foreign_principals, public_channels, tls, tokens
from chaninfra.guard_rails.statements import Resource

Found = Iterator[str]
"""What is wrong, a text each, with the key of the stack config that mends it."""


@dataclass(frozen=True)
class Setting:
    """A key of a rule's config: a list of texts."""

    description: str
    default: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that looks at one resource at a time, before it is made or changed."""

    name: str
    description: str
    check: Callable[[Resource, Mapping[str, Any]], Found]
    config: Mapping[str, Setting]


@dataclass(frozen=True, kw_only=True)
class StackRule:
    """A rule that looks at all resources, by URN, once they are declared: at what is missing. Yields (URN, text)."""

    name: str
    description: str
    check: Callable[[Mapping[str, Resource], Mapping[str, Any]], Iterator[tuple[str, str]]]
    config: Mapping[str, Setting]


_BUCKETS = {"buckets": Setting("Names of buckets that this rule leaves alone.")}

RULES: tuple[Rule | StackRule, ...] = (
    Rule(
        name="public-channels",
        description="Only channels that are named may be read by everybody, and nobody unknown may do more.",
        check=public_channels.check,
        config={
            "channels": Setting(
                "Channels that may be public, as `s3://BUCKET/PREFIX` (`s3://BUCKET` where the channel is the whole "
                "bucket); `*` stands for any part."
            )
        },
    ),
    Rule(
        name="tls-only",
        description="Nobody reads or writes without TLS: neither the bucket, nor the CDN, nor the public URL.",
        check=tls.check,
        config=_BUCKETS,
    ),
    Rule(
        name="foreign-principals",
        description="Only accounts, organizations, repositories and issuers that are named get access.",
        check=foreign_principals.check,
        config={
            "accounts": Setting("Numbers of AWS accounts, your own among them, or ARNs of single roles and users."),
            "organizations": Setting("AWS organizations (o-…)."),
            "repositories": Setting(
                "Repositories on GitHub and projects on gitlab.com, as `OWNER/NAME`; `*` stands for any part."
            ),
            "issuers": Setting("Hosts of OIDC issuers all of whose tokens are yours, a GitLab server of your own."),
        },
    ),
    Rule(
        name="oidc-subjects",
        description="A token gets in by its audience and its subject, and the subject holds no wildcard.",
        check=tokens.check,
        config={
            "subjects": Setting(
                "Subjects with a wildcard that are meant, as they stand in the trust policy and without ids: "
                "`repo:acme/packages:ref:refs/tags/v*`."
            )
        },
    ),
    Rule(
        name="versioning",
        description="A bucket keeps old versions of its objects.",
        check=bucket_settings.versioning,
        config=_BUCKETS,
    ),
    Rule(
        name="encryption",
        description="Objects are encrypted at rest, in one of the ways that are named.",
        check=bucket_settings.encryption,
        config={
            **_BUCKETS,
            "algorithms": Setting(
                "What may encrypt: `AES256` (keys of the store), `aws:kms`, `aws:kms:dsse`.",
                default=bucket_settings.ALGORITHMS,
            ),
        },
    ),
    StackRule(
        name="undeclared-settings",
        description="A bucket that the stack makes on an S3-compatible store has versioning and encryption declared, "
        "since stores differ in what they do by themselves.",
        check=bucket_settings.undeclared,
        config=_BUCKETS,
    ),
)
"""All rules, in the order in which they are documented."""
