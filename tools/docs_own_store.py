"""`docs/own-store.md`: a hand-written text with an example and a policy document."""

from __future__ import annotations

import json
from pathlib import Path

from chaninfra.channel.policy.documents import documents
from chaninfra.channel.spec.stack_file import read_stack_file
from docs_stores import overview, sections

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = "Pulumi.minio-keys.yaml"
_SHOWN = "publisher/main/ci/rights"

_HEAD = f"""# A store of your own

chaninfra works with any store that speaks S3. These can run on your own machines, and chaninfra knows them by name:

{overview()}
"Measured" names the server on which tests tried each column of [the stores](providers.md).
[Below](#the-stores-one-by-one) is what each of them has and has not, and what to do by hand. Any other store is
`custom`: `chaninfra doctor --probe` tries what it can.

## If you run MinIO

The repository of MinIO is archived since 2026-04-25, and gets no security fixes. chaninfra goes on working with it, and
is tested on it. For a new channel take another store. To move a channel:

1. Run the other store beside it, and declare the channel there in a new stack: `pulumi stack init`, the store's
   `provider` and `endpoint-url`, and `pulumi up`. Names of the bucket and the channel may stay as they are.
2. Copy everything, with the key of a maintainer of the new channel in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`,
   and that of a reader of the old one in `FROM_S3_ACCESS_KEY_ID` and `FROM_S3_SECRET_ACCESS_KEY`. Yanks, patches and
   attestations come along; it can be stopped, and run again ([copy](copy.md)):

   ```sh
   chaninfra copy --all --from s3://conda/main --from-endpoint-url https://minio.example.com --to stack:new
   ```

3. Move the publishers, then the readers, as from any other server: [moving here](moving-here.md#the-steps). Then
   `pulumi destroy` takes the old stack down.

## An example

Where the table names an API, `pulumi up` also creates users, policies and access keys, with that API. It needs the
credentials of an administrator, and checks them before it creates anything. For this stack file,
[{EXAMPLE}](../{EXAMPLE}):

```yaml
"""

