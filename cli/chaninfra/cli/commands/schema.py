"""`chaninfra schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from chaninfra.cli.output import streams

PROJECT = "chaninfra"
"""The Pulumi project whose name the keys of the published schema carry."""


def _schema_names() -> list[str]:
    from chaninfra.channel.config.schema import NAMES

    return [*NAMES]


def schema(
    *,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="stack-config, channel, access or snapshots (default: list the names).",
            autocompletion=_schema_names,
        ),
    ] = None,
    project: Annotated[
        str,
        typer.Option(
            "--project",
            metavar="NAME",
            help="For stack-config: the `name` in your Pulumi.yaml, with which each key starts: NAME:bucket.",
        ),
    ] = PROJECT,
) -> None:
    """Print the JSON schema of a file or output.

    \b
      stack-config  Pulumi.<stack>.yaml
      channel       channel.json
      access        the stack output `access` (publishers, readers, maintainers, promoters)
      snapshots     snapshots/index.json

    Editors with yaml-language-server (VS Code, Neovim) complete and check a stack file with this first line, where the
    path is relative to the stack file:

    \b
      # yaml-language-server: $schema=stack-config.schema.json

    \b
    Examples:
      chaninfra schema
      chaninfra schema stack-config > stack-config.schema.json
      chaninfra schema stack-config --project my-project > stack-config.schema.json
    """
    from chaninfra.channel.config.schema import NAMES, STACK_CONFIG, folder, stack_file_schema
    from chaninfra.channel.errors import ConfigurationError
    from chaninfra.channel.text import nearest

    if name not in (None, *NAMES):
        raise ConfigurationError(f"there is no schema {name!r}", remedy=nearest(name, NAMES))
    if project != PROJECT:
        _check_project(project, name)
    if name is None:
        streams.result("\n".join(NAMES))
    elif name == STACK_CONFIG and project != PROJECT:
        streams.result_json(stack_file_schema(project))
    else:
        streams.result((folder() / f"{name}.schema.json").read_text("utf-8"))


def _check_project(project: str, name: str | None) -> None:
    """Raise ConfigurationError if --project does not apply to the schema, or is not a valid project name."""
    import re

    from chaninfra.channel.errors import ConfigurationError

    if name is None:
        raise ConfigurationError(
            "--project is only for the schema stack-config",
            remedy=f"run `chaninfra schema stack-config --project {project}`",
        )
    if name != "stack-config":
        raise ConfigurationError("--project is only for the schema stack-config", remedy="remove --project")
    # What the Pulumi engine accepts (pulumi/pulumi, sdk/go/common/tokens: ValidateProjectName).
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", project):
        raise ConfigurationError(
            f"{project!r} is not a valid project name", remedy="give the `name` in your Pulumi.yaml"
        )
