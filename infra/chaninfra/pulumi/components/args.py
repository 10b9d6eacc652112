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
    """Workflow runs of a GitHub repository. Set exactly one of `branch`, `tag`, `ref`, `environment` and
    `pull-request`; or `workflow`, alone or together with one of them.
    """

    repository: Required[str]
    """OWNER/REPOSITORY, without wildcards."""

    branch: str
    """Runs on this branch; `*` matches any text."""

    tag: str
    """Runs on this tag; `*` matches any text."""

    ref: str
    """Runs on this full ref, for example refs/heads/main."""

    environment: str
    """Jobs of this environment, on every branch and tag."""

    pull_request: bool
    """Runs for pull requests."""

    workflow: str
    """Reusable workflow that the job calls, with its ref."""

    owner_id: str
    """ID of the owner. Another owner can take over a name, but not an ID. Set it together with `repository_id`."""

    repository_id: str
    """ID of the repository. Set it together with `owner_id`."""

    audience: str
    """The claim aud of the tokens. The default is the one that aws-actions/configure-aws-credentials requests; in the
    regions of China, configure sts.amazonaws.com.cn there and here.
    """


class GitLabArgs(TypedDict, total=False):
    """CI jobs of a GitLab project, on one branch or tag."""

    project: Required[str]
    """GROUP/PROJECT, with subgroups, without wildcards."""

    branch: str
    """Jobs on this branch; `*` matches any text."""

    tag: str
    """Jobs on this tag; `*` matches any text."""

    host: str
    """Host name of the GitLab server."""

    audience: str
    """The claim aud of the tokens, which the job requests. Default: the HTTPS URL of the server."""


class OidcArgs(TypedDict, total=False):
    """Tokens of any OIDC issuer."""

    issuer: Required[str]
    """URL of the issuer, as in the claim iss."""

    audience: Required[str]
    """The claim aud of the tokens."""

    subject: Required[str]
    """The claim sub of the tokens, without wildcards."""


class KeyArgs(TypedDict, total=False):
    """An access key of the store, with permissions on this channel only."""

    rotate: str
    """Any text, for example a date. When it changes, chaninfra creates a new access key, then deletes the old one."""


class PrincipalArgs(TypedDict, total=False):
    """One principal. Exactly one of the keys must be set: the kind of the principal."""

    github: GitHubArgs
    """Workflow runs of a GitHub repository."""

    gitlab: GitLabArgs
    """CI jobs of a GitLab project."""

    oidc: OidcArgs
    """Tokens of any OIDC issuer."""

    key: KeyArgs
    """An access key of its own, on stores other than AWS; `{}` is enough. If chaninfra cannot create it, the stack
    output `next-steps` explains how to.
    """

    arn: pulumi.Input[str]
    """An AWS account (its 12 digits), or the ARN of a role or user."""


class RolesArgs(TypedDict, total=False):
    """Settings of all IAM roles of publishers, readers and maintainers."""

    name_prefix: str
    """Prefix of the role names."""

    path: str
    """IAM path of the roles."""

    permissions_boundary: str
    """ARN of the policy that is the permissions boundary of every role."""

    max_session_duration: int
    """Maximum duration of a session of a role, in seconds."""


class AwsArgs(TypedDict, total=False):
    """Settings that only a bucket on AWS has."""

    organization_id: str
    """The AWS organization whose accounts may read; required if `visibility` is `organization`."""

    kms_key_arn: pulumi.Input[str]
    """KMS key that encrypts the objects, used with an S3 Bucket Key. Default: S3 encrypts with its own keys. The roles
    of the stack get the permissions on the KMS key that they need. For principals named by ARN or by organization,
    `chaninfra policy` prints the statements that the policy of the KMS key must contain. A public channel can use a KMS
    key only with `cdn`.
    """

    log_bucket: pulumi.Input[str]
    """Bucket that receives the server access logs. Its policy must allow S3 to write them."""

    log_prefix: str
    """Prefix of the object keys of the access logs."""

    no_overwrite: bool
    """Refuse uploads of package files without the header If-None-Match: *, so that no tool can overwrite a package."""

    vpc_endpoints: Sequence[str]
    """Objects can be read and written only through these VPC endpoints. The identity that runs `pulumi up` is exempt,
    and requests for the bucket's settings are not restricted.
    """

    roles: RolesArgs
    """Settings of all roles of the stack."""

    existing_oidc_providers: Sequence[str]
    """Issuers whose OIDC provider already exists in the account. chaninfra uses these providers and never changes or
    deletes them; it creates one for every other issuer.
    """


