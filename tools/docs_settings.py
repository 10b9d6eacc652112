"""The page docs/client-settings.md: hand-written text, the table of formats, and outputs of the program."""

from __future__ import annotations

import shlex

from typer.testing import CliRunner

from chaninfra.cli.app import app
from chaninfra.manifest.formats import versions
from chaninfra.manifest.formats.table import markdown

_AWS = "s3://my-bucket/my-channel --offline --region eu-central-1"
_MINIO = "s3://my-bucket/my-channel --offline --provider minio --endpoint-url https://minio.example.com"

_HEAD = """# Settings for clients

`chaninfra manifest` prints the settings that a client or a CI job needs to use a channel. It reads them from the channel's
descriptor: from a stack, a `channel.json` file or its https URL, or an `s3://` URL. For a channel without a descriptor,
flags describe the store.

If there is no channel at an `s3://` URL, nothing is printed (exit code 2). If that cannot be found out, since the store does
not answer or the credentials do not suffice, and `--provider` or `--endpoint-url` says which store it is, the settings are
those of the options, with a warning. `--offline` prints these without a request.

{formats}
## Access methods

| `--auth` | URL | credentials |
|---|---|---|
| `aws` | `s3://` | those of the AWS tools. Other stores than AWS need s3-options too, and pixi {aws_chain} or newer |
| `pixi` | `s3://` | pixi's credential store, filled by `pixi auth login`; needs s3-options |
| `public` | `https://` | none |
| `gcs` | `gcs://` | Google's application default credentials |

The default is the channel's own method: `public` for a public channel, else `aws` on AWS, else `pixi`. The table shows for
which kinds of store a format is possible with each method: `aws`, `gcs` (Google Cloud Storage), `s3` (any other store).

"""

