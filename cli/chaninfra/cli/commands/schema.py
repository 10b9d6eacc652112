"""`chaninfra schema`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from chaninfra.cli.output import streams

PROJECT = "chaninfra"
"""The project of the stack files in the repository."""


def schema(
    *,
    name: Annotated[
        Literal["stack-config", "channel", "access"] | None,
        typer.Argument(metavar="NAME", help="Which one; left out, their names."),
    ] = None,
    project: Annotated[
        str,
        typer.Option("--project", metavar="NAME", help="The `name` of your Pulumi.yaml, which the stack's keys carry."),
    ] = PROJECT,
) -> None:
    """Print a JSON schema.

    Of the stack config, of a channel.json, or of the stack output `access`.

    An editor with yaml-language-server completes and checks a stack file by the one that its first line names:
    `# yaml-language-server: $schema=stack-config.schema.json`, a path from the file's own folder.

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
    """Raise ConfigurationError where a project's name says nothing, or is none."""
    import re

    from chaninfra.channel.errors import ConfigurationError

    if name != "stack-config":
        raise ConfigurationError("only the keys of a stack file carry a project's name", remedy="leave --project out")
    # What the engine takes (pulumi/pulumi, sdk/go/common/tokens: ValidateProjectName).
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", project):
        raise ConfigurationError(
            f"{project!r} cannot be the name of a project", remedy="give the `name` that stands in Pulumi.yaml"
        )