class CdnArgs(TypedDict, total=False):
    """Amazon CloudFront in front of the bucket. Set both keys, or neither."""

    domain: str
    """Host name in the URLs of the channels. You create its DNS record, which points at the distribution. Default: the
    distribution's own domain name.
    """

    certificate_arn: pulumi.Input[str]
    """Certificate of `domain` in AWS Certificate Manager. CloudFront requires the region us-east-1."""


class ChannelArgs(TypedDict, total=False):
    """The keys of one channel."""

    name: str
    """Name of the channel. Default: the last segment of `prefix`, else the bucket's name."""

    prefix: str
    """Folder of the channel in the bucket. Default: the whole bucket is the channel."""

    subdirs: Sequence[str]
    """Subdirs (platforms) of the channel; noarch is always included."""

    visibility: str
    """Who may read. `private`: the principals that the config names. `organization`: all principals of an AWS
    organization (`aws.organization_id`). `public`: everybody, over HTTPS.
    """

    auth: str
    """How clients authenticate; `chaninfra manifest` prints the settings for it. `aws`: with the credentials that AWS
    tools find. `pixi`: with pixi's credential store and s3-options. `public`: not at all, by an HTTPS URL. Default:
    `public` for a public channel, `aws` on AWS, else `pixi`.
    """

    public_url: str
    """HTTPS URL of a public channel, if the store assigns the bucket a domain or you use your own. Default: derived
    from the endpoint.
    """

    index: IndexArgs
    """How the index is written."""

    publishers: Mapping[str, PrincipalArgs]
    """Principals that may add packages: a name of your choice → the principal."""

    readers: Mapping[str, PrincipalArgs]
    """Principals that may fetch packages: a name of your choice → the principal."""

    maintainers: Mapping[str, PrincipalArgs]
    """Principals that may also yank and delete packages and run `chaninfra gc`: a name of your choice → the principal.
    """


