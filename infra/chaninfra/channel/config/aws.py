"""The block `aws` of the stack config: settings for AWS only."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from chaninfra.channel import patterns


class RolesConfig(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Settings of all IAM roles of publishers, readers, maintainers and promoters."""

    name_prefix: Annotated[
        Annotated[str, Meta(pattern=patterns.ROLE_NAME_PREFIX)],
        Meta(description="Prefix of the names of the IAM roles.", examples=["conda-"]),
    ] = ""
    path: Annotated[
        Annotated[str, Meta(pattern=patterns.ROLE_PATH)],
        Meta(description="Path of the IAM roles: at most 512 characters.", examples=["/conda/"]),
    ] = "/"
    permissions_boundary: Annotated[
        Annotated[str, Meta(pattern=patterns.POLICY)] | None,
        Meta(
            description="ARN of the policy that is the permissions boundary of every IAM role.",
            examples=["arn:aws:iam::123456789012:policy/boundary"],
        ),
    ] = None
    max_session_duration: Annotated[
        int, Meta(description="Maximum duration of a session of an IAM role, in seconds.", ge=3600, le=43200)
    ] = 3600


class FollowerConfig(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Settings of the function that follows the channels with `index.follow`."""

    alarm_topic: Annotated[
        Annotated[str, Meta(pattern=patterns.TOPIC)] | None,
        Meta(
            description="ARN of the SNS topic, in the region of the bucket, that the alarms notify: messages that "
            "could not be worked on, messages that wait, and errors of the function. Default: they notify nobody.",
            examples=["arn:aws:sns:eu-central-1:123456789012:on-call"],
        ),
    ] = None
    subnet_ids: Annotated[
        tuple[Annotated[str, Meta(pattern=patterns.SUBNET)], ...],
        Meta(
            description="Subnets that the function runs in, from which the VPC endpoint of S3 can be reached; required "
            "with `aws.vpc-endpoints`.",
            examples=[["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"]],
        ),
    ] = ()
    security_group_ids: Annotated[
        tuple[Annotated[str, Meta(pattern=patterns.SECURITY_GROUP)], ...],
        Meta(
            description="Security groups of the function in these subnets, which let it reach S3 by HTTPS.",
            examples=[["sg-0123456789abcdef0"]],
        ),
    ] = ()


class AwsConfig(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """Settings for AWS only: bucket, IAM roles and OIDC providers."""

    organization_id: Annotated[
        Annotated[str, Meta(pattern=patterns.ORGANIZATION)] | None,
        Meta(
            description="The AWS organization whose accounts may read; required if `visibility` is `organization`.",
            examples=["o-a1b2c3d4e5"],
        ),
    ] = None
    kms_key_arn: Annotated[
        Annotated[str, Meta(pattern=patterns.KMS_KEY)] | None,
        Meta(
            description="KMS key that encrypts the objects, used with an S3 Bucket Key. Default: S3 encrypts with its "
            "own keys. The IAM roles of the stack get the permissions on the KMS key that they need. For principals "
            "named by ARN or by organization, `chaninfra policy` prints the statements that the policy of the KMS key "
            "must contain. A public channel can use a KMS key only with `cdn`.",
            examples=["arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
        ),
    ] = None
    log_bucket: Annotated[
        Annotated[str, Meta(pattern=patterns.BUCKET)] | None,
        Meta(
            description="Bucket that receives the server access logs. Its policy must allow S3 to write them.",
            examples=["my-logs"],
        ),
    ] = None
    log_prefix: Annotated[
        Annotated[str, Meta(pattern=patterns.OBJECT_PREFIX)],
        Meta(description="Prefix of the object keys of the access logs.", examples=["conda/"]),
    ] = ""
    no_overwrite: Annotated[
        bool,
        Meta(
            description="Refuse uploads of package files without the header If-None-Match: *, so that no tool can "
            "overwrite a package."
        ),
    ] = False
    vpc_endpoints: Annotated[
        tuple[Annotated[str, Meta(pattern=patterns.VPC_ENDPOINT)], ...],
        Meta(
            description="Objects can be read and written only through these VPC endpoints. The identity that runs "
            "`pulumi up` is exempt, and requests for the bucket's settings are not restricted.",
            examples=[["vpce-0123456789abcdef0"]],
        ),
    ] = ()
    roles: Annotated[RolesConfig, Meta(description="Settings of all IAM roles of the stack.")] = RolesConfig()
    follow: Annotated[
        FollowerConfig, Meta(description="Settings of the function that follows the channels with `index.follow`.")
    ] = FollowerConfig()
    existing_oidc_providers: Annotated[
        tuple[Annotated[str, Meta(pattern=patterns.ISSUER)], ...],
        Meta(
            description="Issuers whose OIDC provider already exists in the account. chaninfra uses those OIDC "
            "providers and never changes or deletes them; it creates one for every other issuer.",
            examples=[["https://token.actions.githubusercontent.com"]],
        ),
    ] = ()
