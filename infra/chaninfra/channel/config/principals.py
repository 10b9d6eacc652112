"""Publishers, readers, maintainers and promoters in the stack config.

A principal has one of five kinds. `github`, `gitlab` and `oidc` authenticate with a token of their issuer and get a
role. `arn` is an existing account, role or user of AWS, which the bucket policy names. `key` gets an access key of a
store other than AWS.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from chaninfra.channel import patterns

_Digits = Annotated[str, Meta(pattern=patterns.DIGITS)]
_Ref = Annotated[str, Meta(pattern=patterns.REF)]
_Audience = Annotated[str, Meta(pattern=patterns.AUDIENCE)]


class GitHub(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Workflow runs of a GitHub repository. Set exactly one of `branch`, `tag`, `ref`, `environment` and
    `pull-request`, and the two ids; `workflow` limits them further."""

    repository: Annotated[
        Annotated[str, Meta(pattern=patterns.REPOSITORY)],
        Meta(description="OWNER/REPOSITORY, without wildcards.", examples=["acme/packages"]),
    ]
    branch: Annotated[
        _Ref | None,
        Meta(description="Runs on this branch; `*` matches any text.", examples=["main", "release/*"]),
    ] = None
    tag: Annotated[_Ref | None, Meta(description="Runs on this tag; `*` matches any text.", examples=["v*"])] = None
    ref: Annotated[
        _Ref | None,
        Meta(description="Runs on this full ref, for example refs/heads/main.", examples=["refs/heads/main"]),
    ] = None
    environment: Annotated[
        Annotated[str, Meta(pattern=patterns.ENVIRONMENT)] | None,
        Meta(description="Jobs of this environment, on every branch and tag.", examples=["channel"]),
    ] = None
    pull_request: Annotated[bool, Meta(description="Runs for pull requests.")] = False
    workflow: Annotated[
        Annotated[str, Meta(pattern=patterns.WORKFLOW)] | None,
        Meta(
            description="Reusable workflow that the job must call, with its ref: one branch, tag or commit. It comes "
            "with one of the keys above, since a pull request can call it too.",
            examples=["acme/ci/.github/workflows/publish.yml@refs/heads/main"],
        ),
    ] = None
    owner_id: Annotated[
        _Digits | None,
        Meta(
            description="ID of the owner. Whoever registers a name that its owner gave up has the name, but not the "
            "ID. Set it together with `repository-id`; `gh api repos/OWNER/REPOSITORY --jq '.id,.owner.id'` prints "
            "the repository's, then the owner's.",
            examples=["1234567"],
        ),
    ] = None
    repository_id: Annotated[
        _Digits | None,
        Meta(description="ID of the repository. Set it together with `owner-id`.", examples=["123456789"]),
    ] = None
    audience: Annotated[
        _Audience,
        Meta(
            description="The claim aud of the tokens. The default is the one that "
            "aws-actions/configure-aws-credentials requests; in the regions of China, configure sts.amazonaws.com.cn "
            "there and here.",
        ),
    ] = "sts.amazonaws.com"


class GitLab(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """CI jobs of a GitLab project, on one branch or tag."""

    project: Annotated[
        Annotated[str, Meta(pattern=patterns.PROJECT)],
        Meta(description="GROUP/PROJECT, with subgroups, without wildcards.", examples=["acme/pkgs"]),
    ]
    branch: Annotated[
        _Ref | None,
        Meta(description="Jobs on this branch; `*` matches any text.", examples=["main", "release/*"]),
    ] = None
    tag: Annotated[_Ref | None, Meta(description="Jobs on this tag; `*` matches any text.", examples=["v*"])] = None
    host: Annotated[
        Annotated[str, Meta(pattern=patterns.GITLAB_HOST)],
        Meta(
            description="Host name of the GitLab server. Before version 18.2.2, tokens of merge requests from forks "
            "could carry the `sub` of the project: update the server first."
        ),
    ] = "gitlab.com"
    audience: Annotated[
        _Audience | None,
        Meta(
            description="The claim aud of the tokens, which the job requests. Default: the HTTPS URL of the server.",
            examples=["https://gitlab.example.com"],
        ),
    ] = None


class Oidc(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Tokens of any OIDC issuer."""

    issuer: Annotated[
        str,
        Meta(
            description="URL of the issuer, as in the claim iss.",
            pattern=patterns.ISSUER,
            examples=["https://idp.example.com"],
        ),
    ]
    audience: Annotated[
        _Audience, Meta(description="The claim aud of the tokens, without wildcards.", examples=["sts.amazonaws.com"])
    ]
    subject: Annotated[
        str,
        Meta(
            description="The claim sub of the tokens, without wildcards.",
            pattern=patterns.SUBJECT,
            examples=["job:packages"],
        ),
    ]


class AccessKeyConfig(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """An access key of the store, with permissions on this channel only."""

    rotate: Annotated[
        str | int,
        Meta(
            description="Any text, for example a date. When it changes, chaninfra creates a new access key, then "
            "deletes the old one.",
            examples=["2027-01"],
        ),
    ] = ""


class PrincipalConfig(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """One principal. Exactly one of the keys must be set: the kind of the principal."""

    github: Annotated[
        GitHub | None,
        Meta(
            description="Workflow runs of a GitHub repository.",
            examples=[{"repository": "acme/packages", "branch": "main"}],
        ),
    ] = None
    gitlab: Annotated[
        GitLab | None,
        Meta(description="CI jobs of a GitLab project.", examples=[{"project": "acme/pkgs", "branch": "main"}]),
    ] = None
    oidc: Annotated[
        Oidc | None,
        Meta(
            description="Tokens of any OIDC issuer.",
            examples=[
                {"issuer": "https://idp.example.com", "audience": "sts.amazonaws.com", "subject": "job:packages"}
            ],
        ),
    ] = None
    key: Annotated[
        AccessKeyConfig | None,
        Meta(
            description="An access key of its own, on stores other than AWS; `{}` is enough. If chaninfra cannot "
            "create it, the stack output `next-steps` explains how to.",
            examples=[{}, {"rotate": "2027-01"}],
        ),
    ] = None
    arn: Annotated[
        Annotated[str, Meta(pattern=patterns.PRINCIPAL)] | None,
        Meta(
            description="An AWS account (its 12 digits), or the ARN of an IAM role or user.",
            examples=["123456789012", "arn:aws:iam::123456789012:role/builder"],
        ),
    ] = None


class PromoterConfig(PrincipalConfig, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """A principal that copies packages into this channel from others. Exactly one of the kinds must be set."""

    sources: Annotated[
        tuple[Annotated[str, Meta(pattern=patterns.CHANNEL_URL)], ...],
        Meta(
            description="The channels that it may read besides, at the same store: those that it promotes from. "
            "A URL of a bucket alone is all of that bucket. Not needed for a channel that everybody may read.",
            examples=[["s3://acme-staging/main"]],
        ),
    ] = field(default=(), name="from")
