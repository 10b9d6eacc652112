"""The page of access on AWS: what people wrote, with the table and the documents that the program prints."""

from __future__ import annotations

import json
from pathlib import Path

from access_table import markdown
from chaninfra.channel.policy.documents import documents
from chaninfra.channel.spec.stack_file import read_stack_file

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = "Pulumi.aws-access.yaml"

_HEAD = """# Access on AWS

The stack config says who may read, publish and keep a channel; `pulumi up` makes the roles and the policies, and
`chaninfra policy` prints them for those who must hand them in. The table and the documents here are printed by the
program.

## Who may read

| visibility | who |
|---|---|
| `private` | the readers, publishers and maintainers that are named; in the account also those whom IAM lets |
| `organization` | all principals of `aws.organization-id` |
| `public` | everybody, by https; [behind a CDN](cdn.md), from there alone |

A private bucket, and one behind a CDN, blocks public access in all four ways. For a public one only the two blocks that
forbid public policies are lifted, before the policy is put; ACLs stay blocked.

## Who may publish

`publishers`, `readers` and `maintainers` name principals, each in one of four ways:

| key | who | gets |
|---|---|---|
| `github` | workflows of one repository, told by branch, tag, ref, environment, pull request or reusable workflow | a role |
| `gitlab` | jobs of one project, told by branch or tag; `host` for a self-hosted server | a role |
| `oidc` | tokens of any issuer with this audience and this subject, in full | a role |
| `arn` | an AWS account, role or user | statements in the bucket's policy |

The ARNs of the roles are in the stack output `access`; a workflow gives its one to aws-actions/configure-aws-credentials.
Names on GitHub can be taken over by others: `owner-id` and `repository-id` pin the ids. A wildcard where somebody else's
name could match it is refused. The OIDC provider of an issuer is made once; if the account has it already, list the issuer
in `aws.existing-oidc-providers`, and it is used and left alone. A principal of another account needs the same rights from
that account's IAM too.

## Who may do what

Held by tests on real servers: each cell is tried on versitygw and on MinIO with the documents below. "AWS only" says that
neither can judge a condition in it; there the document itself is what is tested.

"""

_MIDDLE = """
Everybody who may read may list the whole bucket: pixi's requests carry no prefix, and to those who may not list, S3
answers 403 and not 404 for a missing file, where pixi stops. Who must not see a neighbour's file names needs another
bucket.

## The documents

For this stack file, [{example}](../{example}):

```yaml
{config}```
"""

_TAIL = """
## The bucket

Versioned, encrypted, TLS only, owned by its account (ACLs off). The block `aws` has the choices: a KMS key with a bucket
key (roles get the rights on it that they then need; for those who are named by ARN or by organization,
`chaninfra policy kms-key-policy` prints what the key's policy must say), access logs, the guard against overwritten
packages, VPC endpoints, and what the roles share. [Every key](stack-config.md#aws). What other stores have too is written
flat: old versions and unfinished uploads are deleted after the days that you say, CORS, tags
([the bucket](stack-config.md#the-bucket)).

`aws.vpc-endpoints` covers objects, never the bucket's settings, and whoever runs `pulumi up` is exempt: nobody is locked
out for good.

What the config of the AWS provider says (`aws:region`, `aws:profile`, `aws:assumeRoles`) holds for every part.
"""


def aws_access() -> str:
    """The whole page."""
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
