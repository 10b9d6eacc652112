"""The table of all rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chaninfra.guard_rails import bucket_settings, foreign_principals, public_channels, tls, tokens
from chaninfra.guard_rails.statements import Resource

Violations = Iterator[str]
"""Messages: the resource, what is wrong, and the key of the stack config that fixes it."""


@dataclass(frozen=True)
class Option:
    """A key of a rule's config. Its value is a list of strings."""

    description: str
    default: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule that checks each resource on its own, before it is created or changed."""

    name: str
    description: str
    check: Callable[[Resource, Mapping[str, Any]], Violations]
    config: Mapping[str, Option]
    advisory: bool = False
    """Whether a violation is a warning, unless the config of the pack sets another enforcement level."""


@dataclass(frozen=True, kw_only=True)
class StackRule:
    """A rule that checks all declared resources together (URN → resource), to find what is missing.

    `check` yields (URN of the resource to report, message).
    """

    name: str
    description: str
    check: Callable[[Mapping[str, Resource], Mapping[str, Any]], Iterator[tuple[str, str]]]
    config: Mapping[str, Option]


_BUCKETS = {"buckets": Option("Names of buckets that are exempt from this rule.")}

RULES: tuple[Rule | StackRule, ...] = (
    Rule(
        name="public-channels",
        description="Only listed channels may be public, and public access is read access.",
        check=public_channels.check,
        config={
            "channels": Option(
                "Channels that may be public, as `s3://BUCKET/PREFIX` (`s3://BUCKET` if the channel is the whole "
                "bucket); `*` matches anything."
            )
        },
    ),
    Rule(
        name="tls-only",
        description="The bucket, the CDN and the public URL are accessible only with TLS.",
        check=tls.check,
        config=_BUCKETS,
    ),
    Rule(
        name="foreign-principals",
        description="Only listed accounts, organizations, repositories and issuers have access.",
        check=foreign_principals.check,
        config={
            "accounts": Option("Numbers of AWS accounts, including your own, or ARNs of single roles and users."),
            "organizations": Option("Ids of AWS organizations (`o-…`)."),
            "repositories": Option(
                "Repositories on GitHub and projects on gitlab.com, as `OWNER/NAME`; `*` matches anything."
            ),
            "issuers": Option(
                "Hosts of OIDC issuers whose tokens are all trusted, for example your own GitLab server."
            ),
        },
    ),
    Rule(
        name="oidc-subjects",
        description="Trust policies check the audience and the subject of a token, and the subject has no wildcard.",
        check=tokens.check,
        config={
            "subjects": Option(
                "Subjects with a wildcard that are allowed, as in the trust policy but without ids: "
                "`repo:acme/packages:ref:refs/tags/v*`."
            )
        },
    ),
    Rule(
        name="repository-ids",
        description="Trust policies for GitHub check the ids of owner and repository, since names can be taken over.",
        check=tokens.by_name,
        advisory=True,
        config={
            "repositories": Option("Repositories that are trusted by their names: `OWNER/NAME`, `*` matches anything.")
        },
    ),
    Rule(
        name="versioning",
        description="Buckets are versioned.",
        check=bucket_settings.versioning,
        config=_BUCKETS,
    ),
    Rule(
        name="encryption",
        description="Objects are encrypted at rest with an allowed algorithm.",
        check=bucket_settings.encryption,
        config={
            **_BUCKETS,
            "algorithms": Option(
                "Allowed algorithms: `AES256` (with keys of the store), `aws:kms`, `aws:kms:dsse`.",
                default=bucket_settings.ALGORITHMS,
            ),
        },
    ),
    StackRule(
        name="undeclared-settings",
        description="`versioning` and `encryption` are declared for each bucket that the stack creates on an "
        "S3-compatible store, because the defaults of stores differ.",
        check=bucket_settings.undeclared,
        config=_BUCKETS,
    ),
)
"""All rules, in the order of the documentation."""