_MIDDLE = """

In every list of channels, the channel comes first. So a package on conda-forge cannot take the name of a private one.
`--with CHANNEL` names other channels in place of conda-forge, for example a mirror: `--with
https://conda.example.com/conda-forge --with bioconda`. `--alone` names none, for machines that do not reach conda-forge.
A file of `--into` keeps the channels that it has; those of `--with` are added at the end of its list.

The platforms of a workspace are the channel's subdirs. Where no `channel.json` can be read (an `s3://` URL with
`--offline`, or a channel without one), they are not known: the list is empty, and a comment says what to add.

## Keys, regions and files

- **pixi's stores of keys** (`--auth pixi`). pixi looks for the bare name of the bucket first, in all its stores: the file
  of RATTLER_AUTH_FILE, the file of `authentication-override-file` in its configuration, the keyring, and
  `~/.rattler/credentials.json`. Then it looks for s3:// URLs, the longest first. `auth-file` writes the bare name, as
  `pixi auth login` does, so the file of RATTLER_AUTH_FILE comes before an older login. Where a bucket has s3-options, an
  entry also comes before the credentials of the AWS tools. `chaninfra doctor` says which entry wins, and which do not count.
- A bucket whose name has exactly one dot (`my.bucket`): `pixi auth login`, and with it setup-pixi, keeps the key as
  `*.my.bucket`, where it is never looked for. Only `auth-file` works there, or `--auth aws`.
- **The region on AWS** (`--auth aws`, no s3-options). pixi asks with AWS_REGION, else AWS_DEFAULT_REGION, else the region
  of the profile; with none, or that of another place, it fails. So set AWS_REGION (`env` prints it), or unset both and use
  a profile of that region (`aws-config` prints it). The workflows and jobs that are printed set it. s3-options would hold
  the region too, but then `pixi publish` takes keys from pixi's stores alone.
- **config.toml**. pixi from {shared_pixi} and rattler-build from {shared_build} share `~/.config/rattler/config.toml` (macOS: `~/Library/Application
  Support/rattler`, Windows: `%APPDATA%\\rattler`), `/etc/rattler/config.toml` and `$RATTLER_HOME/config.toml`; older ones, and pixi still, read
  `~/.pixi/config.toml`. There the options have `addressing-style`, and for older programs `force-path-style` beside it; a
  pixi.toml takes only the latter. With s3-options in config.toml, `pixi init` (seen with 0.77) writes `force-path-style =
  True` or `False` into pixi.toml, which no pixi reads: write `true` or `false`.
- **Publishing with pixi or rattler-build**. `pixi publish` and `rattler-build publish` need the bucket's entry in pixi's
  stores besides `S3_ACCESS_KEY_ID` and the other variables, wherever the bucket has s3-options. Both index what they find,
  which brings yanked packages back; `pixi publish --generate-attestation` (0.77) writes none to S3, and does not say so.
  `upload s3` of both does not index, and reads `S3_…`, never AWS_ENDPOINT_URL_S3.
- **conda** reads s3:// with boto3, shards too (from {conda}), and with the credentials of the AWS tools, whatever `--auth`
  is; `condarc` prints the variables that it needs. It shows every error of the store as 404. mamba and micromamba do not
  read s3://: they need a public channel.

## Merging into a file

`--into FILE` merges the settings into a file. Only what differs changes: comments, order, quotes, line ends and all other
content stay. The diff is printed, and the file is replaced in one step. A second run changes nothing. The file name tells
the format (`pixi.toml`, `pyproject.toml`, `config.toml`, `.condarc`, `.gitlab-ci.yml`, `.github/workflows/*.yml`);
otherwise give `--format`. With `--check` nothing is written, and the exit code is 1 if the file is not up to date, or if a
merge cannot bring it up to date, for CI and pre-commit:

```sh
chaninfra manifest channel.json --offline --into pixi.toml --check
```

- Lists of channels: the channel comes before every channel to which strangers may publish: all with a name or an https URL,
  and mirrors of public channels. Other channels in buckets and folders keep their place. With another access method, the
  channel's old URL is replaced, and s3-options that no channel in the file needs are removed.
- pixi workspaces: this holds in every environment and solve group that uses the channel. pixi sorts the channels of all its
  features by priority; of two with the same priority, a feature's comes before the workspace's. So the channel may get a
  priority: `{channel = "s3://my-bucket/my-channel", priority = 1}`. If `channel-priority` is not `strict` there, pixi may
  take a package from any channel, and the merge is refused.
- `.condarc`: `channel_priority: strict` is added. With another value the merge is refused.
- Links are followed, and mode and owner of the file stay. A device, a pipe, a socket or a folder is refused.
- GitHub workflows: each job that sets up pixi, and neither builds for nor is a job that publishes, gets what it lacks: the login to AWS, the inputs of setup-pixi, and the
  permission to request an ID token. With this permission the job has only `contents: read` and the permissions that it or the
  workflow names, no longer GitHub's default ones. Versions of actions stay. A workflow that does not set up pixi gets a job.
- `auth-file`: the file has the access key from the credential flags, the environment variables or the profile, and mode 0600.
  It is never printed.

## In CI

The first lines of each file name the variables and secrets that it needs. One of them is `CHANINFRA_SOURCE`, which says where
the job that publishes or re-indexes installs chaninfra from ([installation](installation.md)).

On AWS, jobs log in by OIDC with a role of the stack (`publishers` and `readers`, see [access](aws-access.md)). If CHANNEL is a
stack, the role is read from its output `access`; otherwise `--role-arn` gives it, or a variable of the repository or project:
`AWS_ROLE_ARN`, and for jobs that read on GitHub `AWS_READER_ROLE_ARN`. On other stores access keys are in secrets; on MinIO
and versitygw the job that publishes takes a role too, if one is known ([tokens](own-store.md#tokens-instead-of-keys)).

Recipes run any command, so one job builds them and another publishes what the first hands on. The job that builds reads the
channel as a reader:

| | the job that builds | the job that publishes |
|---|---|---|
| public channel | no credentials | as below |
| GitHub, AWS | a reader's role, in the environment `build` | a publisher's role; nothing of the repository is run |
| GitHub, other stores | a reader's key, `S3_READER_…` | a publisher's key, a secret of the environment `publish` |
| GitLab, AWS | a reader's role, for tokens with the audience `conda-build` | a publisher's role |
| GitLab, other stores | a reader's key, variables with the environment scope `build` | a publisher's key, scope `publish` |

`github-upload` and `gitlab-upload` are the same without chaninfra, for channels whose [index follows every
upload](follow.md#jobs-that-only-upload). The jobs of `github-reindex` and `gitlab-reindex` run [by a
schedule](follow.md#without-a-process), with a maintainer's role (on GitHub `AWS_MAINTAINER_ROLE_ARN`), or with a maintainer's key in
the environment `reindex`. Those of `github-promote` and `gitlab-promote` copy what a lock file names [from another
channel](promotion.md#a-job-with-approval), once somebody approved, with a promoter's role (`AWS_PROMOTER_ROLE_ARN`) or key in the
environment `production`.

A job of an environment has tokens of that environment, and tokens with another audience are other tokens, so the build cannot
take the publisher's role, unless the stack names the publisher by `workflow` alone; name its branch too. The stack says:

```yaml
publishers:
  ci:
    github: {repository: acme/packages, branch: main}
readers:
  build:
    github: {repository: acme/packages, environment: build}
    # On GitLab: gitlab: {project: acme/packages, branch: main, audience: conda-build}
```

Limit the environments `publish`, `reindex` and `production`, and any that deploys, to the branch `main` (Settings, Environments), and protect that
branch. Secrets of the repository itself are given to the jobs of every branch.

`--into` refuses a file in which one job builds and publishes with chaninfra. The format `rattler-build` is one script for a
person's own shell: it takes the keys out of the environment for the build, but what else is on the machine the build can read.

"""