_KEYS = """```

## Keys

`pulumi stack output access` lists every principal with its access key id. The secret keys are in the output `keys`.
They are encrypted in the state, and shown only on request:

```sh
pulumi stack output keys --show-secrets --json
```

To pass a key to CI without showing it, here to GitHub, into the environment `publish` (limit it to the branch that
publishes, since secrets of the repository itself are given to the jobs of every branch):

```sh
pulumi stack output keys --show-secrets --json | jq -r '.main.publishers.ci["access-key-id"]' \\
  | gh secret set S3_ACCESS_KEY_ID --env publish
pulumi stack output keys --show-secrets --json | jq -r '.main.publishers.ci["secret-access-key"]' \\
  | gh secret set S3_SECRET_ACCESS_KEY --env publish
```

The workflow that `chaninfra manifest --format github-publish` prints reads them; its job that builds has the key of a
[reader](client-settings.md#in-ci). A person who reads the
channel passes them to `pixi auth login s3://conda --s3-access-key-id … --s3-secret-access-key …`.

**To rotate a key**, change its `rotate` (any text) and run `pulumi up`. The new key is created first, then the old one
is deleted and stops working, so distribute the new key at once. To keep both keys for a while, declare a second
principal, and remove the first when nobody uses it any more.

**A leaked key** is replaced the same way. If a user or a policy was changed or deleted by hand, `pulumi refresh`
detects it, and `pulumi up` restores it. `pulumi destroy` deletes users, policies and keys.

What the API of a store needs, the credentials or a setting of the server, is said of its column `keys`
[below](#the-stores-one-by-one). Where the table says `by-hand`, access keys are created by hand; the stack output
`next-steps` has the commands, with your names filled in. Words in capitals in them are yours to replace.

**On Garage** a bucket that was created over the S3 API has a name only for the key that created it. The commands of
`garage` do not find it by this name until it is also a global one: `garage bucket list` and `garage bucket alias ID
NAME` come first.

### Ceph's admin API

The user who deploys needs two capabilities of Ceph, `users=*` and `user-policy=*`. Without them `pulumi up` stops
before it changes anything, and prints the command for the operator of the cluster, with the name of that user:

```console
radosgw-admin caps add --uid=DEPLOYER --caps='users=*;user-policy=*'
```

Each principal is then a user of its own, which may not make buckets, with one key and one policy. Ceph makes the secret
of the key, since its API takes one only in the URL, which the gateway writes to its log. An object belongs to the user
who wrote it: the policy of a private bucket lets the owner of the bucket read it too, and whoever wrote a file may make
this one public by its ACL.

### Garage's admin API

Garage has its admin API at another port than S3, with a token. A stack that knows both makes the keys itself, and
needs no command of `garage`:

```console
pulumi config set admin-url http://127.0.0.1:3903
export GARAGE_ADMIN_TOKEN=…     # or: pulumi config set --secret admin-token
pulumi up
```

The token is the `admin_token` of Garage's settings, or one of `garage admin-token create` with the scope `GetKeyInfo`,
`ImportKey`, `UpdateKey`, `DeleteKey`, `GetBucketInfo`, `AllowBucketKey`, `DenyBucketKey`, `AddBucketAlias` and
`RemoveBucketAlias`.

Garage knows three rights of a key, read, write and owner, each on a whole bucket. So a reader's key may read
everything in the bucket, and the key of a publisher, maintainer or promoter may read, overwrite and delete everything
in it, channel.json and other channels too. `pulumi up` warns where a bucket has several channels. Channels whose
publishers must not reach each other need a bucket each.

### SeaweedFS's IAM API

SeaweedFS has an IAM API at its S3 endpoint, which takes changes only if the S3 server is started with
`-s3.iam.readOnly=false` (`weed s3`: `-iam.readOnly=false`); a preview says so. A stack then makes users, each with a
policy and a key. Whoever has a key may make more keys of the same rights, unless the server is started with
`-s3.iam.selfServiceRequiresGrant`. `pulumi refresh` finds them, the next `pulumi up` deletes them, and a rotation
deletes all keys of the old user.

`encryption: sse-s3` needs a key of the server, `s3.sse.key` in security.toml or the variable WEED_S3_SSE_KEY. Without
one it would take the setting and then fail with every upload, so `pulumi up` tries an encrypted upload first.

### RustFS's admin API

RustFS has its admin API at its S3 endpoint. The user who deploys is the root user, or one with the policy
`consoleAdmin`. Each principal is then a user of its own with one key and one policy, and may make neither buckets nor
keys. The secret of a new key is sent in the body of a request, which only `https` hides from the network.

`encryption: sse-s3` needs a KMS of the server with a default key, `RUSTFS_KMS_ENABLE` and `RUSTFS_KMS_DEFAULT_KEY_ID`.
Here too `pulumi up` tries an encrypted upload first.

## Permissions of a key

A key has the same permissions as an IAM role [on AWS](aws-access.md#who-may-do-what); tests try them on
MinIO and versitygw with the keys of a stack. On MinIO each key has a user and a policy with its name:

```console
"""

