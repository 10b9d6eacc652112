"""The arguments of the components, as typed dictionaries. Made by `make schemas` of the stack config's keys.

Those that may be outputs are `pulumi.Input`; from the others follows what is declared, so they are plain.
"""

# The annotations are read when the components are hosted for other languages, so they are no texts.
from collections.abc import Mapping, Sequence
from typing import Any, Required, TypedDict

import pulumi


class IndexArgs(TypedDict, total=False):
    """How the index files of the channel are written."""

    formats: Sequence[str]
    """The index files of each subdir: `json` (repodata.json, always there), `zst` (the same, compressed) and `shards`
    (CEP 16, what pixi reads first).
    """

    compression_level: int
    """The zstd level of the compressed index files. Higher ones save few bytes and take long."""

    cache_control: str
    """The Cache-Control header of the index files; shards are immutable and say so."""

    writers: str
    """`many`: publishers may write at once, by conditional writes. `single`: the users see to it that one writes at a
    time, for a store without conditional writes.
    """


class GitHubArgs(TypedDict, total=False):
    """Workflows of a GitHub repository. Exactly one of `branch`, `tag`, `ref`, `environment` and `pull-request` says
    which runs; or `workflow` alone. `workflow` can also be combined with one of them.
    """

    repository: Required[str]
    """OWNER/REPOSITORY; no wildcard."""

    branch: str
    """Runs on this branch; `*` may stand for a part of its name."""

    tag: str
    """Runs on this tag; `*` may stand for a part of its name."""

    ref: str
    """Runs on this ref, written in full (refs/heads/main)."""

    environment: str
    """Jobs of this environment; its token then says nothing of the branch."""

    pull_request: bool
    """Runs for pull requests."""

    workflow: str
    """The reusable workflow that the job calls, with its ref."""

    owner_id: str
    """The owner's id: names can be taken over by others, ids cannot. Set it together with `repository_id`."""

    repository_id: str
    """The repository's id. Set it together with `owner_id`."""

    audience: str
    """The `aud` of its tokens: what aws-actions/configure-aws-credentials asks for unless it is told otherwise. In
    China it is told sts.amazonaws.com.cn.
    """


class GitLabArgs(TypedDict, total=False):
    """Jobs of a GitLab project, on one branch or tag."""

    project: Required[str]
    """GROUP/PROJECT, subgroups included; no wildcard."""

    branch: str
    """Jobs on this branch; `*` may stand for a part of its name."""

    tag: str
    """Jobs on this tag; `*` may stand for a part of its name."""

    host: str
    """The server, for a self-hosted one."""

    audience: str
    """The `aud` that the job asks for; left out, the server's https URL."""


class OidcArgs(TypedDict, total=False):
    """Tokens of any OIDC issuer."""

    issuer: Required[str]
    """The issuer's URL, as in `iss`."""

    audience: Required[str]
    """The `aud` of the tokens."""

    subject: Required[str]
    """The `sub` of the tokens, in full."""


class KeyArgs(TypedDict, total=False):
    """An access key of the store, with the rights on this channel only."""

    rotate: str
    """Any text, a date for one: when it changes, a new key is made and then the old one deleted."""


class PrincipalArgs(TypedDict, total=False):
    """One principal; exactly one of the keys says of which kind it is."""

    github: GitHubArgs
    """Workflows of a GitHub repository."""

    gitlab: GitLabArgs
    """Jobs of a GitLab project."""

    oidc: OidcArgs
    """Tokens of any OIDC issuer."""

    key: KeyArgs
    """An access key of its own, on other stores than AWS; `{}` is enough. Where chaninfra cannot make it, the stack
    output `next-steps` says how.
    """

    arn: pulumi.Input[str]
    """An AWS account (its number), or a role or user by ARN."""


class RolesArgs(TypedDict, total=False):
    """What all roles of publishers, readers and maintainers share."""

    name_prefix: str
    """What the names of the roles begin with."""

    path: str
    """The IAM path of the roles."""

    permissions_boundary: str
    """The ARN of a policy that no role may go beyond."""

    max_session_duration: int
    """How long a session of a role may last, in seconds."""