class CondaChannelArgs(TypedDict, total=False):
    """A channel in a bucket of its own."""

    name: str
    """Name of the channel. Default: the last segment of `prefix`, else the bucket's name."""

    prefix: str
    """Folder of the channel in the bucket. Default: the whole bucket is the channel."""

    subdirs: Sequence[str]
    """Subdirs (platforms) of the channel; noarch is always included."""

    visibility: str
    """Who may read. `private`: the principals that the config names. `organization`: all principals of an AWS
    organization (`aws.organization_id`). `public`: everybody, over HTTPS.
    """

    auth: str
    """How clients authenticate; `chaninfra manifest` prints the settings for it. `aws`: with the credentials that AWS
    tools find. `pixi`: with pixi's credential store and s3-options. `public`: not at all, by an HTTPS URL. Default:
    `public` for a public channel, `aws` on AWS, else `pixi`.
    """

    public_url: str
    """HTTPS URL of a public channel, if the store assigns the bucket a domain or you use your own. Default: derived
    from the endpoint.
    """

    index: IndexArgs
    """How the index is written."""

    publishers: Mapping[str, PrincipalArgs]
    """Principals that may add packages: a name of your choice → the principal."""

    readers: Mapping[str, PrincipalArgs]
    """Principals that may fetch packages: a name of your choice → the principal."""

    maintainers: Mapping[str, PrincipalArgs]
    """Principals that may also yank and delete packages and run `chaninfra gc`: a name of your choice → the principal.
    """

    provider: str
    """The store. Default: `custom` if `endpoint_url` is set, else `aws`."""

    bucket: Required[str]
    """Name of the bucket: 3 to 63 lower-case letters, digits, dots and hyphens."""

    region: str
    """Region of the bucket. Default: the store's default region; on AWS `aws:region` or AWS_REGION."""

    endpoint_url: str
    """URL of the store's S3 API, without the bucket. Required if the store has no fixed endpoint (minio, custom)."""

    account_id: str
    """Cloudflare R2: the account ID, a part of the endpoint."""

    jurisdiction: str
    """Cloudflare R2: the jurisdiction of the bucket, if it has one."""

    location: str
    """Hetzner: the location of the bucket."""

    force_path_style: bool
    """Whether URLs have the bucket in the path and not in the host name. Default: what the store uses."""

    profile: str
    """Profile of the AWS configuration files whose credentials are used."""

    adopt: bool
    """Use a bucket that already exists. Pulumi never deletes the bucket or its packages, and does not change anything
    else in it.
    """

    force_destroy: bool
    """Let `pulumi destroy` delete the packages too. Run `pulumi up` after setting it, since destroy reads the setting
    from the state.
    """

    protect: bool
    """Pulumi's resource option protect on the bucket: `pulumi destroy` fails at once."""

    versioning: bool
    """Whether the store keeps old versions of objects. Default: yes on AWS; elsewhere the setting of the store is not
    changed.
    """

    encryption: str
    """Encryption of objects, unless the upload requests another. `sse-s3`: with keys of the store. Default: `sse-s3` on
    AWS, unless `aws.kms_key_arn` is set; elsewhere the setting of the store is not changed.
    """

    old_versions_days: int
    """Days after which old versions of objects are deleted. Default: 90 on AWS, elsewhere never."""

    open_uploads_days: int
    """Days after which unfinished multipart uploads are deleted. Default: 7 on AWS; elsewhere the setting of the store
    is not changed.
    """

    cors_origins: Sequence[str]
    """Web pages of these origins may read the channels (CORS)."""

    tags: Mapping[str, str]
    """Tags of the bucket, and on AWS also of the roles."""

    aws: AwsArgs
    """Settings that only a bucket on AWS has."""

    cdn: CdnArgs
    """Amazon CloudFront in front of the bucket. The bucket stays private, and everybody reads the channels over HTTPS
    from CloudFront, so `visibility` must be public. `{}` uses the distribution's own domain name.
    """


