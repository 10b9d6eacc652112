"""The classes of our commands: typer's, but for what these would cost each start.

To find that an option was left out, that text is text or the name of a file a path, typer (since 0.29) imports
pydantic, which takes longer than all the rest of the program's start. Values of other types go typer's own way.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup


class Command(TyperCommand):
    """A command that does not let typer convert what needs no conversion."""

    def get_params(self, ctx: Any) -> Any:
        """All parameters, `--help` among them."""
        return _convert_less(super().get_params(ctx))


class Group(TyperGroup):
    """The same for the program itself."""

    def get_params(self, ctx: Any) -> Any:
        """All parameters, `--help` among them."""
        return _convert_less(super().get_params(ctx))


def _convert_less(parameters: Sequence[Any]) -> Sequence[Any]:
    for parameter in parameters:
        # An older typer has no such method, nor the cost.
        convert = getattr(parameter, "get_runtime_param", None)
        if convert is not None and not isinstance(convert, _Plain):
            parameter.get_runtime_param = _Plain(parameter, convert)
    return parameters


class _Plain:
    """Stands in for a parameter's `get_runtime_param`: returns what `coerce` is called on."""

    def __init__(self, parameter: Any, convert: Any) -> None:
        self._convert = convert
        self._single = parameter.nargs == 1 and not getattr(parameter, "multiple", False)
        self._type = parameter.type_descriptor.annotation

    def __call__(self) -> _Plain:
        return self

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value of the parameter, of its type."""
        if self._single and (value is None or (self._type in (str, bool) and isinstance(value, self._type))):
            return value
        if not self._single and self._type == list[Path]:
            return [Path(each) for each in value or ()]
        if not self._single and self._type == list[str]:
            return [*(value or ())]
        return self._convert().coerce(value, param=param, ctx=ctx)
