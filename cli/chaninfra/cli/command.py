"""typer's command classes, patched: a start does not import pydantic, and neither the help nor an error shows a Python
type or the name of a Python exception.

Since 0.29 typer converts the value of every parameter, even of one that is not given, by a pydantic TypeAdapter. The
import of pydantic takes longer than the rest of the program's start; tests/integration/client/test_startup.py fails
without this module.

What this depends on in typer (0.29.2), none of it documented:
- a parameter's `process_value` calls `self.get_runtime_param().coerce(value, param=self, ctx=ctx)`;
- `get_runtime_param` is called for each value, so that an attribute of the instance can replace it;
- `type_descriptor.annotation` is the Python type of the parameter: `str`, `bool`, `list[Path]` or another, and
  `type_descriptor.choices` are the values of a Literal;
- the help of an argument is `(name, help)` by `get_help_record`, where the name ends with the Python type.

typer before 0.29 has no `get_runtime_param`, and is left as it is. No typer issue about this is known; once typer
converts `str` and `Path` without pydantic, delete this module and use TyperCommand and TyperGroup.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperGroup

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import nearest, one_line, printable


class Command(TyperCommand):
    """A TyperCommand that converts missing values, texts, choices and paths without pydantic."""

    def get_params(self, ctx: Any) -> Any:
        """All parameters, `--help` included."""
        return _patched(super().get_params(ctx))


class Group(TyperGroup):
    """A TyperGroup that does the same, for the options of the program itself. Its errors are safe to print."""

    def get_params(self, ctx: Any) -> Any:
        """All parameters, `--help` included."""
        return _patched(super().get_params(ctx))

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """The context of the program, from its arguments."""
        with _printable_errors():
            return super().make_context(*args, **kwargs)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first argument names, and what its work is called elsewhere (click's hook)."""
        try:
            return super().resolve_command(ctx, args)
        except Exception as error:
            message = getattr(error, "message", None)
            if isinstance(message, str) and (ours := self._meant(ctx, args, message)):
                error.message = f"No such command {args[0]!r}. {ours}"  # type: ignore[attr-defined]
            raise

    def _meant(self, ctx: Any, args: Sequence[str], message: str) -> str | None:
        """What these words may have meant; None if nobody knows, or the error has the nearest name already."""
        if ctx.parent is None:
            return _BY_OTHER_NAMES.get(args[0])
        # The first command of a group makes what the others list and remove.
        makes = next(iter(self.commands))
        if args[0] in _IN_A_GROUP:
            return f"Did you mean {_IN_A_GROUP[args[0]] or makes!r}?"
        # An option is none of its texts, and may be a secret.
        if "Did you mean" in message or args[0].startswith("-"):
            return None
        more = " ..." if args[1:] else ""
        return f"Did you mean `{ctx.command_path} {makes} {shlex.quote(one_line(args[0]))}{more}`?"

    def invoke(self, ctx: Any) -> Any:
        """Parse the arguments of the command, and run it."""
        with _printable_errors():
            return super().invoke(ctx)


_YANK = "Did you mean 'yank'? It takes a package out of the index; its file stays, for lock files that name it."
_BY_OTHER_NAMES = {
    **dict.fromkeys(("remove", "rm"), _YANK),
    **dict.fromkeys(("upload", "push"), "Did you mean 'publish'? It uploads packages, and indexes them."),
    "index": "Did you mean 'reindex'? It indexes what is in the bucket.",
    "list": "Did you mean 'ls'?",
    "create": "Did you mean 'init'? It creates a channel in a bucket.",
}
"""What other tools call the work of a command → the command."""
_IN_A_GROUP = {
    **dict.fromkeys(("remove", "delete", "del"), "rm"),
    **dict.fromkeys(("list", "show"), "ls"),
    **dict.fromkeys(("add", "create", "new", "make"), None),
}
"""The same in a group, whose commands are called `chaninfra GROUP COMMAND`; None is its first one."""


@contextmanager
def _printable_errors() -> Iterator[None]:
    """Errors of the command line quote its words, which may be names of files that other people chose."""
    try:
        yield
    except Exception as error:
        # click.ClickException; typer has its own copy of click since 0.29.
        if hasattr(error, "format_message") and isinstance(message := getattr(error, "message", None), str):
            error.message = printable(message)  # type: ignore[attr-defined]
        raise


def _patched(parameters: Sequence[Any]) -> Sequence[Any]:
    for parameter in parameters:
        # None: typer before 0.29.
        convert = getattr(parameter, "get_runtime_param", None)
        if convert is not None and not isinstance(convert, _PlainParam):
            parameter.get_runtime_param = _PlainParam(parameter, convert)
            if isinstance(parameter, TyperArgument) and parameter.metavar:
                parameter.get_help_record = partial(_help_without_type, parameter, parameter.get_help_record)  # type: ignore[method-assign]
    return parameters


def _help_without_type(
    argument: TyperArgument, typers_own: Callable[[Any], tuple[str, str] | None], ctx: Any
) -> tuple[str, str] | None:
    """The lines about an argument in the help: `FILE...` and its help, where typer has `FILE <list[Path]>`."""
    record = typers_own(ctx)
    return record and (f"{argument.metavar}{'' if argument.nargs == 1 else '...'}", record[1])


class _PlainParam:
    """Replaces the method `get_runtime_param` of a parameter, and is also the object that it returns."""

    def __init__(self, parameter: Any, convert: Any) -> None:
        self._typers_own = convert
        self._single = parameter.nargs == 1 and not getattr(parameter, "multiple", False)
        self._type = parameter.type_descriptor.annotation
        self._choices = parameter.type_descriptor.choices
        self._name = (
            parameter.metavar or parameter.name
            if isinstance(parameter, TyperArgument)
            else max(parameter.opts, key=len)
        )

    def __call__(self) -> _PlainParam:
        return self

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value as the parameter's type: missing values, texts, switches, choices and lists here, else by typer.

        Raises ConfigurationError for a value that is none of the choices.
        """
        if self._single and (value is None or (self._type in (str, bool) and isinstance(value, self._type))):
            return value
        if self._single and self._choices:
            if value not in self._choices:
                raise ConfigurationError(
                    f"unknown value {value!r}", where=self._name, remedy=nearest(str(value), map(str, self._choices))
                )
            return value
        if not self._single and self._type == list[Path]:
            return [Path(path) for path in value or ()]
        if not self._single and self._type == list[str]:
            return [*(value or ())]
        return self._typers_own().coerce(value, param=param, ctx=ctx)