class ChannelBucketArgs(TypedDict, total=False):
    """A bucket and the channels in it: those of `channels`, else the one that the other arguments describe."""

    name: str
    """Name of the channel. Default: the last segment of `prefix`, else the bucket's name."""

    prefix: str
    """Folder of the channel in the bucket. Default: the whole bucket is the channel."""

    subdirs: Sequence[str]
    """Subdirs (platforms) of the channel; noarch is always included."""

    visibility: str
    """Who may read. `private`: the principals that the config names. `organization`: all principals of an AWS
    organization (`aws.organization_id`). `public`: everybody, over HTTPS.
    """

    auth: str
    """How clients authenticate; `chaninfra manifest` prints the settings for it. `aws`: with the credentials that AWS
    tools find. `pixi`: with pixi's credential store and s3-options. `public`: not at all, by an HTTPS URL. Default:
    `public` for a public channel, `aws` on AWS, else `pixi`.
    """

    public_url: str
    """HTTPS URL of a public channel, if the store assigns the bucket a domain or you use your own. Default: derived
    from the endpoint.
    """

    index: IndexArgs
    """How the index is written."""

    publishers: Mapping[str, PrincipalArgs]
    """Principals that may add packages: a name of your choice → the principal."""

    readers: Mapping[str, PrincipalArgs]
    """Principals that may fetch packages: a name of your choice → the principal."""

    maintainers: Mapping[str, PrincipalArgs]
    """Principals that may also yank and delete packages and run `chaninfra gc`: a name of your choice → the principal.
    """

    provider: str
    """The store. Default: `custom` if `endpoint_url` is set, else `aws`."""

    bucket: Required[str]
    """Name of the bucket: 3 to 63 lower-case letters, digits, dots and hyphens."""

    region: str
    """Region of the bucket. Default: the store's default region; on AWS `aws:region` or AWS_REGION."""

    endpoint_url: str
    """URL of the store's S3 API, without the bucket. Required if the store has no fixed endpoint (minio, custom)."""

    account_id: str
    """Cloudflare R2: the account ID, a part of the endpoint."""

    jurisdiction: str
    """Cloudflare R2: the jurisdiction of the bucket, if it has one."""

    location: str
    """Hetzner: the location of the bucket."""

    force_path_style: bool
    """Whether URLs have the bucket in the path and not in the host name. Default: what the store uses."""

    profile: str
    """Profile of the AWS configuration files whose credentials are used."""

    adopt: bool
    """Use a bucket that already exists. Pulumi never deletes the bucket or its packages, and does not change anything
    else in it.
    """

    force_destroy: bool
    """Let `pulumi destroy` delete the packages too. Run `pulumi up` after setting it, since destroy reads the setting
    from the state.
    """

    protect: bool
    """Pulumi's resource option protect on the bucket: `pulumi destroy` fails at once."""

    versioning: bool
    """Whether the store keeps old versions of objects. Default: yes on AWS; elsewhere the setting of the store is not
    changed.
    """

    encryption: str
    """Encryption of objects, unless the upload requests another. `sse-s3`: with keys of the store. Default: `sse-s3` on
    AWS, unless `aws.kms_key_arn` is set; elsewhere the setting of the store is not changed.
    """

    old_versions_days: int
    """Days after which old versions of objects are deleted. Default: 90 on AWS, elsewhere never."""

    open_uploads_days: int
    """Days after which unfinished multipart uploads are deleted. Default: 7 on AWS; elsewhere the setting of the store
    is not changed.
    """

    cors_origins: Sequence[str]
    """Web pages of these origins may read the channels (CORS)."""

    tags: Mapping[str, str]
    """Tags of the bucket, and on AWS also of the roles."""

    aws: AwsArgs
    """Settings that only a bucket on AWS has."""

    cdn: CdnArgs
    """Amazon CloudFront in front of the bucket. The bucket stays private, and everybody reads the channels over HTTPS
    from CloudFront, so `visibility` must be public. `{}` uses the distribution's own domain name.
    """

    channels: Mapping[str, ChannelArgs]
    """Several channels in the bucket: name → the keys that differ from those at the top level. The default `prefix` of
    a channel is its name.
    """


class PublisherArgs(TypedDict, total=False):
    """One more who may add packages to a channel."""

    provider: str
    """The channel's provider, as its descriptor has it. It must be given, unless it is aws or `channel` is a document,
    since from an output it is known too late.
    """

    github: GitHubArgs
    """Workflow runs of a GitHub repository."""

    gitlab: GitLabArgs
    """CI jobs of a GitLab project."""

    oidc: OidcArgs
    """Tokens of any OIDC issuer."""

    key: KeyArgs
    """An access key of its own, on stores other than AWS; `{}` is enough. If chaninfra cannot create it, the stack
    output `next-steps` explains how to.
    """

    roles: RolesArgs
    """On AWS: what a role has besides."""

    tags: Mapping[str, str]
    """On AWS: tags of the role."""

    profile: str
    """Profile of the AWS configuration files whose credentials are used."""

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
    """Workflow runs of a GitHub repository."""

    gitlab: GitLabArgs
    """CI jobs of a GitLab project."""

    oidc: OidcArgs
    """Tokens of any OIDC issuer."""

    key: KeyArgs
    """An access key of its own, on stores other than AWS; `{}` is enough. If chaninfra cannot create it, the stack
    output `next-steps` explains how to.
    """

    roles: RolesArgs
    """On AWS: what a role has besides."""

    tags: Mapping[str, str]
    """On AWS: tags of the role."""

    profile: str
    """Profile of the AWS configuration files whose credentials are used."""

    channel: Required[pulumi.Input[Mapping[str, Any]]]
    """The channel's descriptor: the output `descriptor` of a CondaChannel, or a document, the channel's `channel.json`
    for one.
    """

    oidc_provider_arn: pulumi.Input[str]
    """On AWS: the OIDC provider of the issuer. Left out, it is looked up in the account, where it must be then."""

    kms_key_arn: pulumi.Input[str]
    """On AWS: the KMS key of the channel's bucket, if it has one."""
