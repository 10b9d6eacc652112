"""The page of the templates, from their Pulumi.yaml files; and the workflows in them that `manifest` prints."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from typer.testing import CliRunner

from chaninfra.cli.app import app

FOLDER = Path(__file__).resolve().parents[1] / "templates"

# Template → what `manifest` is asked for; the names of places are those of its Pulumi.example.yaml.
_MINIO = "s3://my-bucket/main --provider minio --endpoint-url https://minio.example.com"
_WORKFLOWS = {
    "aws-private-github": "s3://my-bucket/main --region eu-central-1",
    "aws-public": "s3://my-bucket/main --region eu-central-1 --auth public",
    "s3-compatible": _MINIO,
    "yaml": _MINIO,
}

_HEAD = """# Templates

`pulumi new` makes a project from each of these, with Pulumi and the program in an environment of its own. It takes a
folder or a URL, here with `TEMPLATES` for the folder `templates` of a clone or its URL
(`https://HOST/OWNER/chaninfra/templates`):

```sh
pulumi new "$TEMPLATES/aws-private-github" --dir my-channel
```

A project depends on the released package, not on this repository, and may have any name. Its README has the whole way,
from the first command to a package installed; tests run those commands. Its stack files show what a stack may say,
`.github/workflows` previews pull requests and deploys after a merge, and `ci/` holds a workflow for repositories that
publish.

What is asked for is written into `Pulumi.<stack>.yaml`. A key with dots leads into a mapping:
`publishers.ci.github.branch` is the `branch` of the `github` of the publisher `ci`. `pulumi config set --path` writes
the mapping itself, and both may be there.

"""


def templates() -> str:
    """The page."""
    found = {path.parent.name: YAML(typ="safe").load(path.read_text("utf-8")) for path in _projects()}
    rows = [f"| [{name}](#{name}) | {each['template']['description']} |" for name, each in found.items()]
    parts = [_HEAD, "\n".join(["| template | makes |", "|---|---|", *rows, ""])]
    for name, each in found.items():
        told = each["template"]
        parts.append(f"\n## {name}\n\n{told['description']}. [How to go on](../templates/{name}/README.md).\n")
        parts.append("`pulumi new` asks for:\n\n")
        parts.append("\n".join(["| key | what | default |", "|---|---|---|", *_prompts(told["config"]), ""]))
    return "".join(parts)


def workflows() -> dict[str, str]:
    """The example workflows that are printed, by their paths in `templates/`."""
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
