"""The page of the CDN: what people wrote, with the settings and the documents that the program prints."""

from __future__ import annotations

import json
from pathlib import Path

from chaninfra.channel.policy.documents import documents
from chaninfra.channel.spec.stack_file import read_stack_file
from chaninfra.pulumi.backends.aws.cdn import BEHAVIORS, DEFAULT_TTLS

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = "Pulumi.aws-cdn.yaml"
ACCOUNT, ID = "123456789012", "E2EXAMPLE"

_HEAD = """# Behind CloudFront

`cdn` puts Amazon CloudFront before a bucket on AWS: everybody reads the channels by https from near by, and the bucket
stays private. So `visibility` must be `public`; it says who may read the channel, and no longer that the bucket is
open: all four ways to block public access stay on, and the bucket's policy lets in the distribution alone (origin
access control).

For this stack file, [{example}](../{example}):

```yaml
{config}```

`cdn: {{}}` takes the name and the certificate that CloudFront gives. The channels' URLs follow: `public-url` in the
descriptor, and so what `chaninfra manifest` prints, is `https://<domain>/<prefix>`. The DNS record of a `domain` of
your own is yours to make; it points at the distribution (`cdn.id` in the descriptor). `pulumi up` waits until
CloudFront has taken a change, and `pulumi destroy` until it has let go, which each take some minutes.

## What it serves

GET and HEAD, by https only (TLS 1.2 or later at a domain of your own), over HTTP/1.1, 2 and 3. What a file says by
`Cache-Control` holds for the CDN as for clients: index files `index.cache-control`, shards that they never change. The
rest is this:

| files | kept for, where they say nothing | compressed on the way |
|---|---|---|
"""

_MIDDLE = """
CloudFront compresses files of up to 10 MB; what is in zst, and packages, are compressed already.

A missing file is 404, as pixi needs it to look for the next format, since the distribution may list the bucket. An
error page that turns 403 into 404 would do that too, but would call a file missing that was only denied. Nobody sees
the list: `/` answers with the `channel.json` of a channel that is the whole bucket, else with an error.

## Publishing

After its commit `publish` has CloudFront fetch the index files of the subdirs that changed anew: one path a subdir, the
files by name where there are more than five, and one for each package that `--force` replaced. `reindex` does the same;
`reindex --force`, for packages that another tool replaced, has all files fetched anew.

Publishers and maintainers with a role get `cloudfront:CreateInvalidation` on this distribution; who is named by ARN
gets it from the IAM of the account, since CloudFront has no policies of its own. If it fails, what was published stays
published: a warning names the command to type, and the CDN comes to it by itself once `index.cache-control` is over.

With `aws.kms-key-arn` the key's policy must let in the distribution, as `chaninfra policy kms-key-policy` prints it.
With `cors-origins` CloudFront asks the bucket, which answers by its CORS rules.

## What goes with what

An adopted bucket can be put behind a CDN: the distribution's statements are added to its policy. Refused, with the
reason, are: a channel that is not public, other stores than AWS, China and GovCloud, a domain without its certificate,
a certificate outside us-east-1, a bucket with a dot in its name, `aws.vpc-endpoints`, and `public-url`, which follows.

## The documents
"""


def cdn() -> str:
    """The whole page."""
    stack = read_stack_file(ROOT / EXAMPLE)
    made = documents(stack, account=ACCOUNT, distribution=ID)
    config = (ROOT / EXAMPLE).read_text("utf-8")
    rows = [
        f"| {f'`{each.pattern}`' if each.pattern else 'all others: `*.json`'} | {_time(DEFAULT_TTLS[each.kind])} | "
        f"{'yes' if each.compress else 'no'} |\n"
        for each in BEHAVIORS
    ]
    parts = [_HEAD.format(example=EXAMPLE, config=config), *rows, _MIDDLE]
    for name in ("bucket-policy", "publisher/my-channel/ci/rights"):
        parts.append(
            f"\n```console\n$ chaninfra policy {name} --config {EXAMPLE} --account {ACCOUNT} --distribution {ID}\n"
            f"{json.dumps(made[name], indent=2)}\n```\n"
        )
    return "".join(parts)


def _time(seconds: int) -> str:
    days, minutes = divmod(seconds, 86400)
    return f"{days} days" if days else f"{minutes // 60} minutes"
