"""Who may do what to a channel: publishers, readers and maintainers, as the stack config names them.

A principal is one of five kinds. `github`, `gitlab` and `oidc` come with a token of their issuer; on AWS they get an
IAM role. `arn` is somebody that AWS knows already and is named in the bucket's policy. `key` gets an access key of
another store.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

_Digits = Annotated[str, Meta(pattern="^[0-9]+$")]

_Text = Annotated[str, Meta(min_length=1)]


class GitHub(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Workflows of a GitHub repository. Exactly one of `branch`, `tag`, `ref`, `environment` and `pull-request` says
    which runs; or `workflow` alone. `workflow` can also be combined with one of them."""

    repository: Annotated[str, Meta(description="OWNER/REPOSITORY; no wildcard.", examples=["acme/packages"])]
    branch: Annotated[
        _Text | None,
        Meta(description="Runs on this branch; `*` may stand for a part of its name.", examples=["main", "release/*"]),
    ] = None
    tag: Annotated[
        _Text | None, Meta(description="Runs on this tag; `*` may stand for a part of its name.", examples=["v*"])
    ] = None
    ref: Annotated[
        _Text | None,
        Meta(description="Runs on this ref, written in full (refs/heads/main).", examples=["refs/heads/main"]),
    ] = None
    environment: Annotated[
        _Text | None,
        Meta(description="Jobs of this environment; its token then says nothing of the branch.", examples=["channel"]),
    ] = None
    pull_request: Annotated[bool, Meta(description="Runs for pull requests.")] = False
    workflow: Annotated[
        _Text | None,
        Meta(
            description="The reusable workflow that the job calls, with its ref.",
            examples=["acme/ci/.github/workflows/publish.yml@refs/heads/main"],
        ),
    ] = None
    owner_id: Annotated[
        _Digits | None,
        Meta(
            description="The owner's id: names can be taken over by others, ids cannot. Set it together with "
            "`repository-id`.",
            examples=["1234567"],
        ),
    ] = None
    repository_id: Annotated[
        _Digits | None,
        Meta(description="The repository's id. Set it together with `owner-id`.", examples=["123456789"]),
    ] = None
    audience: Annotated[
        str,
        Meta(
            description="The `aud` of its tokens: what aws-actions/configure-aws-credentials asks for unless it is "
            "told otherwise. In China it is told sts.amazonaws.com.cn.",
            min_length=1,
        ),
    ] = "sts.amazonaws.com"


class GitLab(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Jobs of a GitLab project, on one branch or tag."""

    project: Annotated[str, Meta(description="GROUP/PROJECT, subgroups included; no wildcard.", examples=["acme/pkgs"])]
    branch: Annotated[
        _Text | None,
        Meta(description="Jobs on this branch; `*` may stand for a part of its name.", examples=["main", "release/*"]),
    ] = None
    tag: Annotated[
        _Text | None, Meta(description="Jobs on this tag; `*` may stand for a part of its name.", examples=["v*"])
    ] = None
    host: Annotated[str, Meta(description="The server, for a self-hosted one.", min_length=1)] = "gitlab.com"
    audience: Annotated[
        _Text | None,
        Meta(
            description="The `aud` that the job asks for; left out, the server's https URL.",
            examples=["https://gitlab.example.com"],
        ),
    ] = None


class Oidc(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Tokens of any OIDC issuer."""

    issuer: Annotated[
        str,
        Meta(
            description="The issuer's URL, as in `iss`.",
            pattern=r"^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._~/-]*)?$",
            examples=["https://idp.example.com"],
        ),
    ]
    audience: Annotated[str, Meta(description="The `aud` of the tokens.", min_length=1, examples=["sts.amazonaws.com"])]
    subject: Annotated[
        str, Meta(description="The `sub` of the tokens, in full.", min_length=1, examples=["job:packages"])
    ]


class AccessKeyConfig(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """An access key of the store, with the rights on this channel only."""

    rotate: Annotated[
        str | int,
        Meta(
            description="Any text, a date for one: when it changes, a new key is made and then the old one deleted.",
            examples=["2027-01"],
        ),
    ] = ""


class PrincipalConfig(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """One principal; exactly one of the keys says of which kind it is."""

    github: Annotated[
        GitHub | None,
        Meta(
            description="Workflows of a GitHub repository.",
            examples=[{"repository": "acme/packages", "branch": "main"}],
        ),
    ] = None
    gitlab: Annotated[
        GitLab | None,
        Meta(description="Jobs of a GitLab project.", examples=[{"project": "acme/pkgs", "branch": "main"}]),
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
            description="An access key of its own, on other stores than AWS; `{}` is enough. Where chaninfra cannot "
            "make it, the stack output `next-steps` says how.",
            examples=[{}, {"rotate": "2027-01"}],
        ),
    ] = None
    arn: Annotated[
        Annotated[str, Meta(pattern=r"^arn:(aws|aws-cn|aws-us-gov):iam::[0-9]{12}:(root|role/.+|user/.+)$|^[0-9]{12}$")]
        | None,
        Meta(
            description="An AWS account (its number), or a role or user by ARN.",
            examples=["123456789012", "arn:aws:iam::123456789012:role/builder"],
        ),
    ] = None