class AwsArgs(TypedDict, total=False):
    """What only a bucket on AWS can have."""

    organization_id: str
    """The AWS organization whose accounts may read, for the visibility `organization`."""

    kms_key_arn: pulumi.Input[str]
    """The KMS key that encrypts the objects, with a bucket key; left out, S3 encrypts with its own. Roles get the
    rights on it that they then need; for those named by ARN or by organization `chaninfra policy` prints what the key's
    policy must say. A public channel can have one behind a `cdn` only.
    """

    log_bucket: pulumi.Input[str]
    """The bucket that access logs go to; it must let S3 write them."""

    log_prefix: str
    """What the keys of the access logs begin with."""

    no_overwrite: bool
    """Refuse uploads of package files that do not say If-None-Match: *, so that no package is ever replaced, by
    whatever tool.
    """

    vpc_endpoints: Sequence[str]
    """Objects are read and written through these VPC endpoints only. Whoever runs `pulumi up` is exempt, and the
    bucket's settings are never covered.
    """

    roles: RolesArgs
    """What all roles share."""

    existing_oidc_providers: Sequence[str]
    """Issuers whose OIDC provider the account has already: it is used, and never changed or deleted. Those of the
    others are made.
    """


class CdnArgs(TypedDict, total=False):
    """CloudFront before the bucket; both keys, or neither."""

    domain: str
    """The host name of the channels' URLs. Its DNS record is yours to make: it points at the distribution. Left out,
    the channels have the distribution's own name.
    """

    certificate_arn: pulumi.Input[str]
    """The certificate of `domain` in AWS Certificate Manager, in us-east-1, where CloudFront looks."""


class ChannelArgs(TypedDict, total=False):
    """The keys of one channel."""

    name: str
    """The channel's name; left out, it is the last segment of the prefix, else the bucket's name."""

    prefix: str
    """Where in the bucket the channel lies; left out, the whole bucket is the channel."""

    subdirs: Sequence[str]
    """The platforms of the channel; noarch is always there."""

    visibility: str
    """Who may read: `private`, those who were given the right; `organization`, all principals of an AWS organization
    (`aws.organization_id`); `public`, everybody, by https.
    """

    auth: str
    """The way of access that `chaninfra manifest` prints: `aws` (credentials as any AWS tool has them), `pixi` (pixi's
    credential store and s3-options), `public` (an https URL). Left out: public for a public channel, aws on AWS, else
    pixi.
    """

    public_url: str
    """The https URL of a public channel, where the store gives it one of its own or a domain stands before it; left
    out, it follows from the endpoint.
    """

    index: IndexArgs
    """How the index is written."""

    publishers: Mapping[str, PrincipalArgs]
    """Who may add packages, by a name of your choice."""

    readers: Mapping[str, PrincipalArgs]
    """Who may fetch packages, by a name of your choice."""

    maintainers: Mapping[str, PrincipalArgs]
    """Who may also yank, sweep and delete, by a name of your choice."""


