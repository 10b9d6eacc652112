"""Generate docs/templates.md from the Pulumi.yaml of each template, and the workflows in the templates' `ci/`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from typer.testing import CliRunner

from chaninfra.cli.app import app

FOLDER = Path(__file__).resolve().parents[1] / "templates"

# Template → arguments of `chaninfra manifest` for its workflow; bucket and prefix as in its Pulumi.example.yaml.
_MINIO = "s3://my-bucket/main --provider minio --endpoint-url https://minio.example.com"
_WORKFLOWS = {
    "aws-private-github": "s3://my-bucket/main --region eu-central-1",
    "aws-public": "s3://my-bucket/main --region eu-central-1 --auth public",
    "s3-compatible": _MINIO,
    "yaml": _MINIO,
}

_HEAD = """# Templates

`pulumi new` creates a project from a template, with a virtual environment that has Pulumi and chaninfra. It takes a
folder or a URL. `TEMPLATES` stands for the folder `templates` of a clone, or for its URL
(`https://HOST/OWNER/chaninfra/templates`):

```sh
pulumi new "$TEMPLATES/aws-private-github" --dir my-channel
```

A project depends on the released package, not on this repository, and can have any name. Its README leads from the
first command to an installed package; the tests run these commands. Its stack files show the possible keys,
`.github/workflows` previews pull requests and deploys after a merge, and `ci/` has a workflow for repositories that
publish packages.

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


def workflows() -> dict[str, str]:
    """Path in `templates/` → text of the generated workflow."""
    return {f"{name}/ci/publish.yml": _printed(arguments) for name, arguments in _WORKFLOWS.items()}


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
