"""The block `aws` of the stack config: what only AWS has."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

_Text = Annotated[str, Meta(min_length=1)]
_RoleArn = Annotated[str, Meta(pattern=r"^arn:(aws|aws-cn|aws-us-gov):iam::([0-9]{12}|aws):policy/.+$")]


class RolesConfig(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """What all roles of publishers, readers and maintainers share."""

    name_prefix: Annotated[
        Annotated[str, Meta(pattern="^[A-Za-z0-9+=,.@_-]{0,32}$")],
        Meta(description="What the names of the roles begin with.", examples=["conda-"]),
    ] = ""
    path: Annotated[
        Annotated[str, Meta(pattern="^/([!-~]+/)?$")],
        Meta(description="The IAM path of the roles.", examples=["/conda/"]),
    ] = "/"
    permissions_boundary: Annotated[
        _RoleArn | None,
        Meta(
            description="The ARN of a policy that no role may go beyond.",
            examples=["arn:aws:iam::123456789012:policy/boundary"],
        ),
    ] = None
    max_session_duration: Annotated[
        int, Meta(description="How long a session of a role may last, in seconds.", ge=3600, le=43200)
    ] = 3600


class AwsConfig(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """What only a bucket on AWS can have."""

    organization_id: Annotated[
        Annotated[str, Meta(pattern="^o-[a-z0-9]{10,32}$")] | None,
        Meta(
            description="The AWS organization whose accounts may read, for the visibility `organization`.",
            examples=["o-a1b2c3d4e5"],
        ),
    ] = None
    kms_key_arn: Annotated[
        Annotated[str, Meta(pattern=r"^arn:(aws|aws-cn|aws-us-gov):kms:[a-z0-9-]+:[0-9]{12}:key/.+$")] | None,
        Meta(
            description="The KMS key that encrypts the objects, with a bucket key; left out, S3 encrypts with its own. "
            "Roles get the rights on it that they then need; for those named by ARN or by organization `chaninfra "
            "policy` prints what the key's policy must say. A public channel can have one behind a `cdn` only.",
            examples=["arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
        ),
    ] = None
    log_bucket: Annotated[
        _Text | None,
        Meta(description="The bucket that access logs go to; it must let S3 write them.", examples=["my-logs"]),
    ] = None
    log_prefix: Annotated[
        str, Meta(description="What the keys of the access logs begin with.", examples=["conda/"])
    ] = ""
    no_overwrite: Annotated[
        bool,
        Meta(
            description="Refuse uploads of package files that do not say If-None-Match: *, so that no package is ever "
            "replaced, by whatever tool."
        ),
    ] = False
    vpc_endpoints: Annotated[
        tuple[Annotated[str, Meta(pattern="^vpce-[0-9a-f]+$")], ...],
        Meta(
            description="Objects are read and written through these VPC endpoints only. Whoever runs `pulumi up` is "
            "exempt, and the bucket's settings are never covered.",
            examples=[["vpce-0123456789abcdef0"]],
        ),
    ] = ()
    roles: Annotated[RolesConfig, Meta(description="What all roles share.")] = RolesConfig()
    existing_oidc_providers: Annotated[
        tuple[Annotated[str, Meta(pattern="^https://[^*?#]+$")], ...],
        Meta(
            description="Issuers whose OIDC provider the account has already: it is used, and never changed or "
            "deleted. Those of the others are made.",
            examples=[["https://token.actions.githubusercontent.com"]],
        ),
    ] = ()
