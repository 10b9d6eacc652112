"""Generate docs/templates.md from the Pulumi.yaml of each template, and files that the templates have in common.

These are requirements.txt, the workflow that checks pull requests, and the workflows in `ci/`.
"""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from typer.testing import CliRunner

from chaninfra.cli.app import app
from chaninfra.manifest import release
from chaninfra.manifest.formats import versions

FOLDER = Path(__file__).resolve().parents[1] / "templates"

# Template → arguments of `chaninfra manifest` for its workflow; bucket and prefix as in its Pulumi.example.yaml.
_STORE = "s3://my-bucket/main --provider {0} --endpoint-url https://{1}.example.com"
_WORKFLOWS = {
    "aws-private-github": "s3://my-bucket/main --region eu-central-1",
    "aws-public": "s3://my-bucket/main --region eu-central-1 --auth public",
    "s3-compatible": _STORE.format("custom", "s3"),
    "yaml": _STORE.format("versitygw", "s3"),
}

_CHECK = """# Checks a pull request. It runs what the pull request says, so it gets no secret, role or environment.
# To see what a change would do, run `pulumi preview` yourself, after you have read it.{variable}
name: check
on:
  pull_request:
permissions:
  contents: read
concurrency:
  group: check-${{{{ github.ref }}}}
  cancel-in-progress: true
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - name: Check out repository
        uses: {checkout}
        with:
          persist-credentials: false
      - name: Set up Python
        uses: {setup_python}
        with:
          python-version: "3.13"
      - name: Install
{env}        run: |
{check}          python -m venv venv
          venv/bin/pip install -r requirements.txt
      - name: Print the policies of each stack file
        run: |
          for file in Pulumi.*.yaml; do
            # Who deploys is named only in the policy of a stack with VPC endpoints.
            venv/bin/chaninfra policy --config "$file" --deployer arn:aws:iam::123456789012:role/deploy
          done
"""

_HEAD = """# Templates

`pulumi new` creates a project from a template, with a virtual environment that has Pulumi and chaninfra. It takes a
folder or a URL. `TEMPLATES` stands for the folder `templates` of a clone, or for its URL
(`https://HOST/OWNER/chaninfra/templates`):

```sh
pulumi new "$TEMPLATES/aws-private-github" --dir my-channel
```

An engine that `python -m chaninfra.engine` built from sources has an older host of Python, which makes the environment
in the folder of the project itself. With it use `--generate-only`, and the commands of the template's README.

A project can have any name. It installs what `CHANINFRA_SOURCE` names ([installation](installation.md)). Its README
leads from the first command to an installed package; the tests run these commands. Its stack files show the possible
keys, `.github/workflows` checks pull requests and deploys after a merge, and `ci/` has a workflow for repositories that
publish packages.

A pull request gets no secret and no role, since it decides what its jobs run. What deploys is an environment of the
repository that is limited to the branch `main`; each README says how to make it.

The answers are written to `Pulumi.<stack>.yaml`. Dots separate nested keys: `publishers.ci.github.branch` is the
`branch` of the `github` of the publisher `ci`. `pulumi config set --path` writes nested mappings instead; a stack file
can have both forms.

"""


def templates() -> str:
    """The text of docs/templates.md."""
    found = {path.parent.name: YAML(typ="safe").load(path.read_text("utf-8")) for path in _projects()}
    rows = [f"| [{name}](#{name}) | {each['template']['description']} |" for name, each in found.items()]
    parts = [_HEAD, "\n".join(["| template | creates |", "|---|---|", *rows, ""])]
    for name, each in found.items():
        told = each["template"]
        parts.append(f"\n## {name}\n\n{told['description']}. [Next steps](../templates/{name}/README.md).\n")
        parts.append("`pulumi new` asks for:\n\n")
        parts.append("\n".join(["| key | description | default |", "|---|---|---|", *_prompts(told["config"]), ""]))
    return "".join(parts)


def common_files() -> dict[str, str]:
    """Path in `templates/` → text of each generated file."""
    names = [path.parent.name for path in _projects()]
    return {
        **{f"{name}/ci/publish.yml": _printed(arguments) for name, arguments in _WORKFLOWS.items()},
        **{f"{name}/.github/workflows/check.yml": _check() for name in names},
        **{f"{name}/requirements.txt": _requirements("pulumi") for name in names},
        "policy-pack/requirements.txt": _requirements("policy"),
    }


def _check() -> str:
    open_source = release.RELEASE.source is None
    variable = f"{release.VARIABLE}: ${{{{ vars.{release.VARIABLE} }}}}"
    return _CHECK.format(
        variable=f"\n# Variable of the repository: {release.VARIABLE}, see README.md." if open_source else "",
        checkout=versions.CHECKOUT,
        setup_python=versions.SETUP_PYTHON,
        env=f"        env:\n          {variable}\n" if open_source else "",
        check="".join(f"          {line}\n" for line in release.check()),
    )


def _requirements(extra: str) -> str:
    """The source and the packages of an extra; pip replaces the variable, and fails if it is not set."""
    source = release.RELEASE.source
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text("utf-8"))["project"]
    # By URL, so that pip refuses a bare name, which anybody could register.
    first = f"chaninfra @ ${{{release.VARIABLE}}}" if source is None else source
    return "".join(f"{line}\n" for line in (first, *project["optional-dependencies"][extra]))


def _projects() -> list[Path]:
    return sorted(FOLDER.glob("*/Pulumi.yaml"))


def _prompts(config: dict[str, Any]) -> list[str]:
    rows = []
    for key, prompt in config.items():
        default = f"`{prompt['default']}`" if "default" in prompt else ""
        rows.append(f"| `{key}` | {prompt['description']} | {default}{'a secret' if prompt.get('secret') else ''} |")
    return rows


def _printed(arguments: str) -> str:
    command = ["manifest", *shlex.split(arguments), "--offline", "--format", "github-publish"]
    done = CliRunner().invoke(app, command)
    if done.exit_code != 0:
        raise SystemExit(f"chaninfra {shlex.join(command)}: {done.output}")
    return done.stdout
