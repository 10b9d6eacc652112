"""The page of client settings: what people wrote, with the table and the outputs that the program prints."""

from __future__ import annotations

import shlex

from typer.testing import CliRunner

from chaninfra.cli.app import app
from chaninfra.manifest.formats.table import markdown

_AWS = "s3://my-bucket/my-channel --offline --region eu-central-1"
_MINIO = "s3://my-bucket/my-channel --offline --provider minio --endpoint-url https://minio.example.com"

_HEAD = """# Settings for clients

`chaninfra manifest` prints what a client needs to read a channel, from its descriptor: a stack, a `channel.json`, an https
URL of one, an `s3://` place, or flags alone. What is below is printed by the program.

{formats}
## The ways of access

| `--auth` | the client reads | with |
|---|---|---|
| `aws` | `s3://` | the credentials of the AWS tools; elsewhere than on AWS pixi 0.67 or newer, since it needs s3-options too |
| `pixi` | `s3://` | pixi's credential store, filled by `pixi auth login`, and s3-options |
| `public` | `https://` | nothing |
| `gcs` | `gcs://` | Google's application default credentials |

Left out, it is the channel's own: `public` for a public channel, `aws` on AWS, else `pixi`. What each format can be printed
for, by kind of store (`aws`; `s3`: any other that speaks S3; `gcs`):

"""

_MIDDLE = """

The channel stands before conda-forge in every list, so that no package there can take a private one's name.

## Into a file

`--into FILE` merges into what is there. Only what differs changes: comments, order, quotes, line ends and all that is not
about the channel stay as they are. The diff is printed, the file is replaced in one step, and a second run changes nothing.
The format follows from the file's name (`pixi.toml`, `pyproject.toml`, `config.toml`, `.condarc`, `.gitlab-ci.yml`,
`.github/workflows/*.yml`) unless `--format` names it. With `--check` nothing is written, and the exit code is 1 where the
file is not up to date, for CI and pre-commit:

```sh
chaninfra manifest channel.json --offline --into pixi.toml --check
```

- In a list of channels the channel comes before conda-forge; one that is there already, in order, stays. Another way of
  access replaces the channel's other URL, and takes s3-options out that no channel in the file needs.
- In a GitHub workflow each job that sets up pixi gets what it lacks: the login to AWS, the inputs of setup-pixi, and the
  permission for an ID token, which then is all that the job may but for what it says itself. Versions of actions stay. A
  workflow without pixi gets a job.
- `auth-file` holds the key that the credentials flags, variables or the profile lead to. It is never printed, and its file
  has mode 0600.

## In CI

On AWS jobs log in by OIDC, with a role from the stack (`publishers` and `readers`, see [access](aws-access.md)). It is taken
from the output `access` where CHANNEL is a stack; else `--role-arn` names it, or the variable `AWS_ROLE_ARN` of the
repository or project does. Other stores' keys are secrets of the repository, named at the top of the file.

"""


def settings() -> str:
    """The whole page."""
    examples = {
        "## By format\n\nA public channel's pixi.toml needs no more than its URL; these are of private ones.\n": (
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