class CondaChannelArgs(TypedDict, total=False):
    """A channel in a bucket of its own."""

    name: str
    """The channel's name; left out, it is the last segment of the prefix, else the bucket's name."""

    prefix: str
    """Where in the bucket the channel lies; left out, the whole bucket is the channel."""

    subdirs: Sequence[str]
    """The platforms of the channel; noarch is always there."""

    visibility: str
    """Who may read: `private`, those who were given the right; `organization`, all principals of an AWS organization
    (`aws.organization_id`); `public`, everybody, by https.
    """

    auth: str
    """The way of access that `chaninfra manifest` prints: `aws` (credentials as any AWS tool has them), `pixi` (pixi's
    credential store and s3-options), `public` (an https URL). Left out: public for a public channel, aws on AWS, else
    pixi.
    """

    public_url: str
    """The https URL of a public channel, where the store gives it one of its own or a domain stands before it; left
    out, it follows from the endpoint.
    """

    index: IndexArgs
    """How the index is written."""

    publishers: Mapping[str, PrincipalArgs]
    """Who may add packages, by a name of your choice."""

    readers: Mapping[str, PrincipalArgs]
    """Who may fetch packages, by a name of your choice."""

    maintainers: Mapping[str, PrincipalArgs]
    """Who may also yank, sweep and delete, by a name of your choice."""

    provider: str
    """The store; left out, `custom` when there is an `endpoint_url`, else `aws`."""

    bucket: Required[str]
    """The bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens."""

    region: str
    """The region of the bucket; left out, the store's usual one. On AWS it is then `aws:region` or AWS_REGION."""

    endpoint_url: str
    """The URL of the store's S3 API, without the bucket; needed where the store has none of its own (minio, custom)."""

    account_id: str
    """Cloudflare R2: the account, a part of the endpoint."""

    jurisdiction: str
    """Cloudflare R2: the jurisdiction, where the bucket has one."""

    location: str
    """Hetzner: the location of the bucket."""

    force_path_style: bool
    """Whether the bucket is in the path of a URL and not in its host; left out, the store's way."""

    profile: str
    """The profile of the AWS configuration files whose credentials are used."""

    adopt: bool
    """Take a bucket that exists. It and its packages are never deleted by Pulumi afterwards, and what else is in it is
    left alone.
    """

    force_destroy: bool
    """Let `pulumi destroy` delete the packages too. It works only after a `pulumi up`, since destroy reads the state.
    """

    protect: bool
    """Pulumi's own protection of the bucket: destroy then fails before anything is counted."""

    versioning: bool
    """Whether the store keeps old versions of objects. Left out: on AWS it does, elsewhere it is as the store has it.
    """

    encryption: str
    """How objects are encrypted where the request does not say: `sse-s3`, with keys of the store. Left out: on AWS that
    too, unless there is `aws.kms_key_arn`; elsewhere it is as the store has it.
    """

    old_versions_days: int
    """After how many days old versions of objects are deleted. Left out: on AWS 90, elsewhere never."""

    open_uploads_days: int
    """After how many days uploads that were never finished are deleted. Left out: on AWS 7, elsewhere as the store does
    it.
    """

    cors_origins: Sequence[str]
    """Web pages of these origins may read the channels."""

    tags: Mapping[str, str]
    """Tags of the bucket, and on AWS of the roles."""

    aws: AwsArgs
    """What only a bucket on AWS can have."""

    cdn: CdnArgs
    """Amazon CloudFront before the bucket, which stays private: everybody reads the channels by https from there, so
    `visibility` must be public. `{}` takes the distribution's own name.
    """


class ChannelBucketArgs(TypedDict, total=False):
    """A bucket and the channels in it: those of `channels`, else the one that the other arguments describe."""

    name: str
    """The channel's name; left out, it is the last segment of the prefix, else the bucket's name."""

    prefix: str
    """Where in the bucket the channel lies; left out, the whole bucket is the channel."""

    subdirs: Sequence[str]
    """The platforms of the channel; noarch is always there."""

    visibility: str
    """Who may read: `private`, those who were given the right; `organization`, all principals of an AWS organization
    (`aws.organization_id`); `public`, everybody, by https.
    """

    auth: str
    """The way of access that `chaninfra manifest` prints: `aws` (credentials as any AWS tool has them), `pixi` (pixi's
    credential store and s3-options), `public` (an https URL). Left out: public for a public channel, aws on AWS, else
    pixi.
    """

    public_url: str
    """The https URL of a public channel, where the store gives it one of its own or a domain stands before it; left
    out, it follows from the endpoint.
    """

    index: IndexArgs
    """How the index is written."""

    publishers: Mapping[str, PrincipalArgs]
    """Who may add packages, by a name of your choice."""

    readers: Mapping[str, PrincipalArgs]
    """Who may fetch packages, by a name of your choice."""

    maintainers: Mapping[str, PrincipalArgs]
    """Who may also yank, sweep and delete, by a name of your choice."""

    provider: str
    """The store; left out, `custom` when there is an `endpoint_url`, else `aws`."""

    bucket: Required[str]
    """The bucket's name: 3 to 63 lower-case letters, digits, dots and hyphens."""

    region: str
    """The region of the bucket; left out, the store's usual one. On AWS it is then `aws:region` or AWS_REGION."""

    endpoint_url: str
    """The URL of the store's S3 API, without the bucket; needed where the store has none of its own (minio, custom)."""

    account_id: str
    """Cloudflare R2: the account, a part of the endpoint."""

    jurisdiction: str
    """Cloudflare R2: the jurisdiction, where the bucket has one."""

    location: str
    """Hetzner: the location of the bucket."""

    force_path_style: bool
    """Whether the bucket is in the path of a URL and not in its host; left out, the store's way."""

    profile: str
    """The profile of the AWS configuration files whose credentials are used."""

    adopt: bool
    """Take a bucket that exists. It and its packages are never deleted by Pulumi afterwards, and what else is in it is
    left alone.
    """

    force_destroy: bool
    """Let `pulumi destroy` delete the packages too. It works only after a `pulumi up`, since destroy reads the state.
    """

    protect: bool
    """Pulumi's own protection of the bucket: destroy then fails before anything is counted."""

    versioning: bool
    """Whether the store keeps old versions of objects. Left out: on AWS it does, elsewhere it is as the store has it.
    """

    encryption: str
    """How objects are encrypted where the request does not say: `sse-s3`, with keys of the store. Left out: on AWS that
    too, unless there is `aws.kms_key_arn`; elsewhere it is as the store has it.
    """

    old_versions_days: int
    """After how many days old versions of objects are deleted. Left out: on AWS 90, elsewhere never."""

    open_uploads_days: int
    """After how many days uploads that were never finished are deleted. Left out: on AWS 7, elsewhere as the store does
    it.
    """

    cors_origins: Sequence[str]
    """Web pages of these origins may read the channels."""

    tags: Mapping[str, str]
    """Tags of the bucket, and on AWS of the roles."""

    aws: AwsArgs
    """What only a bucket on AWS can have."""

    cdn: CdnArgs
    """Amazon CloudFront before the bucket, which stays private: everybody reads the channels by https from there, so
    `visibility` must be public. `{}` takes the distribution's own name.
    """

    channels: Mapping[str, ChannelArgs]
    """Several channels in the bucket: name → the keys that differ from the flat ones. A channel's prefix is its name
    unless it says otherwise.
    """


