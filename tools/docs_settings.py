"""Generate docs/client-settings.md: written text, with the table and the outputs of `chaninfra manifest`."""

from __future__ import annotations

import shlex

from typer.testing import CliRunner

from chaninfra.cli.app import app
from chaninfra.manifest.formats.table import markdown

_AWS = "s3://my-bucket/my-channel --offline --region eu-central-1"
_MINIO = "s3://my-bucket/my-channel --offline --provider minio --endpoint-url https://minio.example.com"

_HEAD = """# Settings for clients

`chaninfra manifest` prints the settings that a client needs to read a channel. It takes them from the channel's descriptor:
a stack, a `channel.json` or its https URL, an `s3://` channel, or options alone. The outputs on this page are printed by
the program.

{formats}
## Ways of access

| `--auth` | the client reads | with |
|---|---|---|
| `aws` | `s3://` | the credentials of the AWS tools; on other stores also s3-options, and so pixi 0.67 or newer |
| `pixi` | `s3://` | pixi's credential store, filled by `pixi auth login`, and s3-options |
| `public` | `https://` | nothing |
| `gcs` | `gcs://` | Google's application default credentials |

The default is the channel's own: `public` for a public channel, `aws` on AWS, else `pixi`. The table shows the ways of
access that each format supports, by kind of store (`aws`; `s3`: any other S3-compatible store; `gcs`):

"""

_MIDDLE = """

The channel comes before conda-forge in every list, so that a package of the same name on conda-forge is not preferred.

## Merge into a file

`--into FILE` merges the settings into an existing file. It changes only what differs: comments, order, quotes, line endings
and all other settings stay. It prints the diff and replaces the file atomically; a second run changes nothing. The format
follows from the file name (`pixi.toml`, `pyproject.toml`, `config.toml`, `.condarc`, `.gitlab-ci.yml`,
`.github/workflows/*.yml`), unless `--format` is given. With `--check` it writes nothing, and exits with 1 if the file is not
up to date, for CI and pre-commit:

```sh
chaninfra manifest channel.json --offline --into pixi.toml --check
```

- Lists of channels: the channel is inserted before conda-forge, and stays where it is if it is before it already. With
  another `--auth`, the channel's other URL is replaced, and s3-options that no channel in the file needs are removed.
- GitHub workflows: each job that sets up pixi gets the steps and inputs that it lacks: the login to AWS, the inputs of
  setup-pixi, and the permission `id-token: write`. GitHub gives a job with `permissions` no others than those it lists, so
  add what else the job needs. Versions of actions are not changed. A workflow without pixi gets a new job.
- `auth-file` contains the access key of the credentials options, the environment or the profile. It is never printed, and
  the file has mode 0600.

## In CI

On AWS, jobs log in by OIDC with a role of the stack (`publishers` and `readers`, see [access](aws-access.md)). If CHANNEL is
a stack, the role is taken from its output `access`. Otherwise set `--role-arn`, or the variable `AWS_ROLE_ARN` of the
repository or project. For other stores, the access key is in secrets of the repository, which the top of the file names.

"""


def settings() -> str:
    """The text of docs/client-settings.md."""
    examples = {
        "## By format\n\nThese are for private channels; the pixi.toml of a public channel needs only its URL.\n": (
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
            f"{_AWS} --format condarc --auth public",
        )
    }
    parts = [_HEAD.format(formats=_printed("--list")), markdown(), _MIDDLE]
    for head, commands in examples.items():
        parts += [head, *(f"\n{_printed(command)}" for command in commands)]
    return "".join(parts)


def _printed(arguments: str) -> str:
    done = CliRunner().invoke(app, ["manifest", *shlex.split(arguments)])
    if done.exit_code != 0:
        raise SystemExit(f"chaninfra manifest {arguments}: {done.output}")
    return f"```console\n$ chaninfra manifest {arguments}\n{done.stdout.rstrip()}\n```\n"