_TAIL = """
On versitygw, users have no policies of their own; the bucket policy names their keys. versitygw stores that policy in a
file attribute of the bucket's folder. On ext4 all attributes together have 4 KB; XFS and ZFS have more room. A server
that was started with `--admin-port` does not offer the admin API at its S3 endpoint, so chaninfra cannot create keys on
it.

## Tokens instead of keys

MinIO and versitygw also accept tokens of an OIDC issuer (`github`, `gitlab`, `oidc`), so that the publisher's key is
stored nowhere. Issuers are configured on the server; `next-steps` has the commands for an administrator. The jobs that
`chaninfra manifest stack:prod` prints for `github-publish` and `gitlab-publish` then publish by a token: the stack
tells their role, or `--role-arn` gives it. chaninfra exchanges the token at the store's STS for a session of an hour.

- **MinIO**: the STS is at the endpoint of the store. A stranger's token gets a session too, which may do nothing.
- **versitygw**: its `iam` command has an address of its own. Set it as the variable AWS_ENDPOINT_URL_STS of the
  repository or project. It takes issuers at public addresses only; for others, such as a GitLab of your own network,
  use keys.

The input `sts-endpoint` of `aws-actions/configure-aws-credentials` (since 6.2.0) is not used: with it 6.2.3 logs in at
versitygw, but not at MinIO. It takes no role whose ARN does not begin with `arn:aws`, and then asks the STS who it is,
which MinIO does not answer.

A job that has an `environment` gets tokens of that environment: name it in the stack (`github: {repository: …,
environment: publish}`), or remove it from the job. What reads with pixi has a key.

## Bucket settings

`versioning`, `encryption`, `old-versions-days`, `open-uploads-days`, `cors-origins` and `tags` work on every store that
supports them (see [the stores](providers.md)). On other stores they are an error before anything is created. Settings
that you do not declare stay as they are, and so do all settings of an adopted bucket.

Ceph and SeaweedFS keep all settings of a bucket and its policy in one record, and lose one of two changes that come at
the same time, without an error. `pulumi up` therefore makes one change after the other and reads each back. If the
store does not have it, the change is made again, five times in all, and then the error names the setting. Two stacks on
one bucket should still not run at the same time.

## To try it out: LocalStack

`provider: localstack` is for tests on one machine. LocalStack asks for no key: whoever reaches its port may read, write
and delete everything. A private channel is as open as a public one, and `chaninfra doctor` says so. Policies, ACLs and
the block of public access are taken, and do nothing. What is in its buckets is gone when it ends. Where it refuses a
copy, or a PUT for its checksum, it empties the object that was there; chaninfra sends neither to a channel. Uploads in
parts are not safe from two writers at once in a bucket with versions, so `versioning` needs `index.writers: single`.

## A certificate of a CA of your own

All parts of chaninfra trust the same CAs: those of `SSL_CERT_FILE` and `SSL_CERT_DIR` if one is set, else those of the
system, and the ones of `AWS_CA_BUNDLE` besides. pixi's release build trusts Mozilla's list, so it needs one of these on
each machine, and `chaninfra doctor` warns where it has neither:

```sh
export SSL_CERT_FILE=/path/to/ca.pem
pixi config set --global tls-root-certs system
```

A redirect to another host is not followed, since the request has the session token in it; where the environment names a
proxy for the endpoint, chaninfra leaves that to the proxy.

## Object Lock

A bucket with a default retention refuses each PUT without a checksum. chaninfra sends one with each PUT where the
column `checksums` of [the stores](providers.md) is `when_supported`, and elsewhere from the first PUT on for which the
store asks for one. It costs nothing to speak of: for files up to 16 MiB it is the sha256 that the signature needs
anyway, and for the parts of larger ones a CRC32.

In such a bucket the probe leaves its scratch objects behind as old versions, until their retention ends, and `gc` and
`pulumi destroy` free no space before that.

## Deleted, and published again

In a bucket with versions a deletion leaves a delete marker. On S3 and MinIO a package can be published again over it.
versitygw 1.8 takes the marker for an object, so `publish` stops there and prints the command that deletes the marker,
which brings the old bytes back; `chaninfra doctor --probe` warns of it.
"""


_STORES = """
## The stores, one by one

What each store has and has not, in the words of its row of [the stores](providers.md), where each fact has its source.
Words in `code` are keys of the stack config. Conditions keep a writer from overwriting what another one wrote. What
stands in a block is what `pulumi stack output next-steps` says of a public channel with a publisher's key; a stack says
it with its own names, and only what applies.

"""


def own_store() -> str:
    """The text of the page."""
    rights = documents(read_stack_file(ROOT / EXAMPLE), account="123456789012")[_SHOWN]
    text = (ROOT / EXAMPLE).read_text("utf-8")
    shown = f"$ chaninfra policy {_SHOWN} --config {EXAMPLE}\n{json.dumps(rights, indent=2)}\n```\n"
    return f"{_HEAD}{text}{_KEYS}{shown}{_TAIL}{_STORES}{sections()}"
