"""The store options of every command that takes a CHANNEL: provider, endpoint, region, addressing and credentials.

The names are those of `rattler-index s3` and `pixi upload s3`, so that their command lines work here.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

import typer
from typer.models import ArgumentInfo

from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.channel.text import shown
from chaninfra.cli.channel_argument.parse import refuse_channels
from chaninfra.cli.command import Command

PATH_STYLE = "--force-path-style"
Switch = Literal["true", "false"]
AddressingStyle = Literal["path", "virtual-host"]


def provider_names() -> list[str]:
    """The names of the known providers, for shell completion."""
    from chaninfra.channel.providers import PROVIDERS

    return [*PROVIDERS]


@dataclass(frozen=True, kw_only=True)
class StoreFlags:
    """The values of the store options; None: not given. They override the channel's descriptor."""

    provider: Annotated[
        str | None,
        typer.Option(
            "--provider",
            metavar="NAME",
            help="The provider: a name from `chaninfra providers` (default: the one in channel.json; without one, "
            "`custom` if an endpoint URL is given, else `aws`).",
            autocompletion=provider_names,
        ),
    ] = None
    endpoint_url: Annotated[
        str | None,
        typer.Option(
            "--endpoint-url",
            metavar="URL",
            help="URL of the S3 API (default: from channel.json; without one, the provider's, else $S3_ENDPOINT_URL). "
            "Needed with credentials if only a channel.json names the endpoint, and it is not AWS's.",
        ),
    ] = None
    region: Annotated[
        str | None,
        typer.Option(
            "--region",
            metavar="REGION",
            help="Region of the bucket (default: from channel.json; without one, $S3_REGION, else the provider's "
            "default, else the region that AWS tools use).",
        ),
    ] = None
    force_path_style: Annotated[
        Switch | None,
        typer.Option(
            PATH_STYLE,
            metavar="[true|false]",
            help="true: URLs are https://HOST/BUCKET; false: https://BUCKET.HOST (default: from channel.json or the "
            "provider). The option alone means true.",
        ),
    ] = None
    addressing_style: Annotated[
        AddressingStyle | None,
        typer.Option(
            "--addressing-style",
            help=f"The same setting by rattler-build's names: `path` is {PATH_STYLE}=true, `virtual-host` is false. "
            "Give only one of the two options.",
        ),
    ] = None
    access_key_id: Annotated[
        str | None,
        typer.Option(
            "--access-key-id",
            metavar="ID",
            help="ID of the access key (default: $S3_ACCESS_KEY_ID, else the credentials that the AWS tools use).",
        ),
    ] = None
    secret_access_key: Annotated[
        str | None,
        typer.Option(
            "--secret-access-key",
            metavar="SECRET",
            help="Secret access key. Prefer the variable $S3_SECRET_ACCESS_KEY: other users can see options in the "
            "process list.",
        ),
    ] = None
    session_token: Annotated[
        str | None,
        typer.Option(
            "--session-token",
            metavar="TOKEN",
            help="Session token of temporary credentials (default: $S3_SESSION_TOKEN).",
        ),
    ] = None
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="Profile of the AWS configuration files to take credentials from (default: $AWS_PROFILE).",
        ),
    ] = None

    @property
    def path_style(self) -> bool | None:
        """Whether path style is asked for, by either option; None: neither is given.

        Raises ConfigurationError if the two contradict each other.
        """
        values = {self.force_path_style == "true"} if self.force_path_style else set()
        values |= {self.addressing_style == "path"} if self.addressing_style else set()
        if len(values) > 1:
            raise ConfigurationError(
                f"{PATH_STYLE}={self.force_path_style} and --addressing-style={self.addressing_style} contradict "
                "each other",
                remedy="give only one of them",
            )
        return values.pop() if values else None

    def __repr__(self) -> str:
        # Leaves out the secrets, which must not get into a log or a traceback.
        return f"StoreFlags(provider={self.provider!r}, endpoint_url={shown(self.endpoint_url)})"


class StoreCommand(Command):
    """A command whose `--force-path-style` works with and without a value, as in rattler-index; and that says how to
    name a channel, where one stands among too many arguments.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments (click's hook)."""
        given = [*args]
        try:
            return super().parse_args(ctx, _with_path_style_value(args))
        except Exception as error:
            message = getattr(error, "message", None)
            if isinstance(message, str) and message.startswith("Got unexpected extra argument"):
                self._refuse_extra_channels(ctx, given, message)
            raise

    def _refuse_extra_channels(self, ctx: Any, args: list[str], message: str) -> None:
        """Raise ConfigurationError if one of the words in click's message is a CHANNEL, which is an option here."""
        arguments = [each for each in self.params if each.param_type_name == "argument"]
        if not arguments or any(each.name == "channel" for each in arguments):
            return
        extra = message.partition(" (")[2].replace("(", " ").removesuffix(")").split()
        # A document may as well be another FILE.
        words = [word for word in args if word in extra and not (word.endswith(".json") and "://" not in word)]
        refuse_channels(words, ctx.command_path.partition(" ")[2], f"one {arguments[0].metavar}")


_CHANNEL_OPTION = inspect.Parameter(
    "channel_option",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        str | None, typer.Option("-c", "--channel", metavar="CHANNEL", help="The same as the argument CHANNEL.")
    ],
)


def _is_argument(parameter: inspect.Parameter) -> bool:
    return any(isinstance(each, ArgumentInfo) for each in typing.get_args(parameter.annotation))


def one_channel(argument: str | None, option: str | None) -> str | None:
    """CHANNEL, by the argument or by the option. Raises ConfigurationError if they differ."""
    if argument is not None and option is not None and argument != option:
        raise ConfigurationError(
            f"two channels are named: {shown(argument)}, and {shown(option)} by --channel",
            remedy="name one of them",
        )
    return argument if option is None else option


def _with_path_style_value(args: list[str]) -> list[str]:
    """`args` with `=true` added to each `--force-path-style` that is not followed by `true` or `false`."""
    end = args.index("--") if "--" in args else len(args)
    return [
        f"{PATH_STYLE}=true"
        if arg == PATH_STYLE and place < end and args[place + 1 : place + 2] not in (["true"], ["false"])
        else arg
        for place, arg in enumerate(args)
    ]


def with_store_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the parameter `store: StoreFlags` of a command by one option per field; and give it `-c/--channel`, where
    `channel` is an argument.
    """
    hints = typing.get_type_hints(StoreFlags, include_extras=True)
    options = [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(StoreFlags)
    ]
    signature = inspect.signature(command, eval_str=True)
    kept = [parameter for parameter in signature.parameters.values() if parameter.name != "store"]
    if any(parameter.name == "channel" and _is_argument(parameter) for parameter in kept):
        options.insert(0, _CHANNEL_OPTION)

    @functools.wraps(command)
    def wrapper(**given: Any) -> None:
        if _CHANNEL_OPTION in options:
            given["channel"] = one_channel(given["channel"], given.pop(_CHANNEL_OPTION.name))
        store = StoreFlags(**{field.name: given.pop(field.name) for field in fields(StoreFlags)})
        try:
            command(**given, store=store)
        except ChaninfraError as error:
            # It needs this module.
            from chaninfra.cli.remedies import name_channel

            name_channel(error, given.get("channel"), store)
            raise

    # typer reads the options from the signature.
    wrapper.__signature__ = signature.replace(parameters=[*kept, *options])  # type: ignore[attr-defined]
    return wrapper
