"""`docs/cdn.md`: a hand-written text with the cache settings and the policy documents."""

from __future__ import annotations

import json
from pathlib import Path

from chaninfra.channel.policy.documents import documents
from chaninfra.channel.spec.stack_file import read_stack_file
from chaninfra.pulumi.backends.aws.cdn import BEHAVIORS, DEFAULT_TTLS
from chaninfra.pulumi.backends.aws.cdn_page import FOLDERS

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = "Pulumi.aws-cdn.yaml"
ACCOUNT, ID = "123456789012", "E2EXAMPLE"

_HEAD = """# Behind CloudFront

`cdn` puts Amazon CloudFront in front of a bucket on AWS: everybody reads the channels by https from a location nearby,
and the bucket stays private. `visibility` must be `public`: the channels are public, the bucket is not. All four
settings of Block Public Access stay on, and the bucket policy allows only the distribution to read (origin access
control).

For this stack file, [{example}](../{example}):

```yaml
{config}```

`cdn: {{}}` uses the domain name and the certificate that CloudFront assigns. `public-url` in the descriptor becomes
`https://<domain>/<prefix>`, and `chaninfra manifest` prints that URL. For a `domain` of your own, create a DNS record
that points at the distribution (`cdn.id` in the descriptor). `pulumi up` waits until CloudFront has deployed a change,
and `pulumi destroy` until it has removed the distribution; both take some minutes.

## What it serves

GET and HEAD, by https only (with a `domain` of your own, TLS 1.2 or later), over HTTP/1.1, 2 and 3. The CDN obeys the
`Cache-Control` header of a file as clients do: index files have `index.cache-control`, and shards never change. For all
other files:

| files | cached for, without `Cache-Control` | compressed by CloudFront |
|---|---|---|
"""

_MIDDLE = """
CloudFront compresses files of up to 10 MB. Files in zst format and packages are already compressed.

A missing file is answered with 404, because the distribution may list the bucket; pixi needs the 404 to try the next
index format. An error page that turns 403 into 404 would help too, but would report denied files as missing. Users of
the CDN cannot list the bucket: `/` returns the page of a channel that is the whole bucket, or its `channel.json` if it
has no page, else an error.

## The page

Where a channel of the bucket has a [page](page.md), the stack adds a response headers policy and a CloudFront Function.
`https://<domain>/<prefix>/`, with the slash at the end, then answers with the page: for requests that match `*/`, and
for no others, the function appends `index.html`. All answers have these headers: Content-Security-Policy, the page's
own with `frame-ancestors 'none'`; `X-Content-Type-Options: nosniff`; `X-Frame-Options: DENY`; and `Referrer-Policy:
no-referrer`. A stack whose channels have no page (`page: false`) has neither. Both count against the quotas of the
account, as the cache policies do.

## Publishing

After its commit, `publish` invalidates the index files of the changed subdirs on the CDN: with one wildcard path per
subdir, or with a path per file if there are more than five subdirs. Packages that `--force` replaced get a path each.
`reindex` does the same; `reindex --force`, for packages that another tool replaced, invalidates all files.

Publishers and maintainers with an IAM role get `cloudfront:CreateInvalidation` for this distribution. Principals
given by ARN need the permission from the IAM of the account, because CloudFront has no policies of its own. If the
invalidation fails, the packages are published all the same: a warning names the command to run, and the CDN fetches
the new index when `index.cache-control` expires.

With `aws.kms-key-arn`, the key policy must allow the distribution to decrypt; `chaninfra policy kms-key-policy` prints
the statement. With `cors-origins`, CloudFront forwards the origin, and the bucket's CORS rules apply.

## Limits

An adopted bucket can have a CDN too: the distribution's statements are added to its policy. These are refused with an
error: a channel that is not public, stores other than AWS, regions in China and GovCloud, a domain without a
certificate, a certificate outside us-east-1, a bucket with a dot in its name, `aws.vpc-endpoints`, and `public-url`,
which follows from the domain.

## The documents
"""


def cdn() -> str:
    """The text of the page."""
    stack = read_stack_file(ROOT / EXAMPLE)
    made = documents(stack, account=ACCOUNT, distribution=ID)
    config = (ROOT / EXAMPLE).read_text("utf-8")
    rows = [
        f"| {_files(each.pattern)} | {_time(DEFAULT_TTLS[each.kind])} | {'yes' if each.compress else 'no'} |\n"
        for each in BEHAVIORS
    ]
    parts = [_HEAD.format(example=EXAMPLE, config=config), *rows, _MIDDLE]
    for name in ("bucket-policy", "publisher/my-channel/ci/rights"):
        parts.append(
            f"\n```console\n$ chaninfra policy {name} --config {EXAMPLE} --account {ACCOUNT} --distribution {ID}\n"
            f"{json.dumps(made[name], indent=2)}\n```\n"
        )
    return "".join(parts)


def _files(pattern: str | None) -> str:
    if pattern is None:
        return "all others: `*.json`"
    return f"`{pattern}`: the page" if pattern == FOLDERS else f"`{pattern}`"


def _time(seconds: int) -> str:
    days, minutes = divmod(seconds, 86400)
    return f"{days} days" if days else f"{minutes // 60} minutes"
