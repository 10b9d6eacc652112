"""The page of a store of one's own: what people wrote, with the example and the document that the program prints."""

from __future__ import annotations

import json
from pathlib import Path

from chaninfra.channel.policy.documents import documents
from chaninfra.channel.spec.stack_file import read_stack_file

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = "Pulumi.minio-keys.yaml"
_SHOWN = "publisher/main/ci/rights"

_HEAD = f"""# A store of your own

On MinIO and versitygw `pulumi up` makes users, policies and access keys too, by the server's admin API; the credentials
that it runs with must be an administrator's, and one that may not is told before anything is made. For this stack file,
[{EXAMPLE}](../{EXAMPLE}):

```yaml
"""

_KEYS = """```

## Keys

`pulumi stack output access` names every principal and its access key id. The secrets are in the output `keys`,
encrypted in the state and never shown unless asked for:

```sh
pulumi stack output keys --show-secrets --json
```

To hand one to CI without anybody seeing it, here to GitHub:

```sh
pulumi stack output keys --show-secrets --json | jq -r '.main.publishers.ci["access-key-id"]' \\
  | gh secret set AWS_ACCESS_KEY_ID
pulumi stack output keys --show-secrets --json | jq -r '.main.publishers.ci["secret-access-key"]' \\
  | gh secret set AWS_SECRET_ACCESS_KEY
```

The job then runs `chaninfra publish` or `pixi upload` with these two in its environment. A person who reads gives them
to `pixi auth login s3://conda --s3-access-key-id … --s3-secret-access-key …`.

**To replace a key**, change its `rotate` (any text) and run `pulumi up`: the new key is made first, then the old one is
deleted. Who uses the old one is out from then on, so hand on the new one at once. To have both for a while, declare
a second principal, and take the first out when nobody uses it any more.

**A key that leaked** is replaced the same way. A user or a policy that was changed or deleted by hand is seen by
`pulumi refresh`, and mended by `pulumi up`. `pulumi destroy` removes them.

On other stores keys are made by hand; the stack output `next-steps` says how, store by store.

## What a key may do

The same as the role of its kind [on AWS](aws-access.md#who-may-do-what), tried on both servers with keys that a stack
made. On MinIO each key has a user and a policy of its name:

```console
"""

_TAIL = """
versitygw's users have no policies: the bucket's policy names their keys. It keeps that policy in an attribute of the
bucket's folder, which on ext4 has 4 KB for all settings together; XFS and ZFS have room. A server that was started with
`--admin-port` does not answer to the admin API at its S3 endpoint; chaninfra cannot make keys there.

## Tokens instead of keys

Both servers take tokens of an OIDC issuer as well (`github`, `gitlab`, `oidc`): no key is stored anywhere. The issuer
is a setting of the server, so `next-steps` prints the commands for an administrator.

## The bucket's settings

`versioning`, `encryption`, `old-versions-days`, `open-uploads-days`, `cors-origins` and `tags` hold for every store
that has them ([which has what](providers.md)); where one has not, that is an error before anything is made. What is not
declared is left as it is, and so is every setting of a bucket that was adopted.
"""


def own_store() -> str:
    """The page."""
    rights = documents(read_stack_file(ROOT / EXAMPLE), account="123456789012")[_SHOWN]
    text = (ROOT / EXAMPLE).read_text("utf-8")
    shown = f"$ chaninfra policy {_SHOWN} --config {EXAMPLE}\n{json.dumps(rights, indent=2)}\n```\n"
    return f"{_HEAD}{text}{_KEYS}{shown}{_TAIL}"