class PublisherArgs(TypedDict, total=False):
    """One more who may add packages to a channel."""

    provider: str
    """The channel's provider, as its descriptor has it. It must be given, unless it is aws or `channel` is a document,
    since from an output it is known too late.
    """

    github: GitHubArgs
    """Workflows of a GitHub repository."""

    gitlab: GitLabArgs
    """Jobs of a GitLab project."""

    oidc: OidcArgs
    """Tokens of any OIDC issuer."""

    key: KeyArgs
    """An access key of its own, on other stores than AWS; `{}` is enough. Where chaninfra cannot make it, the stack
    output `next-steps` says how.
    """

    roles: RolesArgs
    """On AWS: what a role has besides."""

    tags: Mapping[str, str]
    """On AWS: tags of the role."""

    profile: str
    """The profile of the AWS configuration files whose credentials are used."""

    channel: Required[pulumi.Input[Mapping[str, Any]]]
    """The channel's descriptor: the output `descriptor` of a CondaChannel, or a document, the channel's `channel.json`
    for one.
    """

    oidc_provider_arn: pulumi.Input[str]
    """On AWS: the OIDC provider of the issuer. Left out, it is looked up in the account, where it must be then."""

    kms_key_arn: pulumi.Input[str]
    """On AWS: the KMS key of the channel's bucket, if it has one."""


class ReaderArgs(TypedDict, total=False):
    """One more who may fetch packages of a channel."""

    provider: str
    """The channel's provider, as its descriptor has it. It must be given, unless it is aws or `channel` is a document,
    since from an output it is known too late.
    """

    github: GitHubArgs
    """Workflows of a GitHub repository."""

    gitlab: GitLabArgs
    """Jobs of a GitLab project."""

    oidc: OidcArgs
    """Tokens of any OIDC issuer."""

    key: KeyArgs
    """An access key of its own, on other stores than AWS; `{}` is enough. Where chaninfra cannot make it, the stack
    output `next-steps` says how.
    """

    roles: RolesArgs
    """On AWS: what a role has besides."""

    tags: Mapping[str, str]
    """On AWS: tags of the role."""

    profile: str
    """The profile of the AWS configuration files whose credentials are used."""

    channel: Required[pulumi.Input[Mapping[str, Any]]]
    """The channel's descriptor: the output `descriptor` of a CondaChannel, or a document, the channel's `channel.json`
    for one.
    """

    oidc_provider_arn: pulumi.Input[str]
    """On AWS: the OIDC provider of the issuer. Left out, it is looked up in the account, where it must be then."""

    kms_key_arn: pulumi.Input[str]
    """On AWS: the KMS key of the channel's bucket, if it has one."""
