"""`chaninfra schema`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from chaninfra.cli.output import streams

PROJECT = "chaninfra"
"""The Pulumi project whose name the keys of the published schema carry."""


def schema(
    *,
    name: Annotated[
        Literal["stack-config", "channel", "access"] | None,
        typer.Argument(metavar="NAME", help="The schema to print (default: list the names)."),
    ] = None,
    project: Annotated[
        str,
        typer.Option(
            "--project",
            metavar="NAME",
            help="For stack-config: namespace of the config keys, the `name` in your Pulumi.yaml.",
        ),
    ] = PROJECT,
) -> None:
    """Print the JSON schema of a file or output.

    stack-config describes Pulumi.<stack>.yaml, channel a channel.json, access the stack output `access`.

    Editors with yaml-language-server (VS Code, Neovim) complete and check a stack file whose first line is
    `# yaml-language-server: $schema=stack-config.schema.json`, with a path relative to that file.

    \b
    Examples:
      chaninfra schema
      chaninfra schema stack-config > stack-config.schema.json
      chaninfra schema stack-config --project my-project > stack-config.schema.json
    """
    from chaninfra.channel.config.schema import NAMES, STACK_CONFIG, folder, stack_file_schema

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

    if name != "stack-config":
        raise ConfigurationError("--project is only for the schema stack-config", remedy="remove --project")
    # What the Pulumi engine accepts (pulumi/pulumi, sdk/go/common/tokens: ValidateProjectName).
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", project):
        raise ConfigurationError(
            f"{project!r} is not a valid project name", remedy="give the `name` in your Pulumi.yaml"
        )
