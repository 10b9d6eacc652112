"""The flags that say where a store is and whose credentials reach it; every command that takes a CHANNEL has them.

The names are rattler-index's and `pixi upload s3`'s own, so that a command line of theirs works here.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

import typer

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.command import Command

PATH_STYLE = "--force-path-style"
Switch = Literal["true", "false"]
AddressingStyle = Literal["path", "virtual-host"]


def provider_names() -> list[str]:
    """The rows of PROVIDERS, for shell completion."""
    from chaninfra.channel.providers import PROVIDERS

    return [*PROVIDERS]


@dataclass(frozen=True, kw_only=True)
class StoreFlags:
    """What was given; it wins over the descriptor."""

    provider: Annotated[
        str | None,
        typer.Option(
            "--provider",
            metavar="NAME",
            help="A row of `chaninfra providers`; left out: custom with an endpoint, else aws.",
            autocompletion=provider_names,
        ),
    ] = None
    endpoint_url: Annotated[
        str | None, typer.Option("--endpoint-url", metavar="URL", help="The URL of the S3 API, or S3_ENDPOINT_URL.")
    ] = None
    region: Annotated[
        str | None, typer.Option("--region", metavar="REGION", help="The bucket's region, or S3_REGION, AWS_REGION.")
    ] = None
    force_path_style: Annotated[
        Switch | None,
        typer.Option(PATH_STYLE, metavar="[true|false]", help="The bucket is in the path of a URL; bare means true."),
    ] = None
    addressing_style: Annotated[
        AddressingStyle | None, typer.Option("--addressing-style", help="The same, in other words.")
    ] = None
    access_key_id: Annotated[
        str | None,
        typer.Option("--access-key-id", metavar="ID", help="Or S3_ACCESS_KEY_ID, or what AWS tools find."),
    ] = None
    secret_access_key: Annotated[
        str | None,
        typer.Option("--secret-access-key", metavar="SECRET", help="Better in S3_SECRET_ACCESS_KEY or a profile."),
    ] = None
    session_token: Annotated[
        str | None, typer.Option("--session-token", metavar="TOKEN", help="Of temporary credentials.")
    ] = None
    profile: Annotated[
        str | None, typer.Option("--profile", metavar="NAME", help="A profile of the AWS configuration files.")
    ] = None

    @property
    def path_style(self) -> bool | None:
        """What both flags for it say; None: neither was given. Raises ConfigurationError where they disagree."""
        said = {self.force_path_style == "true"} if self.force_path_style else set()
        said |= {self.addressing_style == "path"} if self.addressing_style else set()
        if len(said) > 1:
            raise ConfigurationError(
                f"{PATH_STYLE}={self.force_path_style} and --addressing-style={self.addressing_style} contradict "
                "each other",
                remedy="give one of them",
            )
        return said.pop() if said else None

    def __repr__(self) -> str:
        # A secret must not get into a log or a traceback.
        return f"StoreFlags(provider={self.provider!r}, endpoint_url={self.endpoint_url!r})"


class StoreCommand(Command):
    """A command whose `--force-path-style` may stand alone, as rattler-index's does, or have a value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See click."""
        return super().parse_args(ctx, _with_values(args))


def _with_values(args: list[str]) -> list[str]:
    """`args` with a value for each bare `--force-path-style`; what follows is its value only if it is one."""
    end = args.index("--") if "--" in args else len(args)
    return [
        f"{PATH_STYLE}=true"
        if arg == PATH_STYLE and place < end and args[place + 1 : place + 2] not in (["true"], ["false"])
        else arg
        for place, arg in enumerate(args)
    ]


def with_store_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Replaces the parameter `store: StoreFlags` of a command by an option for each field of it."""
    hints = typing.get_type_hints(StoreFlags, include_extras=True)
    options = [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(StoreFlags)
    ]
    signature = inspect.signature(command, eval_str=True)
    kept = [parameter for parameter in signature.parameters.values() if parameter.name != "store"]

    @functools.wraps(command)
    def wrapper(**given: Any) -> None:
        store = StoreFlags(**{field.name: given.pop(field.name) for field in fields(StoreFlags)})
        command(**given, store=store)

    # What typer reads the options from.
    wrapper.__signature__ = signature.replace(parameters=[*kept, *options])  # type: ignore[attr-defined]
    return wrapper
