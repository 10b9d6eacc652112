"""`docs/aws-access.md`: a hand-written text with the access table and the policy documents."""

from __future__ import annotations

import json
from pathlib import Path

from access_table import markdown
from chaninfra.channel.policy.documents import documents
from chaninfra.channel.spec.stack_file import read_stack_file

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = "Pulumi.aws-access.yaml"

_HEAD = """# Access on AWS

The stack config names the principals that may read, publish to, promote to and maintain a channel. `pulumi up` creates
the IAM roles and policies; `chaninfra policy` prints them, for example for a review by a security team. The table and the documents
on this page are generated.

## Who may read

| visibility | who |
|---|---|
| `private` | the readers, publishers, promoters and maintainers of the channel; also principals of the account that IAM allows |
| `organization` | all principals of `aws.organization-id` |
| `public` | everybody, by https; [behind a CDN](cdn.md), only through the CDN |

A private bucket and a bucket behind a CDN have all four settings of Block Public Access on. For a public bucket only the
two settings against public policies are turned off, before the policy is applied; ACLs stay blocked.

## Who may publish

`publishers`, `readers`, `maintainers` and `promoters` declare principals, each by one of four keys:

| key | who | gets |
|---|---|---|
| `github` | workflows of one repository, limited to a branch, tag, ref, environment or pull requests, and perhaps to those that call a reusable workflow | an IAM role |
| `gitlab` | jobs of one project, limited to a branch or tag; `host` for a self-hosted server | an IAM role |
| `oidc` | tokens of any issuer with exactly this audience and this subject | an IAM role |
| `arn` | an AWS account, IAM role or IAM user | statements in the bucket policy |

The stack output `access` has the ARNs of the IAM roles; a workflow passes its own to
aws-actions/configure-aws-credentials. Wildcards that could match somebody else's names are refused. The stack creates one OIDC provider per issuer.
If the account already has it, list the issuer in `aws.existing-oidc-providers`; the stack then uses it without
managing it. A principal of another account needs the same permissions from the IAM of that account too.

**Set `owner-id` and `repository-id`.** Whoever registers the name of an owner or a repository that was given up gets
tokens with that name, but never with its ids. Without ids such tokens have access; `pulumi up`, `chaninfra policy` and
the rule [repository-ids](guard-rails.md#repository-ids) warn about it. GitHub's command line prints the id of a
repository, then that of its owner:

```sh
gh api repos/acme/packages --jq '.id,.owner.id'
```

A promoter copies packages from other channels into this one, with what was patched there. Beside what a publisher may
do it writes the patches, and reads the channels in its `from`; [promotion](promotion.md) has the stack files of both
sides. What is in the bucket of another account, that account must allow too.

A reusable workflow (`workflow`) can be called on any branch and by a pull request, so it limits a principal further and
does not make one. Its ref is one branch, tag or commit.

On GitLab before 18.2.2 the token of a merge request from a fork could carry the `sub` of the project itself. `sub` is
what the trust policy checks, so update a server of your own before you name one of its projects.

## Who may do what

Tests try each cell on versitygw and on MinIO, with the documents below. "AWS only" means that neither server supports a
condition that decides the cell; there the tests check the document itself.

"sources" are the channels in `from`, here in another bucket.

![The table below as a picture: a row for each action, a column for each kind of principal](access.svg)

"""

_MIDDLE = """
All readers may list the whole bucket. A GET by pixi has no prefix for a condition to check, and without the permission
to list, S3 answers 403 instead of 404 for a missing file, and pixi stops there. If the file names of a channel must be
hidden from readers of another channel, use separate buckets.

What follows a channel (`index.follow`) is a function with a role of its own: it writes the index, and neither puts nor
deletes packages. Where the channel has [`snapshots`](snapshots.md#by-the-clock), it puts and deletes their files too,
unlike in the table. `chaninfra policy` prints `follower/rights`, `follower/trust` and `follower/queue`, the policy of its
queue. See [on AWS](follow.md#on-aws).

In a versioned bucket, replaced and deleted files are kept as old versions. On AWS reading one needs a permission of its
own, which nobody gets here. On MinIO it would come with the permission to read the file, so the policies deny it there
([the stores](providers.md) have a column for it). What remains, and tests try it: MinIO lists the ids of old versions to
whoever may list. versitygw gives everybody the old versions of a public channel, and lets a publisher copy an old version
to a new file. `old-versions-days` deletes them. Whoever runs Pulumi may delete old versions for good; no role may.

## The documents

For this stack file, [{example}](../{example}):

```yaml
{config}```
"""

_TAIL = """
## The bucket

The bucket is versioned, encrypted, accessible with TLS only, and owned by its account (ACLs are off). The block `aws`
has [options](stack-config.md#aws): a KMS key with a bucket key, access logs, protection of packages against
overwriting, VPC endpoints, and settings that all IAM roles share. Options that other stores have too are keys [of the
bucket](stack-config.md#the-bucket): after how many days old versions and unfinished uploads are deleted, CORS, and
tags.

With a KMS key, the IAM roles of the stack get the permissions on it that they need. For principals given by ARN, and
for an organization, `chaninfra policy kms-key-policy` prints the statements that the key policy needs.

No command sends `x-amz-server-side-encryption` with an upload: the bucket encrypts what comes without it. A policy of
your organization that denies uploads without this header also denies chaninfra, pixi and rattler-build, so let it deny
those alone that ask for another encryption (`"Null": {"s3:x-amz-server-side-encryption": "false"}` in its condition).

`aws.vpc-endpoints` restricts access to objects, but not to the bucket's settings, and exempts the principal that runs
`pulumi up`, so that nobody is locked out for good.

The config of the AWS provider (`aws:region`, `aws:profile`, `aws:assumeRoles`) applies to all resources.

To reach S3 by a VPC endpoint, set `endpoint-url`. The AWS provider then uses it for S3 alone: for the account it asks STS,
and for a bucket's tags S3 Control. In a network that does not reach those, name their endpoints too:

```yaml
config:
  chaninfra:endpoint-url: https://bucket.vpce-0a1b-2c3d.s3.eu-central-1.vpce.amazonaws.com
  aws:endpoints:
    - s3control: https://control.vpce-0a1b-2c3d.s3.eu-central-1.vpce.amazonaws.com
      sts: https://sts.eu-central-1.amazonaws.com
```
"""


def aws_access() -> str:
    """The text of the page."""
    spec = read_stack_file(ROOT / EXAMPLE)
    made = documents(spec, account="123456789012")
    config = (ROOT / EXAMPLE).read_text("utf-8")
    parts = [_HEAD, markdown(), _MIDDLE.format(example=EXAMPLE, config=config)]
    for name, document in made.items():
        parts.append(
            f"\n```console\n$ chaninfra policy {name} --config {EXAMPLE} --account 123456789012\n"
            f"{json.dumps(document, indent=2)}\n```\n"
        )
    return "".join([*parts, _TAIL])