def settings() -> str:
    """The whole page."""
    examples = {
        "## Examples\n\nThe channels of these examples are private, except for the last one.\n": (
            f"{_MINIO}",
            f"{_AWS} --format pyproject --auth pixi",
            f"{_MINIO} --format login",
            f"{_AWS} --format aws-config --sso-start-url https://my-company.awsapps.com/start "
            "--sso-account-id 123456789012 --sso-role-name PowerUserAccess",
            f"{_MINIO} --format env",
            f"{_MINIO} --format rattler-build",
            f"{_AWS} --format github",
            f"{_AWS} --format github-publish --role-arn arn:aws:iam::123456789012:role/publish",
            f"{_MINIO} --format github-publish",
            f"{_AWS} --format gitlab-publish",
            f"{_MINIO} --format github-reindex",
            f"{_MINIO} --format config",
            f"{_MINIO} --format condarc",
            f"{_AWS} --format condarc --auth public",
        )
    }
    since = {
        "{aws_chain}": versions.PIXI_AWS_CHAIN,
        "{shared_pixi}": versions.PIXI_SHARED_CONFIG,
        "{shared_build}": versions.RATTLER_BUILD_SHARED_CONFIG,
        "{conda}": versions.CONDA_SHARDS,
    }
    head, middle = _HEAD.replace("{formats}", _printed("--list")), _MIDDLE
    for name, version in since.items():
        head, middle = head.replace(name, version), middle.replace(name, version)
    parts = [head, markdown(), middle]
    for head, commands in examples.items():
        parts += [head, *(f"\n{_printed(command)}" for command in commands)]
    return "".join(parts)


def _printed(arguments: str) -> str:
    done = CliRunner().invoke(app, ["manifest", *shlex.split(arguments)])
    if done.exit_code != 0:
        raise SystemExit(f"chaninfra manifest {arguments}: {done.output}")
    return f"```console\n$ chaninfra manifest {arguments}\n{done.stdout.rstrip()}\n```\n"
